//! Renders every case of the chart with Helm, says where kustomize renders something else, and keeps the renderings that
//! `tests/run` compares without Helm.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Parser;
use weir_tests::chart;
use weir_tests::foreign::folder;

/// Compares the chart with kustomize.
#[derive(Debug, Parser)]
struct Arguments {
    /// The program.
    #[arg(long)]
    helm: PathBuf,
}

#[expect(clippy::print_stdout, reason = "a tool for the terminal")]
fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut differ = 0;
    for case in chart::ALL {
        let rendered = chart::helm(&arguments.helm, case)?;
        let differences = chart::differences(case, &rendered)?;
        println!("{case}: {}", if differences.is_empty() { "the same" } else { "not the same" });
        for difference in &differences {
            println!("    {difference}");
        }
        differ += differences.len();
        if chart::KEPT.contains(&case) {
            std::fs::write(chart::kept(case), rendered)?;
        }
    }
    std::fs::write(folder(chart::SOURCES), format!("{}\n", chart::digest()?))?;
    ensure!(differ == 0, "{differ} objects of the chart are not those of kustomize");
    Ok(())
}
