//! `weir-media-load`: weir-media as it is shipped, scenario after scenario; a report of what became of every link.

mod load;
mod meter;
mod outcomes;
mod place;
mod report;
mod scenario;
mod scenarios;
mod store;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use scenario::Scenario;
use store::Sort;
use tokio::time::timeout;

/// What a scenario may take beside the time for which events are written.
const MOST: Duration = Duration::from_mins(30);

/// Has weir-media save pictures under load and faults, and writes down what became of every link
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Play these alone; all where none is given
    #[arg(long, value_enum, value_name = "NAME")]
    only: Vec<Scenario>,
    /// Events with a link a second
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) rate: u32,
    /// Seconds of load
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub(crate) seconds: u32,
    /// Seconds without the store
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) store_away: u32,
    /// --media-concurrency of weir-media
    #[arg(long, default_value_t = 32)]
    pub(crate) concurrency: u16,
    /// Where pictures are saved
    #[arg(long, value_enum, default_value = "folder")]
    pub(crate) store: Sort,
    /// The folder with Azurite, for a store of that sort
    #[arg(long, value_name = "FOLDER")]
    pub(crate) azurite: Option<PathBuf>,
    /// Where the report goes
    #[arg(long, default_value = "docs/media-load.md", value_name = "FILE")]
    report: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let limit = MOST + Duration::from_secs(u64::from(arguments.seconds.max(arguments.store_away)));
    let scenarios = if arguments.only.is_empty() { Scenario::ALL.to_vec() } else { arguments.only.clone() };
    let mut seen = Vec::new();
    // To the end: for minutes after many files were deleted, ext4 takes new ones slowly.
    let mut kept = Vec::new();
    for scenario in scenarios {
        say(&format!("{scenario}: {}", scenario.about()));
        let played = timeout(limit, Box::pin(scenario.play(&arguments, &mut kept))).await;
        let played = played.unwrap_or_else(|late| Err(late.into()));
        say(&format!("  {}", report::told(&played)));
        seen.push((scenario, played));
        std::fs::write(&arguments.report, report::page(&seen, &arguments))
            .with_context(|| arguments.report.display().to_string())?;
    }
    let failed = seen.iter().filter(|(_, played)| !report::held(played));
    let failed: Vec<_> = failed.map(|(scenario, _)| scenario.to_string()).collect();
    ensure!(failed.is_empty(), "did not hold: {}", failed.join(", "));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what it does, for whoever waits for it")]
fn say(text: &str) {
    println!("{text}");
}
