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
use crate::server::{PATH, Running, Server};

/// Deliveries a second.
pub(crate) const RATE: u32 = 1_000;
const LOAD: Load = Load::Open { rate: RATE };
const PARTITIONS: [u16; 3] = [3, 12, 48];
const ACCOUNTS: [u16; 3] = [1, 100, 10_000];
/// As many as the most accounts, so that each of them has one.
const DELIVERIES: usize = 10_000;
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
    let with_requests = |size: u16| {
        let bodies = (0..DELIVERIES).map(|number| Shape::USUAL.body_among(number, size.into()));
        (Point { size, samples: Vec::new() }, requests(PATH, bodies))
    };
    let mut points = ACCOUNTS.map(with_requests);
    for _ in 0..rounds {
        for (point, requests) in &mut points {
            let sample = sample(&ingest, rig, requests, time).await?;
            crate::say(&format!("growth: {} accounts: {sample:.1?}", point.size));
            point.samples.push(sample);
        }
    }
    Ok(points.into_iter().map(|(point, _)| point).collect())
}

async fn by_partitions(rig: &mut Rig, rounds: usize, time: Duration) -> Result<Vec<Point>> {
    let mut points = Vec::new();
    for size in PARTITIONS {
        let prefix = format!("partitions{size}");
        rig.make(&Topic::OF_INGEST, &prefix, size.into()).await?;
        let ingest = Running::start(Server::Weir, rig, &["--topic-prefix", &prefix]).await?;
        ingest.until_kafka_is_seen().await?;
        points.push((Point { size, samples: Vec::new() }, ingest));
    }
    let requests = Shape::USUAL.requests(PATH);
    for _ in 0..rounds {
        for (point, ingest) in &mut points {
            let sample = sample(ingest, rig, &requests, time).await?;
            crate::say(&format!("growth: {} partitions: {sample:.1?}", point.size));
            point.samples.push(sample);
        }
    }
    Ok(points.into_iter().map(|(point, _)| point).collect())
}

async fn sample(ingest: &Running, rig: &mut Rig, requests: &Requests, time: Duration) -> Result<Sample> {
    warm_up(ingest, LOAD, requests).await?;
    Ok(without_judging(ingest, rig, LOAD, requests, time).await?.0)
}
