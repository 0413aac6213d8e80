//! What is measured: on which brokers, which servers, under which loads. What is no table of loads has a file of its own below.

pub(crate) mod compression;
pub(crate) mod consumers;
pub(crate) mod growth;
pub(crate) mod outage;

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::deliveries::Shape;
use crate::judge;
use crate::load::{Load, Requests};
use crate::measure::{Sample, measure};
use crate::rig::{Brokers, Rig};
use crate::server::{Running, Server};

/// The servers where one of each kind is enough.
const FEW: &[Server] =
    &[Server::Floor, Server::Weir, Server::WeirDirect, Server::WeirDirectTwoThreads, Server::AxumTuned];
const CONNECTIONS: [u32; 3] = [8, 64, 256];

/// Loads that differ in one thing.
pub(crate) struct Scenario {
    /// As `--only` has it.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    /// What differs.
    pub(crate) axis: &'static str,
    pub(crate) brokers: Brokers,
    pub(crate) servers: Vec<Server>,
    pub(crate) cases: Vec<Case>,
}

/// One load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    /// Where it is on the axis.
    pub(crate) at: u32,
    pub(crate) load: Load,
    pub(crate) shape: Shape,
}

/// A load on a server, and where it is on the axis.
struct Run<'a> {
    at: u32,
    running: &'a Running,
    load: Load,
    requests: Requests,
}

/// What was measured of a load on a server, a sample a round.
pub(crate) struct Row {
    pub(crate) at: u32,
    pub(crate) server: Server,
    pub(crate) samples: Vec<Sample>,
}

/// What was measured of a scenario.
pub(crate) struct Measured {
    pub(crate) scenario: Scenario,
    pub(crate) rows: Vec<Row>,
}

/// All of them, in their order.
pub(crate) fn all() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "closed",
            title: "As fast as they can",
            about: "Messages of 430 bytes; each connection posts the next one once the last is answered. One broker.",
            axis: "connections",
            brokers: Brokers::One,
            servers: Server::all(),
            cases: [1, 8, 64, 256].map(closed).to_vec(),
        },
        Scenario {
            name: "open",
            title: "At a fixed rate",
            about: "Messages of 430 bytes over 128 connections. Answers a second below the rate: more than the server, the broker and the load can do together.",
            axis: "deliveries a second",
            brokers: Brokers::One,
            servers: FEW.to_vec(),
            cases: [300, 1_000, 5_000, 20_000, 40_000].map(at_rate).to_vec(),
        },
        Scenario {
            name: "bodies",
            title: "Larger bodies",
            about: "One message with a longer text; 64 connections, closed loop.",
            axis: "bytes of a body",
            brokers: Brokers::One,
            servers: FEW.to_vec(),
            cases: [512, 2_048, 16_384, 262_144]
                .map(|bytes| of_shape(bytes, Shape { bytes: size(bytes), items: 1 }))
                .to_vec(),
        },
        Scenario {
            name: "items",
            title: "More messages in a delivery",
            about: "430 bytes a message, each an event of its own; 64 connections, closed loop. Time is a request's, not a message's.",
            axis: "messages",
            brokers: Brokers::One,
            servers: FEW.to_vec(),
            cases: [1, 10, 100]
                .map(|items| of_shape(items, Shape { bytes: 430 * size(items), items: size(items) }))
                .to_vec(),
        },
        Scenario {
            name: "brokers",
            title: "Three brokers, three replicas",
            about: "Three brokers on the same cores; what is acknowledged is on two of them at least. Closed loop.",
            axis: "connections",
            brokers: Brokers::Three,
            servers: FEW.to_vec(),
            cases: CONNECTIONS.map(closed).to_vec(),
        },
        Scenario {
            name: "tls",
            title: "TLS and SCRAM between Weir and Kafka",
            about: "One broker; the floor is the same as above. Closed loop.",
            axis: "connections",
            brokers: Brokers::Tls,
            servers: vec![Server::Floor, Server::Weir, Server::WeirDirect],
            cases: CONNECTIONS.map(closed).to_vec(),
        },
    ]
}

fn closed(connections: u32) -> Case {
    Case { at: connections, load: Load::Closed { connections }, shape: Shape::USUAL }
}

fn at_rate(rate: u32) -> Case {
    Case { at: rate, load: Load::Open { rate }, shape: Shape::USUAL }
}

fn of_shape(at: u32, shape: Shape) -> Case {
    Case { at, load: Load::Closed { connections: 64 }, shape }
}

fn size(number: u32) -> usize {
    number.try_into().unwrap_or(usize::MAX)
}

impl Scenario {
    /// Starts everything, sees that each server does its job, and measures them in turn, round by round.
    pub(crate) async fn run(mut self, rounds: usize, time: Duration) -> Result<Measured> {
        self.servers.retain(|server| server.is_built());
        let mut rig = Rig::start(self.brokers).await?;
        let mut running = Vec::new();
        for (number, server) in self.servers.iter().enumerate() {
            let started = Running::start(*server, &rig).await?;
            judge::does_its_job(&started, &rig, number).await.with_context(|| server.name())?;
            running.push(started);
        }
        let mut runs = Vec::new();
        for Case { at, load, shape } in self.cases.iter().copied() {
            let requests = shape.requests();
            let run = |running| Run { at, running, load, requests: Requests::clone(&requests) };
            runs.extend(running.iter().map(run));
        }
        let rows = in_turn(self.name, self.axis, &runs, &mut rig, rounds, time).await?;
        Ok(Measured { scenario: self, rows })
    }
}

/// Measures all of them, round by round.
async fn in_turn(
    name: &str,
    axis: &str,
    runs: &[Run<'_>],
    rig: &mut Rig,
    rounds: usize,
    time: Duration,
) -> Result<Vec<Row>> {
    let row = |run: &Run<'_>| Row { at: run.at, server: run.running.server, samples: Vec::new() };
    let mut rows: Vec<Row> = runs.iter().map(row).collect();
    for round in 1..=rounds {
        for (row, Run { at, running, load, requests }) in rows.iter_mut().zip(runs) {
            let sample = measure(running, rig, *load, requests, time).await;
            let what = || format!("{}, {at} {axis}", running.server.name());
            let sample = sample.with_context(what)?;
            crate::say(&format!("{name} {round}/{rounds}: {}: {sample:.1?}", what()));
            row.samples.push(sample);
        }
    }
    Ok(rows)
}
