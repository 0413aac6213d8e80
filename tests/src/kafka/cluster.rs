//! Several Apache Kafka brokers, each a controller too: what a production cluster does when one of them dies, on loopback.

use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;

use super::Kafka;
use crate::ports;

/// Brokers that replicate to each other; elections are short, so that tests are.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Kafka>,
}

impl Cluster {
    /// Starts three brokers and waits until each answers.
    ///
    /// # Errors
    ///
    /// As [`Kafka::start`].
    pub async fn start() -> Result<Self> {
        let all: [u16; 6] = ports::free()?;
        let ports: Vec<[u16; 2]> = all.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
        let voters: Vec<_> = ports
            .iter()
            .zip(1..)
            .map(|([_, controller], id)| format!("{id}@127.0.0.1:{controller}"))
            .collect();
        let voters = voters.join(",");
        let mut nodes = Vec::new();
        for (ports, id) in ports.into_iter().zip(1..) {
            let id = format!("{id}");
            let node = Kafka::prepare(ports, &properties(&id, &voters))?;
            node.format(&[]).await.with_context(|| node.log())?;
            nodes.push(node);
        }
        for node in &mut nodes {
            node.launch()?;
        }
        try_join_all(nodes.iter_mut().map(Kafka::answers)).await?;
        Ok(Self { nodes })
    }

    /// The addresses of all brokers, as `--brokers` takes them.
    pub fn bootstrap(&self) -> String {
        self.nodes.iter().map(Kafka::bootstrap).collect::<Vec<_>>().join(",")
    }

    /// One of the brokers, counted from 0 and around.
    pub fn node(&mut self, index: usize) -> &mut Kafka {
        let count = self.nodes.len();
        &mut self.nodes[index % count]
    }

    /// Kills all brokers.
    ///
    /// # Errors
    ///
    /// When one is not running.
    pub fn kill_all(&mut self) -> Result<()> {
        self.nodes.iter_mut().try_for_each(Kafka::kill)
    }

    /// Starts brokers that were killed or stopped, and waits for all of them: alone, one might wait for the others.
    ///
    /// # Errors
    ///
    /// When one is running already, or does not answer in time.
    pub async fn start_again(&mut self, indices: &[usize]) -> Result<()> {
        let chosen = self.nodes.iter_mut().enumerate().filter(|(index, _)| indices.contains(index));
        let mut chosen: Vec<_> = chosen.map(|(_, node)| node).collect();
        chosen.iter_mut().try_for_each(|node| node.launch())?;
        try_join_all(chosen.into_iter().map(Kafka::answers)).await.map(drop)
    }
}

fn properties<'a>(id: &'a str, voters: &'a str) -> [(&'a str, &'a str); 12] {
    [
        ("node.id", id),
        ("controller.quorum.voters", voters),
        ("default.replication.factor", "3"),
        ("min.insync.replicas", "2"),
        ("offsets.topic.replication.factor", "3"),
        ("transaction.state.log.replication.factor", "3"),
        ("transaction.state.log.min.isr", "2"),
        ("unclean.leader.election.enable", "false"),
        ("broker.session.timeout.ms", "3000"),
        ("broker.heartbeat.interval.ms", "500"),
        ("replica.lag.time.max.ms", "5000"),
        ("controlled.shutdown.enable", "true"),
    ]
}
