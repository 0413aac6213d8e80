//! Keeps up with the cluster: asks one broker after the other where the topics are.

use super::call::call;
use super::connection::{Connection, ConnectionError, within};
use super::produce::name;
use super::shared::{LOG_EVERY, Shared};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse};
use runtime::backoff::Backoff;
use runtime::throttle::Throttle;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two questions while something is in doubt, as a partition without a leader; it doubles up to the second, and begins
/// anew once nothing was in doubt for as long as nobody asks otherwise.
const DOUBTS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// Runs until it is aborted.
pub(super) async fn run(shared: Arc<Shared>) {
    let (mut backoff, mut logs) = (Backoff::new(DOUBTS.0, DOUBTS.1), BTreeMap::new());
    // One broker after the other: what cannot reach the others any more may go on to answer, with leaders of yesterday.
    for turn in 0_usize.. {
        let asked = ask(&shared, turn, &mut logs).await;
        if let Err(error) = asked.map(|cluster| shared.update(&cluster)) {
            shared.metadata_result.send_replace(Some(Err(error)));
            shared.refresh_metadata.notify_one();
        }
        if shared.lock().is_in_doubt() {
            shared.refresh_metadata.notify_one();
        }
        tokio::time::sleep(backoff.next_delay(1.0)).await;
        if tokio::time::timeout(shared.tuning.refresh_every, shared.refresh_metadata.notified())
            .await
            .is_err()
        {
            backoff.reset();
        }
    }
}

/// Asks the next broker in turn on a connection of its own; the reason names it, and the log of each is throttled by itself.
async fn ask(
    shared: &Shared,
    turn: usize,
    logs: &mut BTreeMap<String, Throttle>,
) -> Result<MetadataResponse, String> {
    // Those that the cluster names, then those of `--brokers`, of which there is one at least.
    let mut addresses: Vec<_> = shared.lock().named().map(|(_, address)| address.clone()).collect();
    addresses.extend(shared.kafka.addresses().map(str::to_owned));
    let address = &addresses[turn % addresses.len()];
    let asked = within(shared.tuning.connects_within, metadata(shared, address)).await;
    let asked = asked.map_err(|error| format!("{address}: {error}"));
    if let Err(error) = &asked {
        // No more of them than there are brokers.
        logs.retain(|known, _| addresses.contains(known));
        let log = logs.entry(address.clone()).or_insert_with(|| Throttle::new(LOG_EVERY));
        if let Some(suppressed) = log.pass(Instant::now()) {
            tracing::warn!(error, suppressed, "fetching metadata from a broker failed");
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
