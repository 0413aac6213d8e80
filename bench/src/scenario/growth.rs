//! How the cost of weir-ingest grows with what there may be many of: partitions, accounts, deliveries in the spool. Connections,
//! messages and bytes of a delivery are scenarios of their own.

mod spool;

use std::time::Duration;

use anyhow::Result;
use schemas::Topic;
pub(crate) use spool::Backlog;

use super::{Row, Run, in_turn};
use crate::deliveries::{Shape, requests};
use crate::load::{Load, Requests};
use crate::rig::{Brokers, Rig};
use crate::server::Running;

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
    pub(crate) partitions: Vec<Row>,
    pub(crate) accounts: Vec<Row>,
    pub(crate) spool: Vec<Backlog>,
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

async fn by_accounts(rig: &mut Rig, rounds: usize, time: Duration) -> Result<Vec<Row>> {
    let ingest = Running::ingest(rig, "meta", &[]).await?;
    let runs = ACCOUNTS.map(|accounts| {
        let bodies = (0..DELIVERIES).map(|number| Shape::USUAL.body_among(number, accounts.into()));
        Run { at: accounts.into(), running: &ingest, load: LOAD, requests: requests(bodies) }
    });
    in_turn("growth", "accounts", &runs, rig, rounds, time.max(EACH_POSTED)).await
}

async fn by_partitions(rig: &mut Rig, rounds: usize, time: Duration) -> Result<Vec<Row>> {
    let mut running = Vec::new();
    for partitions in PARTITIONS {
        let prefix = format!("partitions{partitions}");
        rig.make(&Topic::OF_INGEST, &prefix, partitions.into()).await?;
        running.push(Running::ingest(rig, &prefix, &[]).await?);
    }
    let requests = Shape::USUAL.requests();
    let run = |(partitions, running): (u16, _)| Run {
        at: partitions.into(),
        running,
        load: LOAD,
        requests: Requests::clone(&requests),
    };
    let runs: Vec<_> = PARTITIONS.into_iter().zip(&running).map(run).collect();
    in_turn("growth", "partitions", &runs, rig, rounds, time).await
}
