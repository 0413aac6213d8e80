//! Keeps up with the cluster: asks one broker after the other where the topics are, and has every broker connected to.

mod metadata;

use super::address::Address;
use super::connection::{Connection, ConnectionError};
use super::sender;
use super::shared::{LOG_EVERY, Shared};
use super::state::Cluster;
use runtime::backoff::Backoff;
use runtime::throttle::Throttle;
use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Between two questions while something is in doubt, as a partition without a leader; it doubles up to the second, and begins
/// anew once nothing was in doubt for as long as nobody asks otherwise.
const DOUBTS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// Runs until it is aborted, or a connection's task has panicked; the connections end with it.
pub(super) async fn keep_up(shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    let (mut backoff, mut logs) = (Backoff::new(DOUBTS.0, DOUBTS.1), BTreeMap::new());
    // One broker after the other: what cannot reach the others any more may go on to answer, with leaders of yesterday.
    for turn in 0_usize.. {
        let asked = tokio::select! {
            asked = ask(&shared, turn, &mut logs) => asked,
            () = panicked(&mut connections) => return,
        };
        match asked {
            Ok(cluster) => {
                for broker in shared.update(&cluster) {
                    connections.spawn(sender::run(Arc::clone(&shared), broker));
                }
            }
            Err(error) => shared.failed(error),
        }
        if shared.lock().state.is_in_doubt() {
            shared.doubt.notify_one();
        }
        let pause = async {
            tokio::time::sleep(backoff.next_delay(1.0)).await;
            if tokio::time::timeout(shared.tuning.refresh_every, shared.doubt.notified()).await.is_err() {
                backoff.reset();
            }
        };
        tokio::select! {
            () = pause => {}
            () = panicked(&mut connections) => return,
        }
    }
}

/// Returns once one of the tasks has panicked; those that have ended otherwise are forgotten.
async fn panicked(tasks: &mut JoinSet<()>) {
    loop {
        match tasks.join_next().await {
            Some(Ok(())) => {}
            Some(Err(_)) => return,
            None => pending::<()>().await,
        }
    }
}

/// Asks the next broker in turn on a connection of its own; the reason names it, and the log of each is throttled by itself.
async fn ask(
    shared: &Shared,
    turn: usize,
    logs: &mut BTreeMap<Address, Throttle>,
) -> Result<Cluster, String> {
    let addresses = shared.addresses();
    let address = addresses.get(turn % addresses.len().max(1)).ok_or("no broker is named")?;
    let (security, client_id) = (shared.security.load_full(), shared.options.client_id.as_str());
    let ask = async {
        let mut connection = Connection::open(address, &security, client_id).await?;
        metadata::ask(&mut connection, client_id, &shared.topics).await
    };
    let limit = shared.tuning.connects_within;
    let asked = tokio::time::timeout(limit, ask).await.unwrap_or(Err(ConnectionError::TimedOut(limit)));
    let asked = asked.map_err(|error| format!("{address}: {error}"));
    if let Err(error) = &asked {
        // No more of them than there are brokers.
        logs.retain(|known, _| addresses.contains(known));
        let log = logs.entry(address.clone()).or_insert_with(|| Throttle::new(LOG_EVERY));
        if let Some(suppressed) = log.pass(Instant::now()) {
            tracing::warn!(error, suppressed, "a broker does not say where the topics are");
        }
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_is_noticed_beside_those_that_run_and_end() {
        let mut tasks = JoinSet::new();
        tasks.spawn(async {});
        tasks.spawn(pending());
        tasks.spawn(async {
            panic!("on purpose");
        });
        tokio::time::timeout(Duration::from_mins(1), panicked(&mut tasks)).await.unwrap();
    }
}
