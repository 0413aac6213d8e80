//! An open loop: requests are due at a fixed rate whether or not earlier ones are answered, and are timed from when they were
//! due. So a server that stalls is not spared what would have come meanwhile (coordinated omission).

use std::net::SocketAddr;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::spawn_local;

use super::{Connection, Shared, connect};

/// Beyond so many requests under way, those that are due wait, and the wait is timed.
const CONNECTIONS: usize = 128;

/// Returns when it began. What is not answered after twice the time is not sent any more.
pub(super) async fn run(
    shared: &Rc<Shared>,
    address: SocketAddr,
    rate: u32,
    time: Duration,
) -> Result<Instant> {
    let connections = connect(address, CONNECTIONS).await?;
    let start = Instant::now();
    let queue = Rc::new(Mutex::new(pace(start, rate, time)));
    let work =
        |connection| spawn_local(post(Rc::clone(shared), connection, Rc::clone(&queue), start + time * 2));
    let tasks: Vec<_> = connections.into_iter().map(work).collect();
    for task in tasks {
        task.await.context("a connection's task stopped")??;
    }
    Ok(start)
}

/// Says when a request is due, at that moment: tokio's own clock ticks in milliseconds, which is longer than many an answer takes.
#[expect(clippy::disallowed_methods, reason = "a thread of its own, for the finer clock")]
fn pace(start: Instant, rate: u32, time: Duration) -> Receiver<Instant> {
    // There is room for all of them, so that it never waits for anything but the time.
    let all = time.as_secs().saturating_add(1).saturating_mul(rate.into());
    let (due, queue) = channel(usize::try_from(all).unwrap_or(usize::MAX >> 3).max(1));
    thread::spawn(move || {
        for number in 0.. {
            let at = start + Duration::from_secs(1) * number / rate;
            if at >= start + time {
                return;
            }
            thread::sleep(at.saturating_duration_since(Instant::now()));
            if due.blocking_send(at).is_err() {
                return;
            }
        }
    });
    queue
}

async fn post(
    shared: Rc<Shared>,
    mut connection: Connection,
    queue: Rc<Mutex<Receiver<Instant>>>,
    end: Instant,
) -> Result<()> {
    loop {
        let due = queue.lock().await.recv().await;
        let Some(due) = due.filter(|_| Instant::now() < end) else { return Ok(()) };
        shared.post(&mut connection, due).await?;
    }
}
