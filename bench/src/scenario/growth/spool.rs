//! A spool that is ever larger: what one delivery more costs while Kafka is away, and how fast all of them are drained once it is
//! back.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use weir_tests::until::until;

use super::LOAD;
use crate::deliveries::Shape;
use crate::load::{Load, Requests};
use crate::measure::{Sample, without_judging};
use crate::processor::Threads;
use crate::rig::{Brokers, Rig};
use crate::scenario::outage::{DRAIN, WAITING};
use crate::server::Running;

/// Deliveries that are in the spool at least.
const BACKLOGS: [u64; 3] = [0, 10_000, 100_000];
const DRAINED: &str = "weir_spool_drained_total";
const BUSY: Load = Load::Closed { connections: 256 };
/// The spool is filled for so long between two looks at it.
const SLICE: Duration = Duration::from_millis(250);
/// The circuit breaker is open after less.
const WITHOUT_KAFKA: Duration = Duration::from_secs(1);
const FILLED_WITHIN: Duration = Duration::from_secs(90);
const DRAINED_WITHIN: Duration = Duration::from_mins(5);

/// What was measured with one backlog.
pub(crate) struct Backlog {
    /// Deliveries in the spool before the sample: those of the time in which Kafka is given up are there in any case.
    pub(crate) spooled: u64,
    /// Of further deliveries, while Kafka is away.
    pub(crate) sample: Sample,
    /// Deliveries that were drained, those of the sample too; from the first one to the last.
    pub(crate) drained: u64,
    pub(crate) time: Duration,
    /// Of weir-ingest, on processors.
    pub(crate) cpu: Duration,
}

pub(super) async fn run(time: Duration) -> Result<Vec<Backlog>> {
    let mut rig = Rig::start(Brokers::One).await?;
    let mut backlogs = Vec::new();
    for least in BACKLOGS {
        let backlog = measure(&mut rig, least, time).await.with_context(|| format!("{least} spooled"))?;
        let Backlog { spooled, drained, time, cpu, .. } = &backlog;
        crate::say(&format!(
            "growth: {spooled} spooled: {drained} drained in {time:.2?}, {cpu:.2?} of it busy"
        ));
        backlogs.push(backlog);
    }
    Ok(backlogs)
}

async fn measure(rig: &mut Rig, least: u64, time: Duration) -> Result<Backlog> {
    let ingest = Running::ingest(rig, "meta", DRAIN).await?;
    let requests = Shape::USUAL.requests();
    rig.kafka().stop().await?;
    LOAD.run(ingest.address, &requests, WITHOUT_KAFKA).await?;
    let spooled = spool(&ingest, &requests, least).await?;
    let (sample, _) = without_judging(&ingest, rig, LOAD, &requests, time).await?;
    rig.kafka().start_again().await?;
    let (drained, time, cpu) = drain(&ingest).await?;
    Ok(Backlog { spooled, sample, drained, time, cpu })
}

/// Posts until so many deliveries are in the spool; returns how many are.
async fn spool(ingest: &Running, requests: &Requests, least: u64) -> Result<u64> {
    let start = Instant::now();
    loop {
        let spooled = ingest.metric(WAITING).await?.unwrap_or_default();
        if spooled >= least {
            return Ok(spooled);
        }
        ensure!(start.elapsed() < FILLED_WITHIN, "{spooled} of {least} were spooled in {FILLED_WITHIN:?}");
        BUSY.run(ingest.address, requests, SLICE).await?;
    }
}

/// Waits until the spool is empty; returns how many deliveries were drained, and what that took from the first one on.
async fn drain(ingest: &Running) -> Result<(u64, Duration, Duration)> {
    let before = ingest.metric(DRAINED).await?.context("a counter that is no number")?;
    let mut start = (Instant::now(), Threads::of([ingest.pid()])?);
    until("an empty spool", DRAINED_WITHIN, async || {
        let look = (Instant::now(), Threads::of([ingest.pid()])?);
        if ingest.metric(DRAINED).await? == Some(before) {
            start = look;
        }
        Ok((ingest.metric(WAITING).await? == Some(0)).then_some(()))
    })
    .await?;
    let (time, cpu) = (start.0.elapsed(), Threads::of([ingest.pid()])?.since(&start.1));
    let after = ingest.metric(DRAINED).await?.context("a counter that is no number")?;
    ensure!(after > before, "nothing was drained");
    Ok((after - before, time, cpu))
}
