//! That deliveries are parked is shown for as long as there are any.

use super::super::super::database::ParkReason;
use super::*;

#[test]
fn readiness_shows_that_deliveries_are_parked_and_passes() {
    let (directory, health) = (tempfile::tempdir().unwrap(), Health::new(Shutdown::new()));
    health.check("process", Probe::Startup).pass();
    let check = health.check("spool", Probe::Informational);
    let mut store = Store::new(StoreParts { check, ..parts(directory.path(), MAX) });
    store.maintain();
    let rows = rows(2);
    put_all(&mut store, &rows);
    let mut says = |changes, what| {
        assert!(change(&mut store, changes));
        store.maintain();
        let report = health.report(Probe::Readiness);
        assert!(report.passes() && report.verbose().contains(what), "{report:?}");
    };
    let key = RowKey { seq: 1, id: rows[0].id.clone() };
    says(vec![], "[+]spool ok");
    says(
        vec![Change::Park(key, ParkReason::InvalidRecord)],
        "[!]spool: deliveries are parked (1), most since",
    );
    says(vec![Change::Unpark(1)], "[+]spool ok");
}
