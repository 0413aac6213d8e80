//! Keeps up with the cluster: asks one broker after the other where the topics are.

use super::call::call;
use super::connection::{Connection, ConnectionError, within};
use super::produce::name;
use super::shared::Shared;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse};
use runtime::backoff::Backoff;
use runtime::throttle::Throttle;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two requests while a topic or a leader is not known; it doubles up to the second, and begins
/// anew once nothing was missing for as long as nobody asks otherwise.
const RETRY_BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// Runs until it is aborted.
pub(super) async fn run(shared: Arc<Shared>) {
    let (mut backoff, mut logs) = (Backoff::new(RETRY_BACKOFF.0, RETRY_BACKOFF.1), BTreeMap::new());
    let mut failures = 0_usize;
    // One broker after the other: what cannot reach the others any more may go on to answer, with leaders of yesterday.
    for turn in 0_usize.. {
        let addresses = addresses(&shared);
        match ask(&shared, &addresses, turn, &mut logs).await {
            Ok(cluster) => {
                failures = 0;
                shared.update(&cluster);
            }
            Err(error) => {
                failures += 1;
                // One that is away says nothing of the others.
                if failures >= addresses.len() {
                    shared.metadata_result.send_replace(Some(Err(error)));
                }
                shared.refresh_metadata.notify_one();
            }
        }
        if shared.lock().has_unknown_leaders() {
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

/// Brokers that the cluster names, then those of `--brokers`, of which there is one at least.
fn addresses(shared: &Shared) -> Vec<String> {
    let mut addresses: Vec<_> = shared.lock().named().map(|(_, address)| address.clone()).collect();
    addresses.extend(shared.kafka.addresses().map(str::to_owned));
    addresses
}

/// Asks the next broker in turn on a connection of its own; the reason names it, and the log of each is throttled by itself.
async fn ask(
    shared: &Shared,
    addresses: &[String],
    turn: usize,
    logs: &mut BTreeMap<String, Throttle>,
) -> Result<MetadataResponse, String> {
    let address = &addresses[turn % addresses.len()];
    let asked = within(shared.tuning.connects_within, metadata(shared, address)).await;
    let asked = asked.map_err(|error| format!("{address}: {error}"));
    if let Err(error) = &asked {
        shared.last_reason.set(error.clone(), Instant::now());
        // No more of them than there are brokers.
        logs.retain(|known, _| addresses.contains(known));
        let log = logs.entry(address.clone()).or_default();
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
    let request =
        MetadataRequest::default().with_topics(Some(named.collect())).with_allow_auto_topic_creation(false);
    let (stream, client_id) = (&mut *connection.stream, &shared.client_id);
    let answer = call(stream, client_id, connection.metadata_version, &request).await?;
    // What is known of topics is not taken away by one that does not know itself yet.
    if answer.brokers.is_empty() {
        return Err(ConnectionError::Starting);
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::super::Direct;
    use super::*;
    use rdkafka::mocking::MockCluster;
    use runtime::process::Process;
    use runtime::producer::{ProducerOptions, TopicsError};
    use runtime::settings::KafkaSettings;

    /// Refuses connections.
    const AWAY: &str = "127.0.0.1:1";
    const PATIENCE: Duration = Duration::from_mins(1);

    /// Whether the brokers have the topic.
    async fn checked(brokers: String) -> Result<(), TopicsError> {
        let (kafka, options, topics) =
            (KafkaSettings::plain(brokers), ProducerOptions::default(), [String::from("raw")]);
        let process = Process::new("weir-ingest", "0");
        let direct = Direct::start(&kafka, &options, &topics, &process, &process.registry).unwrap();
        let checked = direct.check_topics(&topics, PATIENCE).await;
        // Also where another broker is well.
        let reason = direct.last_reason(Instant::now());
        assert!(reason.is_some_and(|reason| reason.starts_with(AWAY)), "the broker that is away is named");
        assert_eq!(direct.end(PATIENCE).await, 0);
        checked
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_broker_that_is_away_says_nothing_of_the_others() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("raw", 1, 1).unwrap();
        checked(format!("{AWAY},{}", cluster.bootstrap_servers())).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn that_all_brokers_are_away_is_said_with_a_reason() {
        let unreachable = checked(format!("{AWAY},{AWAY}")).await.unwrap_err().to_string();
        assert!(unreachable.contains(&format!("answers: {AWAY}: ")), "{unreachable}");
    }
}
