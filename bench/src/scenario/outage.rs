//! Kafka is stopped under load: what weir-ingest answers meanwhile, out of its spool, what that takes, and that nothing is missing
//! afterwards.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use weir_tests::until::until;

use crate::deliveries::Shape;
use crate::load::Load;
use crate::measure::{Sample, measure, without_judging};
use crate::rig::{Brokers, Rig};
use crate::server::Running;

const RATE: u32 = 1_000;
const BUSY: Load = Load::Closed { connections: 64 };
const DRAINED_WITHIN: Duration = Duration::from_mins(5);
/// The deliveries in the spool.
pub(super) const WAITING: &str = "weir_spool_deliveries";
/// As fast as it can, which is not the default: there what is new comes first.
pub(super) const DRAIN: &[&str] = &["--spool-drain-rate", "1000000"];

/// What was measured, a sample a round.
#[derive(Default)]
pub(crate) struct Outage {
    /// At a fixed rate with Kafka, without it, and in a closed loop without it.
    pub(crate) rows: [Vec<Sample>; 3],
    /// Spooled in a round, and the seconds from Kafka's first answer until all of it was there.
    pub(crate) drained: Vec<(u64, f64)>,
}

/// What the rows are of.
pub(crate) const ROWS: [&str; 3] =
    ["1,000 a second, with Kafka", "1,000 a second, without", "64 connections, without"];

pub(crate) async fn run(rounds: usize, time: Duration) -> Result<Outage> {
    let mut rig = Rig::start(Brokers::One).await?;
    let weir = Running::ingest(&rig, "meta", DRAIN).await?;
    let requests = Shape::USUAL.requests();
    let mut outage = Outage::default();
    for round in 1..=rounds {
        let calm = Load::Open { rate: RATE };
        outage.rows[0].push(measure(&weir, &mut rig, calm, &requests, time).await?);
        let before = rig.records(weir.prefix.as_deref()).await?;
        rig.kafka().stop().await?;
        // Until the breaker is open, answers wait for Kafka.
        let first = calm.run(weir.address, &requests, time).await?;
        let (sample, without) = without_judging(&weir, &mut rig, calm, &requests, time).await?;
        outage.rows[1].push(sample);
        let (sample, busy) = without_judging(&weir, &mut rig, BUSY, &requests, time).await?;
        outage.rows[2].push(sample);
        let spooled: u64 = [first, without, busy].iter().map(|answers| answers.good).sum();
        rig.kafka().start_again().await?;
        let start = Instant::now();
        until("an empty spool", DRAINED_WITHIN, async || {
            Ok((weir.metric(WAITING).await? == Some(0)).then_some(()))
        })
        .await?;
        outage.drained.push((spooled, start.elapsed().as_secs_f64()));
        let written = rig.records(weir.prefix.as_deref()).await?.saturating_sub(before);
        ensure!(written >= spooled, "{spooled} were answered 200 without Kafka, {written} are there");
        crate::say(&format!("outage {round}/{rounds}: {spooled} spooled"));
    }
    Ok(outage)
}
