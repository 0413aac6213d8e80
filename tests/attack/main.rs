//! `weir-attack`: ingest as it is shipped, attack after attack, with an honest sender beside; a report of what both saw.

mod attack;
mod attacks;
mod report;
mod target;
mod wire;

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use attack::Attack;
use clap::Parser;
use tokio::runtime::{Builder, Handle, Runtime};

/// Attacks ingest as it is shipped, on loopback and in bounds, and writes down what an honest sender saw meanwhile
#[derive(Debug, Parser)]
struct Arguments {
    /// Make these alone; all where none is given
    #[arg(long, value_enum, value_name = "NAME")]
    only: Vec<Attack>,
    /// Honest deliveries a second
    #[arg(long, default_value_t = 20)]
    rate: u32,
    /// Where the report goes
    #[arg(long, default_value = "docs/attacks.md", value_name = "FILE")]
    report: PathBuf,
}

/// The honest sender has a thread of its own: on the attackers' it would wait behind hundreds of them, and ingest be blamed for it.
fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let honest = Builder::new_multi_thread().worker_threads(1).enable_all().build().context("a thread")?;
    Runtime::new().context("threads")?.block_on(attack_all(arguments, honest.handle()))
}

async fn attack_all(Arguments { only, rate, report }: Arguments, honest: &Handle) -> Result<()> {
    let attacks = if only.is_empty() { Attack::ALL.to_vec() } else { only };
    let mut seen = Vec::new();
    for attack in attacks {
        say(&format!("{attack}: {}", attack.about()));
        let outcome = attack.make(rate, honest).await.with_context(|| format!("the attack {attack}"))?;
        say(&format!("  {outcome:?}"));
        seen.push((attack, outcome));
        std::fs::write(&report, report::write(&seen, rate)).with_context(|| report.display().to_string())?;
    }
    let harmed: Vec<_> = seen.iter().filter(|(_, outcome)| !outcome.harm.is_empty()).collect();
    ensure!(harmed.is_empty(), "did harm: {}", report::names(harmed.iter().map(|(attack, _)| *attack)));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what it does, for whoever waits for it")]
fn say(text: &str) {
    println!("{text}");
}
