//! A spool that is half full, and what can happen to it. `tests/faults/run --matrix` does the same with other fills.

use weir_tests::spool_matrix::{Fault, Fill, Matrix};

use crate::rig::say;

/// What no other test here brings about.
const FAULTS: [Fault; 9] = [
    Fault::ReadsFailWhileSalvaging,
    Fault::ReadsFail,
    Fault::QuotaExceeded,
    Fault::ReadOnly,
    Fault::ReadOnlyWhileDraining,
    // Which is wrong for a while first.
    Fault::WrongOwnerForLong,
    Fault::KilledWhileSalvaging,
    Fault::LogCut,
    Fault::IdFlipped,
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_a_half_full_spool_every_200_arrives_by_itself() {
    let mut matrix = Matrix::start().await.unwrap();
    for fault in FAULTS {
        let cell = matrix.cell(fault, Fill::Percent(50)).await.unwrap();
        say(&format!("{fault}: {cell:?}"));
        cell.is_clean().unwrap();
    }
}
