//! A volume that is read-only as the process starts: what lies there is drained and looked into all the same.

use super::super::super::files::Lock;
use super::super::super::inspect::{DeliveryFilter, Inspector};
use super::super::super::salvage::{Ranges, Salvage};
use super::*;
use std::process::Command;

/// Names the folder to this test as it runs on a mount that is read-only.
const MOUNTED: &str = "MOUNTED_READ_ONLY";
const MOUNT: &str = r#"mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 77; shift; exec "$@""#;

#[test]
fn what_lies_on_a_volume_that_is_read_only_is_drained_and_looked_into() {
    if let Some(directory) = std::env::var_os(MOUNTED) {
        return on_a_volume_that_is_read_only(Path::new(&directory));
    }
    for is_closed in [true, false] {
        let directory = tempfile::tempdir().unwrap();
        let mut store = store(directory.path());
        drop(Lock::take(directory.path()).unwrap());
        put_all(&mut store, &rows(ROWS));
        // One that is not closed in order has a log beside it.
        if is_closed {
            close(store);
        } else {
            drop(store);
        }
        assert_eq!(directory.path().join("spool.db-wal").exists(), !is_closed);
        let mut again = Command::new("unshare");
        again.args(["--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, "sh"]).arg(directory.path());
        again.arg(std::env::current_exe().unwrap()).arg("what_lies_on_a_volume_that_is_read_only");
        let Ok(run) = again.env(MOUNTED, directory.path()).output() else { return };
        let said = String::from_utf8_lossy(&run.stdout);
        // Not every machine lets a user mount.
        if said.contains("running 1 test") {
            assert!(run.status.success(), "{said}");
        }
    }
}

fn on_a_volume_that_is_read_only(directory: &Path) {
    let lock = Lock::take(directory).unwrap();
    assert!(lock.is_read_only);
    let mut store = Store::new(StoreParts { is_read_only: true, ..parts(directory, MAX) });
    store.maintain();
    assert_eq!(store.parts.backlog.paths(), [spool_db(directory)]);
    assert_eq!(put(&mut store, sample(TEXT).to_row()), Err(Unavailable::SpoolFailing));
    assert!(store.parts.clone().after_panic().is_read_only);
    let metrics = &store.parts.metrics;
    assert_eq!((metrics.healthy.get(), metrics.retirements.get(), metrics.retired_files.get()), (0, 0, 0.0));
    let mut inspector = Inspector::new(directory);
    let listed = |inspector: &mut Inspector| inspector.groups().unwrap()[0].deliveries;
    assert_eq!(listed(&mut inspector), ROWS as u64, "beside its ingest, which can make no socket");
    drop(lock);
    assert_eq!(listed(&mut inspector), ROWS as u64);
    assert_eq!(inspector.deliveries(DeliveryFilter::All).flatten().count(), ROWS);
    let mut salvage = Salvage::of(spool_db(directory), Ranges::all());
    assert_eq!(salvage.next(usize::MAX, u64::MAX).unwrap().len(), ROWS);
}
