//! Load on one server: as fast as so many connections can, or at a fixed rate.

mod connection;
mod pace;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use connection::Connection;
use hdrhistogram::Histogram;
use tokio::sync::Mutex;
use tokio::sync::mpsc::Receiver;
use tokio::task::{LocalSet, spawn_blocking, spawn_local};

/// At a fixed rate. Beyond so many requests under way, those that are due wait, and the wait is timed.
const CONNECTIONS: u32 = 128;

/// How requests follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// On each connection the next one once the last is answered.
    Closed { connections: u32 },
    /// So many a second, whatever is answered; each is timed from when it was due.
    Open { rate: u32 },
}

/// Whole requests, as they go over the wire.
pub(crate) type Requests = Arc<[Vec<u8>]>;

/// What was answered.
pub(crate) struct Answers {
    /// Of each, in microseconds.
    pub(crate) latency: Histogram<u64>,
    /// How many were of status 200.
    pub(crate) good: u64,
    /// At a fixed rate, when the first request was due; the requests follow in their order.
    pub(crate) began: Instant,
    pub(crate) elapsed: Duration,
}

impl Answers {
    /// Of any status.
    pub(crate) fn all(&self) -> u64 {
        self.latency.len()
    }
}

impl Load {
    /// Runs on a thread of its own, as `wrk -t1` does, so that it takes no more than a core.
    pub(crate) async fn run(
        self,
        address: SocketAddr,
        requests: &Requests,
        time: Duration,
    ) -> Result<Answers> {
        let requests = Requests::clone(requests);
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.context("a runtime for the load")?;
            LocalSet::new().block_on(&runtime, self.post(address, requests, time))
        };
        spawn_blocking(run).await.context("the load stopped")?
    }

    async fn post(self, address: SocketAddr, requests: Requests, time: Duration) -> Result<Answers> {
        let (count, rate) = match self {
            Self::Closed { connections } => (connections, None),
            Self::Open { rate } => (CONNECTIONS, Some(rate)),
        };
        let mut connections = Vec::new();
        for _ in 0..count {
            connections.push(Connection::open(address).await?);
        }
        let latency = Histogram::new_with_bounds(1, 600_000_000, 3).context("a histogram")?;
        let start = Instant::now();
        let shared = Rc::new(Shared {
            due: rate.map(|rate| Mutex::new(pace::begin(start, rate, time))),
            // What was due and has waited as long again is not sent any more.
            end: start + if rate.is_some() { time * 2 } else { time },
            requests,
            next: Cell::default(),
            latency: latency.into(),
            good: Cell::default(),
        });
        let work = |connection| spawn_local(Rc::clone(&shared).post(connection));
        let tasks: Vec<_> = connections.into_iter().map(work).collect();
        for task in tasks {
            task.await.context("a connection's task stopped")??;
        }
        let (latency, good) = (shared.latency.borrow().clone(), shared.good.get());
        Ok(Answers { latency, good, began: start, elapsed: start.elapsed() })
    }
}

/// What all connections take requests from and put answers into.
struct Shared {
    /// When each request is due, at a fixed rate.
    due: Option<Mutex<Receiver<Instant>>>,
    end: Instant,
    requests: Requests,
    next: Cell<usize>,
    latency: RefCell<Histogram<u64>>,
    good: Cell<u64>,
}

impl Shared {
    /// Posts one request after the other until the end, and times each answer from when it was due.
    async fn post(self: Rc<Self>, mut connection: Connection) -> Result<()> {
        while let Some(due) = self.next_due().await {
            let index = self.next.get();
            self.next.set((index + 1) % self.requests.len());
            let status = connection.post(&self.requests[index]).await?;
            let micros = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.latency.borrow_mut().saturating_record(micros);
            self.good.set(self.good.get() + u64::from(status == 200));
        }
        Ok(())
    }

    async fn next_due(&self) -> Option<Instant> {
        let due = match &self.due {
            Some(queue) => queue.lock().await.recv().await?,
            None => Instant::now(),
        };
        (Instant::now() < self.end).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    const PAUSE: Duration = Duration::from_millis(300);

    /// Answers one connection after the other; every request with 200, the first of all after a pause.
    async fn stalling() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let is_stalled = Arc::new(Mutex::new(true));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let is_stalled = Arc::clone(&is_stalled);
                tokio::spawn(async move {
                    let mut buffer = [0; 64];
                    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                        // All connections wait for the first.
                        let mut is_stalled = is_stalled.lock().await;
                        if std::mem::take(&mut *is_stalled) {
                            tokio::time::sleep(PAUSE).await;
                        }
                        drop(is_stalled);
                        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
                    }
                });
            }
        });
        address
    }

    async fn run(load: Load) -> Answers {
        let requests = Arc::from([b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n".to_vec()]);
        load.run(stalling().await, &requests, Duration::from_secs(1)).await.unwrap()
    }

    #[tokio::test]
    async fn at_a_fixed_rate_a_stall_is_seen_by_every_request_that_was_due() {
        let answers = run(Load::Open { rate: 100 }).await;
        assert_eq!((answers.all(), answers.good), (100, 100));
        let late = answers.latency.count_between(50_000, 600_000_000);
        assert!(late >= 15, "{late} of some 25");
    }

    #[tokio::test]
    async fn a_closed_loop_sees_a_stall_once_a_connection() {
        let answers = run(Load::Closed { connections: 2 }).await;
        assert_eq!(answers.all(), answers.latency.len());
        assert!(answers.latency.max() >= 300_000 && answers.all() > 2, "{}", answers.all());
        assert!(answers.latency.count_between(300_000, 600_000_000) <= 2);
    }
}
