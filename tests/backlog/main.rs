//! `weir-backlog`: how fast consumers work a backlog off, and in how much memory.

mod events;

use anyhow::{Context as _, Result};
use clap::Parser;
use events::Kind;
use std::time::{Duration, Instant};
use weir_tests::pipeline::{Ground, Service};

/// Consumers whose work needs no Graph API: the lookups skip comments that the account has written itself.
const CONSUMERS: [(&str, Kind); 3] =
    [("weir-messages", Kind::Message), ("weir-metrics", Kind::Message), ("weir-lookups", Kind::OwnComment)];
/// How often a consumer's counters and memory are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A consumer that has done nothing more for so long is taken for stuck.
const STUCK_AFTER: Duration = Duration::from_mins(1);

/// Fills topics with a backlog and tells how fast each consumer works it off, and in how much memory
#[derive(Debug, Parser)]
struct Arguments {
    /// Run these alone; all where none is given
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Events in the backlog
    #[arg(long, default_value_t = 1_000_000)]
    events: u32,
}

/// What was seen of one consumer.
struct Seen {
    /// From the first record that was done to the last.
    took: Duration,
    /// The most that it had resident, in MiB.
    peak: u64,
    /// Resident when a tenth of the backlog was done, in MiB.
    early: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { only, events } = Arguments::parse();
    for (name, kind) in CONSUMERS {
        if !only.is_empty() && !only.iter().any(|wanted| wanted == name) {
            continue;
        }
        let ground = Ground::prepare().await?;
        let filled = Instant::now();
        events::fill(&ground, kind, events).await.context("filling the topic")?;
        say(&format!("{name}: {events} events on the topic after {:.1?}", filled.elapsed()));
        let Seen { took, peak, early } = work_off(&ground, name, events).await?;
        let rate = f64::from(events) / took.as_secs_f64();
        say(&format!(
            "{name}: {rate:.0} events/s ({took:.1?}); memory {early} MiB after a tenth, {peak} MiB at most"
        ));
    }
    Ok(())
}

async fn work_off(ground: &Ground, name: &str, events: u32) -> Result<Seen> {
    let mut consumer = ground.consumer(name).await?;
    let (mut first, mut early, mut last) = (None, None, (0.0, Instant::now()));
    loop {
        let done = consumer.metric("weir_consumer_records_total", "").await.unwrap_or_default();
        if done > last.0 {
            first.get_or_insert((Instant::now(), done));
            last = (done, Instant::now());
        }
        if done * 10.0 >= f64::from(events) && early.is_none() {
            early = Some(memory(&consumer, "VmRSS:")?);
        }
        if done >= f64::from(events) {
            break;
        }
        anyhow::ensure!(last.1.elapsed() < STUCK_AFTER, "{name} has done {done} of {events}, and no more");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let (start, before) = first.context("nothing was done")?;
    // What was done before the first look is left out of the count by as much time as it would have taken.
    let part = 1.0 - before / f64::from(events);
    let took = start.elapsed().div_f64(part.max(0.1));
    let seen = Seen { took, peak: memory(&consumer, "VmHWM:")?, early: early.unwrap_or_default() };
    consumer.process.kill()?;
    Ok(seen)
}

/// A line of the process's status, in MiB.
fn memory(consumer: &Service, line: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", consumer.process.pid()))?;
    let text =
        status.lines().find_map(|text| text.strip_prefix(line)).context("no such line in the status")?;
    let kibibytes: u64 = text.trim().trim_end_matches(" kB").parse().context("memory that is no number")?;
    Ok(kibibytes / 1024)
}

#[expect(clippy::print_stdout, reason = "what was measured, for whoever waits for it")]
fn say(text: &str) {
    println!("{text}");
}
