//! `weir-bench`: measures weir-ingest, a floor and its peers over a real Kafka, then what is behind it, and writes
//! docs/performance.md.

mod consumer;
mod deliveries;
mod judge;
mod load;
mod measure;
mod number;
mod plot;
mod processor;
mod report;
mod rig;
mod scenario;
mod server;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use report::{Conditions, Results};
use scenario::{compression, consumers, growth, outage};
use server::Server;

/// As `--only` has what is no table of loads.
const OUTAGE: &str = "outage";
const CONSUMERS: &str = "consumers";
const COMPRESSION: &str = "compression";
const GROWTH: &str = "growth";
const OTHERS: [&str; 4] = [OUTAGE, CONSUMERS, COMPRESSION, GROWTH];

/// Measures what a request costs, beside a floor and what else one would write
#[derive(Debug, Parser)]
struct Arguments {
    /// Scenarios to measure, by name, separated by commas; all without it
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    only: Vec<String>,
    /// How often each load is measured
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Where the page goes, its pictures in a folder beside it; of some scenarios alone it is printed
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { only, rounds, seconds, report } = Arguments::parse();
    let all = scenario::all();
    let names: Vec<&str> = all.iter().map(|scenario| scenario.name).chain(OTHERS).collect();
    let unknown = only.iter().find(|name| !names.contains(&name.as_str()));
    ensure!(unknown.is_none(), "there is no scenario {unknown:?}, but {}", names.join(", "));
    let is_chosen = |name: &str| only.is_empty() || only.iter().any(|chosen| chosen == name);
    let missing: Vec<Server> = Server::ALL.into_iter().filter(|server| !server.is_built()).collect();
    ensure!(
        !missing.contains(&Server::Weir) && !missing.contains(&Server::Floor),
        "build them with bench/run"
    );

    let time = Duration::from_secs(seconds);
    let how = Conditions { rounds, time, load: load_average() };
    let mut results = Results::default();
    for scenario in all.into_iter().filter(|scenario| is_chosen(scenario.name)) {
        results.tables.push(scenario.run(rounds, time).await?);
    }
    if is_chosen(OUTAGE) {
        results.outage = Some(outage::run(rounds, time).await?);
    }
    if is_chosen(CONSUMERS) {
        results.consumers = Some(consumers::run(rounds).await?);
    }
    if is_chosen(COMPRESSION) {
        results.compression = compression::run(rounds, time).await?;
    }
    if is_chosen(GROWTH) {
        results.growth = Some(growth::run(rounds, time).await?);
    }

    let page = report::page(&results, how, &missing);
    let file = report.or_else(|| only.is_empty().then(|| PathBuf::from("docs/performance.md")));
    let Some(file) = file else {
        say(&page);
        return Ok(());
    };
    report::write_pictures(&results.tables, &file.with_extension(""))?;
    std::fs::write(&file, page).with_context(|| file.display().to_string())
}

/// Of the last minute.
fn load_average() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "what it does, for whoever waits for it")]
fn say(text: &str) {
    println!("{text}");
}
