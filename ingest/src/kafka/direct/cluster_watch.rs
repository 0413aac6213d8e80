//! Keeps up with the cluster: asks one broker after the other where the topics are, and has every broker connected to.

use super::call::call;
use super::connection::{Connection, ConnectionError, within};
use super::produce::name;
use super::sender;
use super::shared::{LOG_EVERY, Shared};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse};
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
    logs: &mut BTreeMap<String, Throttle>,
) -> Result<MetadataResponse, String> {
    let addresses = shared.addresses();
    let address = addresses.get(turn % addresses.len().max(1)).ok_or("no broker is named")?;
    let asked = within(shared.tuning.connects_within, metadata(shared, address)).await;
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

/// The brokers, and the topics; none is made by asking.
async fn metadata(shared: &Shared, address: &str) -> Result<MetadataResponse, ConnectionError> {
    let mut connection = Connection::open(shared, address).await?;
    let named =
        shared.topics.iter().map(|topic| MetadataRequestTopic::default().with_name(Some(name(topic))));
    let question =
        MetadataRequest::default().with_topics(Some(named.collect())).with_allow_auto_topic_creation(false);
    let (stream, client_id) = (&mut *connection.stream, &shared.options.client_id);
    let answer = call(stream, client_id, connection.metadata_version, &question).await?;
    // What is known of topics is not taken away by one that does not know itself yet.
    if answer.brokers.is_empty() {
        return Err(ConnectionError::Starting);
    }
    Ok(answer)
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
