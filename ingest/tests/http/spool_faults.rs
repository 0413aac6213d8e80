//! What a spool has met before Kafka comes back: after each fault, and without anybody's help, every delivery that was
//! answered 200 is on the raw topic, byte for byte, or is named as lost.
//!
//! The faults are those of files. What needs system calls to fail (`EIO`, `fsync`) is in `tests/tests/faults/disk.rs`, and
//! each page, bit and cut of a file in the unit tests of the store.

use crate::TEXT;
use crate::service::{Service, cluster, settings, until};
use schemas::Topic;
use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use weir_ingest::Settings;

const MAX_BYTES: u64 = 256 << 10;
const PAGE: usize = 4096;

fn with_spool(directory: &Path) -> Settings {
    Settings {
        spool_dir: Some(directory.to_owned()),
        spool_max_bytes: MAX_BYTES,
        spool_timeout: Duration::from_secs(20),
        ack_timeout: Duration::from_millis(200),
        ..settings()
    }
}

/// A body of its own, so that it is told from others.
fn body(number: usize) -> Vec<u8> {
    let text = String::from_utf8(TEXT.to_vec()).unwrap();
    text.replacen("\"mid\":\"", &format!("\"mid\":\"{number:06}-"), 1).into_bytes()
}

/// An ingest without Kafka that has filled its spool to this part of a hundred, and then ended.
async fn filled(directory: &Path, percent: u64) -> (Service, Vec<Vec<u8>>) {
    let cluster = cluster();
    cluster.broker_down(1).unwrap();
    let service = Service::over(cluster, with_spool(directory)).await;
    let limit = usize::try_from(MAX_BYTES * percent / 100).unwrap();
    let mut kept = Vec::new();
    while kept.is_empty() || service.metric("weir_spool_bytes", "") + 1024 <= limit {
        let body = body(kept.len());
        assert_eq!(service.post(&body).await.status, 200);
        kept.push(body);
    }
    (service, kept)
}

/// The raw topic has the bodies but for `lost` of them, and nothing else; the spool is done with everything.
async fn arrived(service: &Service, kept: &[Vec<u8>], case: &str) {
    service.cluster.broker_up(1).unwrap();
    let of = |name: &str| service.metric(name, "");
    // Before it is open, there are no metrics that could say how much waits.
    until("the spool is open", async || of("weir_spool_healthy") == 1).await;
    until(case, async || of("weir_spool_retired_files") == 0 && of("weir_spool_deliveries") == 0).await;
    let lost = of("weir_spool_lost_total");
    let expected: HashSet<Vec<u8>> = kept.iter().cloned().collect();
    let wanted = kept.len() - lost;
    let records = service
        .records_until(Topic::Raw, move |records| {
            records.iter().filter_map(|record| record.value.as_ref()).collect::<HashSet<_>>().len() >= wanted
        })
        .await;
    let values: HashSet<_> = records.into_iter().filter_map(|record| record.value).collect();
    assert!(values.is_subset(&expected), "{case}: something was invented or altered");
    assert_eq!(values.len(), wanted, "{case}: {lost} were named as lost");
}

fn patch(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).unwrap();
    change(&mut bytes);
    fs::write(file, bytes).unwrap();
}

fn overwrite(file: &Path, page: usize) {
    patch(file, |bytes| {
        let last = bytes.len() / PAGE - 1;
        let at = page.min(last) * PAGE;
        bytes[at..at + PAGE].fill(0xa5);
    });
}

/// Every state of a restart: what was kept is damaged by `harm` meanwhile.
async fn restarted(percent: u64, case: &str, harm: impl FnOnce(&Path)) -> usize {
    let directory = tempfile::tempdir().unwrap();
    let (service, kept) = filled(directory.path(), percent).await;
    let cluster = service.end().await;
    harm(&directory.path().join("spool.db"));
    let service = Service::over(cluster, with_spool(directory.path())).await;
    arrived(&service, &kept, &format!("{case} at {percent} %")).await;
    service.metric("weir_spool_lost_total", "")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_overwritten_costs_a_few_deliveries_at_most_however_full_the_spool_is() {
    for percent in [1, 50, 95] {
        for (page, most) in [(0, 0), (1, 0), (2, 8), (usize::MAX, 8)] {
            let lost = restarted(percent, &format!("page {page}"), |file| overwrite(file, page)).await;
            assert!(lost <= most, "{percent} %, page {page}: {lost}");
        }
    }
}

/// Flips a bit of the first id in the table, so that it is no text any more: neither its page nor its index tells.
fn spoil_id(file: &Path) {
    patch(file, |bytes| {
        let leaf = bytes[PAGE..].chunks_mut(PAGE).find(|page| page[0] == 0x0d && page[4] > 1).unwrap();
        let is_id = |at: &[u8]| [8, 13, 18, 23].iter().all(|dash| at[*dash] == b'-');
        let id = leaf.windows(36).position(is_id).unwrap();
        leaf[id] |= 0x80;
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_whose_id_is_no_text_is_lost_alone_and_counted_once() {
    assert_eq!(restarted(50, "a bit in an id", spoil_id).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_spool_that_is_killed_while_it_is_drained_is_drained_by_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let (service, kept) = filled(directory.path(), 95).await;
    let cluster = service.end().await;
    overwrite(&directory.path().join("spool.db"), 1);
    let mut slow = with_spool(directory.path());
    slow.spool_drain_rate = 300;
    let service = Service::over(cluster, slow).await;
    service.cluster.broker_up(1).unwrap();
    until("some are drained", async || service.metric("weir_spool_drained_total", "") > 10).await;
    let service = service.restart(with_spool(directory.path())).await;
    assert_eq!(service.metric("weir_spool_quarantined_total", ""), 0, "nothing is retired anew");
    arrived(&service, &kept, "ended while drained").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_damaged_file_is_drained_others_are_taken_and_the_count_is_of_both() {
    let directory = tempfile::tempdir().unwrap();
    let (service, mut kept) = filled(directory.path(), 50).await;
    let cluster = service.end().await;
    overwrite(&directory.path().join("spool.db"), 1);
    let service = Service::over(cluster, with_spool(directory.path())).await;
    until("the old file is retired", async || service.metric("weir_spool_retired_files", "") == 1).await;
    let later = body(kept.len());
    assert_eq!(service.post(&later).await.status, 200);
    kept.push(later);
    assert!(
        service.metric("weir_spool_deliveries", "") >= kept.len(),
        "what is not known is no small number"
    );
    arrived(&service, &kept, "two files").await;
    let left: Vec<PathBuf> =
        fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!left.iter().any(|path| path.ends_with("spool.db")), "it is done with: {left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_not_be_opened_is_tried_until_it_may() {
    if fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0) {
        println!("not run: root may open every file");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (service, kept) = filled(directory.path(), 50).await;
    let cluster = service.end().await;
    let file = directory.path().join("spool.db");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    let service = Service::over(cluster, with_spool(directory.path())).await;
    until("it fails", async || service.metric("weir_spool_healthy", "") == 0).await;
    assert_eq!(service.metric("weir_spool_deliveries", ""), usize::MAX, "not known");
    let report = || service.process.health.report(runtime::process::health::Probe::Readiness).verbose();
    until("it says so", async || report().contains("[!]spool: ")).await;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    arrived(&service, &kept, "wrong mode").await;
    assert_eq!(service.metric("weir_spool_quarantined_total", ""), 0);
}
