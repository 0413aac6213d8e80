//! The matrix of what can happen to a spool, and the section of the report.

use std::fmt::Write as _;

use anyhow::Result;
use weir_tests::machine;
use weir_tests::spool_matrix::{Cell, Fault, Fill, Matrix};

use crate::document::Document;

/// What the section begins with.
pub(crate) const HEADING: &str = "\n## What can happen to a spool\n";
const FILLS: [u32; 3] = [1, 50, 95];
/// More than a sort in memory takes.
const MANY: u32 = 120_000;

/// Each fault at each fill, and a few with many deliveries; the section is written after each.
pub(crate) async fn run(document: &Document) -> Result<()> {
    let mut matrix = Matrix::start().await?;
    let mut cells = Vec::new();
    for (fault, fill) in all() {
        let cell = matrix.cell(fault, fill).await?;
        crate::say(&format!("{fault}, {fill:?}: {cell:?}"));
        cells.push(cell);
        document.write_matrix(&section(&cells))?;
    }
    cells.iter().try_for_each(Cell::is_clean)
}

fn all() -> impl Iterator<Item = (Fault, Fill)> {
    let fills = |fault| FILLS.map(|percent| (fault, Fill::Percent(percent)));
    let many = [Fault::Restart, Fault::PageOverwritten].map(|fault| (fault, Fill::Deliveries(MANY)));
    let most = [Fault::PageOverwritten, Fault::PageOverwrittenBesideParked];
    let most = most.map(|fault| (fault, Fill::MostOfADisk));
    Fault::ALL.into_iter().flat_map(fills).chain(many).chain(most)
}

fn section(cells: &[Cell]) -> String {
    let (build, limit) = (machine::build(), machine::limit(cells.iter().all(|cell| cell.is_limited)));
    let mut text = format!(
        "{HEADING}\nKafka is away, the spool has deliveries that were answered 200, and something goes wrong. Then it is over, Kafka is back, and \
         nobody does anything. Ingest runs as in the image, with no `/tmp` and its spool on an ext4 of its own. Made by:\n\n    \
         tests/faults/run --matrix\n\n\
         - Machine: {}; {}\n- Built {build}; ingest ran {limit}\n- *Lost*: answered 200, and not on the raw topic; in brackets what ingest counts as lost. Only what \
         overwrites or cuts the file may cost any; of what was cut from the end of the log the number is known, and no id.\n\n\
         | what | full | deliveries in the spool | lost | invented, altered | empty after |\n|---|---|---|---|---|---|\n",
        machine::describe(),
        machine::revision()
    );
    for Cell { fault, fill, waiting, lost, counted, verdict, drained, .. } in cells {
        let fill = match fill {
            Fill::Percent(percent) => format!("{percent} % of 4 MiB"),
            Fill::Deliveries(_) => "of 1 GiB".to_owned(),
            Fill::MostOfADisk => "28 of 32 MiB, on a disk of 48".to_owned(),
        };
        let (invented, altered) = (verdict.invented, verdict.altered);
        writeln!(
            text,
            "| {fault} | {fill} | {waiting} | {lost} ({counted}) | {invented}, {altered} | {drained:.1?} |"
        )
        .expect("writing to a string does not fail");
    }
    text
}
