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

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use scenario::{compression, consumers, growth, outage};
use server::Server;
use weir_tests::machine;

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
    let missing: Vec<Server> = Server::all().into_iter().filter(|server| !server.is_built()).collect();
    ensure!(
        !missing.contains(&Server::Weir) && !missing.contains(&Server::Floor),
        "build them with bench/run"
    );

    let time = Duration::from_secs(seconds);
    let (build, load) = (machine::build(), load_average());
    let how = format!(
        "{rounds} rounds of {time:?} each after half a second to warm up; built {build}; load average before: {load}"
    );
    let (mut sections, mut pictures) = (Vec::new(), Vec::new());
    for scenario in all.into_iter().filter(|scenario| is_chosen(scenario.name)) {
        let measured = scenario.run(rounds, time).await?;
        sections.push(report::section(&measured));
        pictures.push((measured.scenario.name, report::picture(&measured)));
    }
    if is_chosen(OUTAGE) {
        sections.push(report::outage(&outage::run(rounds, time).await?));
    }
    let (mut worked, mut compressed) = (None, Vec::new());
    if is_chosen(CONSUMERS) {
        sections.push(report::consumers::section(worked.insert(consumers::run(rounds).await?)));
    }
    if is_chosen(COMPRESSION) {
        compressed = compression::run(rounds, time).await?;
        sections.push(report::compression::section(&compressed));
    }
    if is_chosen(GROWTH) {
        sections.push(report::growth::section(&growth::run(rounds, time).await?));
    }
    sections.extend(worked.and_then(|worked| report::sizing::section(&compressed, &worked)));

    let page = report::page(&sections, &how, &missing);
    let file = report.or_else(|| only.is_empty().then(|| PathBuf::from("docs/performance.md")));
    let Some(file) = file else {
        say(&page);
        return Ok(());
    };
    let folder = file.with_extension("");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    for (name, picture) in pictures {
        write(&folder.join(name).with_extension("svg"), &picture)?;
    }
    write(&file, &page)
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| file.display().to_string())
}

/// Of the last minute.
fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "what it does, for whoever waits for it")]
fn say(text: &str) {
    println!("{text}");
}
