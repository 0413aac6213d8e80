//! `weir-faults`: ingest over a cluster of three brokers, fault after fault, and a report of what was seen.

mod chance;
mod document;
mod matrix;
mod report;
mod rig;
mod scenario;
mod soak;

use anyhow::{Context as _, Result};
use clap::Parser;
use document::Document;
use scenario::Scenario;
use std::path::PathBuf;

/// Puts ingest through what can happen to a cluster of three brokers, and writes down what was lost, late and doubled
#[derive(Debug, Parser)]
struct Arguments {
    /// Run these alone; all where none is given
    #[arg(long, value_enum, value_name = "NAME")]
    only: Vec<Scenario>,
    /// Deliveries a second
    #[arg(long, default_value_t = 300)]
    rate: u32,
    /// What every duration is multiplied with, for a quick look
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Ingest's --linger: three brokers on the cores of the load need batches to keep up with the rate
    #[arg(long, default_value = "5ms", value_name = "DURATION")]
    linger: String,
    /// Decides which fault comes when in the mixed load
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Runs the soak alone, for so many minutes
    #[arg(long, value_name = "MINUTES", conflicts_with = "only")]
    soak: Option<u32>,
    /// Runs alone what can happen to a spool, at each fill
    #[arg(long, conflicts_with_all = ["only", "soak"])]
    matrix: bool,
    /// Where the report goes
    #[arg(long, default_value = "docs/faults.md", value_name = "FILE")]
    report: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { only, rate, scale, linger, seed, soak, matrix, report } = Arguments::parse();
    let scenarios = if only.is_empty() { Scenario::ALL.to_vec() } else { only };
    let load = scenario::Load { rate, scale, seed, linger };
    let document = Document::read(report);
    if let Some(minutes) = soak {
        let seen = soak::run(minutes, &load).await?;
        document.write_soak(&soak::write(&seen, &load))?;
        return seen.is_clean();
    }
    if matrix {
        return matrix::run(&document).await;
    }
    let mut rows = Vec::new();
    for scenario in scenarios {
        say(&format!("{scenario}: {}", scenario.about()));
        let row = scenario.run(&load).await;
        let row = row.with_context(|| format!("the scenario {scenario}"))?;
        say(&format!("  {row}"));
        rows.push((scenario, row));
        document.write_scenarios(&report::write(&rows, &load))?;
    }
    rows.iter().try_for_each(|(scenario, row)| row.is_clean().with_context(|| format!("{scenario}")))
}

#[expect(clippy::print_stdout, reason = "what it does, for whoever waits for it")]
fn say(text: &str) {
    println!("{text}");
}
