//! How the cost of weir-ingest grows with what there may be many of: partitions, accounts, deliveries in the spool. Connections,
//! messages and bytes of a delivery are scenarios of their own.

mod spool;

use std::time::Duration;

use anyhow::Result;
use schemas::Topic;
pub(crate) use spool::Backlog;

use crate::deliveries::{Shape, requests};
use crate::load::{Load, Requests};
use crate::measure::{Sample, warm_up, without_judging};
use crate::rig::{Brokers, Rig};
use crate::server::{Running, Server};

/// Deliveries a second.
pub(crate) const RATE: u32 = 1_000;
const LOAD: Load = Load::Open { rate: RATE };
const PARTITIONS: [u16; 3] = [3, 12, 48];
const ACCOUNTS: [u16; 3] = [1, 100, 10_000];
/// As many as the most accounts, so that each of them has one.
const DELIVERIES: usize = 10_000;
/// In less, not all of these are posted once.
const EACH_POSTED: Duration = Duration::from_secs(10);
const MOST_ROUNDS: usize = 2;

/// What was measured.
pub(crate) struct Growth {
    pub(crate) partitions: Vec<Point>,
    pub(crate) accounts: Vec<Point>,
    pub(crate) spool: Vec<Backlog>,
}

/// One size, with a sample a round.
pub(crate) struct Point {
    pub(crate) size: u16,
    pub(crate) samples: Vec<Sample>,
}

pub(crate) async fn run(rounds: usize, time: Duration) -> Result<Growth> {
    let rounds = rounds.min(MOST_ROUNDS);
    let mut rig = Rig::start(Brokers::One).await?;
    let accounts = by_accounts(&mut rig, rounds, time).await?;
    let partitions = by_partitions(&mut rig, rounds, time).await?;
    // The spool has a broker of its own, which it stops.
    drop(rig);
    let spool = spool::run(time).await?;
    Ok(Growth { partitions, accounts, spool })
}

async fn by_accounts(rig: &mut Rig, rounds: usize, time: Duration) -> Result<Vec<Point>> {
    let ingest = Running::start(Server::Weir, rig, &[]).await?;
    ingest.until_kafka_is_seen().await?;
    let cases = ACCOUNTS.map(|size| {
        let bodies = (0..DELIVERIES).map(|number| Shape::USUAL.body_among(number, size.into()));
        (size, &ingest, requests(bodies))
    });
    in_turn("accounts", &cases, rig, rounds, time.max(EACH_POSTED)).await
}

async fn by_partitions(rig: &mut Rig, rounds: usize, time: Duration) -> Result<Vec<Point>> {
    let mut running = Vec::new();
    for size in PARTITIONS {
        let prefix = format!("partitions{size}");
        rig.make(&Topic::OF_INGEST, &prefix, size.into()).await?;
        let ingest = Running::start(Server::Weir, rig, &["--topic-prefix", &prefix]).await?;
        ingest.until_kafka_is_seen().await?;
        running.push((size, ingest));
    }
    let requests = Shape::USUAL.requests();
    let cases: Vec<_> =
        running.iter().map(|(size, ingest)| (*size, ingest, Requests::clone(&requests))).collect();
    in_turn("partitions", &cases, rig, rounds, time).await
}

/// Measures each size once a round.
async fn in_turn(
    axis: &str,
    cases: &[(u16, &Running, Requests)],
    rig: &mut Rig,
    rounds: usize,
    time: Duration,
) -> Result<Vec<Point>> {
    let mut points: Vec<_> =
        cases.iter().map(|(size, ..)| Point { size: *size, samples: Vec::new() }).collect();
    for _ in 0..rounds {
        for (point, (size, ingest, requests)) in points.iter_mut().zip(cases) {
            warm_up(ingest, LOAD, requests).await?;
            let (sample, _) = without_judging(ingest, rig, LOAD, requests, time).await?;
            crate::say(&format!("growth: {size} {axis}: {sample:.1?}"));
            point.samples.push(sample);
        }
    }
    Ok(points)
}
