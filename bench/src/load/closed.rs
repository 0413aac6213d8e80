//! A closed loop: each connection posts again once it was answered.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::task::spawn_local;

use super::{Connection, Shared, connect};

/// Returns when it began.
pub(super) async fn run(
    shared: &Rc<Shared>,
    address: SocketAddr,
    connections: usize,
    time: Duration,
) -> Result<Instant> {
    let connections = connect(address, connections).await?;
    let start = Instant::now();
    let work = |connection| spawn_local(post(Rc::clone(shared), connection, start + time));
    let tasks: Vec<_> = connections.into_iter().map(work).collect();
    for task in tasks {
        task.await.context("a connection's task stopped")??;
    }
    Ok(start)
}

async fn post(shared: Rc<Shared>, mut connection: Connection, end: Instant) -> Result<()> {
    loop {
        let now = Instant::now();
        if now >= end {
            return Ok(());
        }
        shared.post(&mut connection, now).await?;
    }
}
