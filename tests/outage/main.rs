//! `weir-outage`: Kafka is stopped under load; which alerts fire and clear, and what the dashboards show of it.

mod chart;
mod load;
mod number;
mod picture;
mod report;
mod watch;

use anyhow::{Context as _, Result};
use clap::Parser;
use std::path::PathBuf;
use std::time::Duration;
use watch::Watch;
use weir_graph_simulator::Simulator;
use weir_tests::composed::Composed;
use weir_tests::dashboards;
use weir_tests::history::{self, since_1970 as seconds};
use weir_tests::manual::SERVICES;
use weir_tests::prometheus::Prometheus;

/// The account of most fixtures, so that its own metrics are there.
const ACCOUNT: &str = "17841405726653026";
/// Before the outage, so that something can be seen to change.
const CALM: Duration = Duration::from_mins(1);

/// Stops Kafka under load, and writes down which alerts fire and what the dashboards show
#[derive(Debug, Parser)]
struct Arguments {
    /// Seconds without Kafka
    #[arg(long, default_value_t = 120)]
    outage: u64,
    /// Messages a second, beside every fixture every few seconds
    #[arg(long, default_value_t = 20)]
    rate: u32,
    /// Where the report goes
    #[arg(long, default_value = "docs/outage.md", value_name = "FILE")]
    report: PathBuf,
    /// Where the pictures of the dashboards go
    #[arg(long, default_value = "docs/dashboards", value_name = "DIRECTORY")]
    pictures: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { outage, rate, report, pictures } = Arguments::parse();
    let graph = Simulator::start().await.context("starting the Graph API's simulator")?;
    graph.say_usage("X-App-Usage", r#"{"call_count":5,"total_time":2,"total_cputime":3}"#);
    let tokens = tempfile::tempdir().context("making a directory")?;
    std::fs::write(tokens.path().join("default"), "a-valid-access-token")?;
    let tokens = tokens.path().to_str().context("a path that is no text")?;
    let url = graph.url();
    let more = [("WEIR_GRAPH_URL", url.as_str()), ("WEIR_ACCESS_TOKENS", tokens), ("WEIR_ACCOUNTS", ACCOUNT)];

    let mut composed = Composed::prepare().await?;
    composed.up(&SERVICES, &more).await?;
    let dir = tempfile::tempdir().context("making a directory")?;
    history::write(dir.path(), f64::from(rate) + load::FIXTURES_PER_SECOND)?;
    let prometheus = composed.prometheus(dir).await?;
    let load = load::start(composed.sender()?, rate)?;

    let mut watch = Watch::new(&prometheus);
    watch.for_a_while(CALM).await?;
    say("Kafka is stopped");
    watch.kafka_stopped();
    composed.kafka.stop().await?;
    watch.for_a_while(Duration::from_secs(outage)).await?;
    say("Kafka is started again");
    composed.kafka.start_again().await?;
    watch.kafka_is_back();
    watch.until_clear().await?;
    let seen = watch.end();
    load.stop().await?;

    draw(&prometheus, &seen, &pictures).await?;
    std::fs::write(&report, report::page(&seen, rate)).with_context(|| report.display().to_string())?;
    seen.is_as_expected()
}

async fn draw(prometheus: &Prometheus, seen: &watch::Seen, folder: &PathBuf) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for (path, text) in dashboards::files()? {
        let dashboard = serde_json::from_str(&text).context("reading a dashboard")?;
        let picture = picture::draw(&dashboard, prometheus, seen).await?;
        let name = PathBuf::from(path).with_extension("svg");
        let file = folder.join(name.file_name().context("a file without a name")?);
        std::fs::write(&file, picture).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what it does, for whoever waits for it")]
fn say(text: &str) {
    println!("{text}");
}
