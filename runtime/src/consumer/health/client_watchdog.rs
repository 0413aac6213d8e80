//! Has the client of a consumer replaced: one that is not answered any more although a new one is, or whose credentials are others now.
//!
//! librdkafka reads certificates once, and can forget its brokers. It keeps the address of the coordinator of its group until another broker
//! is that (`rd_kafka_cgrp_coord_update`), so that one which comes back at another address is never found. Such a client stays without
//! partitions for good.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, TopicPartitionList};
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, LOST_AFTER, Missing};
use super::fatal_panic::blocking;
use crate::consumer::ConsumerError;
use crate::kafka::credentials::Changes;

/// How often the client's own account is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long the brokers may take to answer another client.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the client is to be replaced, once there is a reason; `None` at the `end`. `topic` is one that it reads.
pub(in crate::consumer) async fn watch(
    connection: Arc<Connection>,
    (config, topic): (ClientConfig, String),
    mut changes: Changes,
    end: CancellationToken,
) -> Option<ConsumerError> {
    tokio::select! {
        biased;
        () = end.cancelled() => None,
        _ = changes.next_settings() => Some(ConsumerError::Renewed),
        missing = not_answered_alone(&connection, &config, &topic) => Some(match missing {
            Missing::Brokers => ConsumerError::Disconnected,
            Missing::Coordinator => ConsumerError::Uncoordinated,
        }),
    }
}

/// Returns who does not answer this client once another one is answered, and this one has not been for a while after.
async fn not_answered_alone(connection: &Connection, config: &ClientConfig, topic: &str) -> Missing {
    loop {
        if let Some(missing) = connection.missing() {
            let count = || connection.samples_without(missing);
            let asked = count();
            if is_another_answered(config.clone(), missing, topic.to_owned()).await {
                while (asked..asked + LOST_AFTER).contains(&count()) {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                if count() >= asked + LOST_AFTER {
                    return missing;
                }
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Blocks elsewhere. The client joins no group, since it subscribes to nothing; what a group has committed only its coordinator says.
async fn is_another_answered(config: ClientConfig, missing: Missing, topic: String) -> bool {
    let ask = move || {
        let client: BaseConsumer = config.create().ok()?;
        match missing {
            Missing::Brokers => client.fetch_metadata(None, ANSWER_TIMEOUT).map(drop),
            Missing::Coordinator => {
                let mut asked = TopicPartitionList::new();
                asked.add_partition(&topic, 0);
                client.committed_offsets(asked, ANSWER_TIMEOUT).map(drop)
            }
        }
        .ok()
    };
    blocking(ask).await.flatten().is_some()
}

#[cfg(test)]
mod tests {
    use prometheus::Gauge;
    use rdkafka::mocking::{MockCluster, MockCoordinator};

    use super::*;
    use crate::kafka::credentials::Credentials;
    use crate::kafka::log::KafkaLog;
    use crate::kafka::quota::QuotaWatch;
    use crate::process::health::{Health, Probe};
    use crate::process::shutdown::Shutdown;

    fn connection() -> Connection {
        let quota = QuotaWatch::new(Gauge::new("throttle_seconds", "Waits").unwrap());
        let check = Health::new(Shutdown::new()).check("brokers", Probe::Informational);
        Connection::new(check, KafkaLog::default(), Arc::new(quota))
    }

    /// Why a client is given up that goes on to say `sample`: not before the last broker, which coordinates the group, is up again.
    async fn given_up(brokers: i32, sample: &[u8]) -> Option<ConsumerError> {
        let cluster = MockCluster::new(brokers).unwrap();
        cluster.create_topic("in", 1, 1).unwrap();
        cluster.coordinator(MockCoordinator::Group(String::from("test")), brokers).unwrap();
        cluster.broker_down(brokers).unwrap();
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", cluster.bootstrap_servers()).set("group.id", "test");
        let connection = Arc::new(connection());
        let changes = Credentials::default().changes();
        let (end, kept) = (CancellationToken::new(), Arc::clone(&connection));
        let watching = tokio::spawn(watch(kept, (config, String::from("in")), changes, end));
        let mut samples = tokio::time::interval(Duration::from_millis(500));
        for number in 0.. {
            samples.tick().await;
            connection.sample(sample);
            assert!(number > 20 || !watching.is_finished(), "nobody would be answered");
            if number == 20 {
                cluster.broker_up(brokers).unwrap();
            }
            if watching.is_finished() {
                break;
            }
            assert!(number < 200, "it is never given up");
        }
        watching.await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_client_without_brokers_is_given_up_only_once_another_one_is_answered() {
        let sample = br#"{"msg_cnt":0,"msg_size":0,"brokers":{"a:1/1":{"state":"DOWN"}}}"#;
        assert!(matches!(given_up(1, sample).await, Some(ConsumerError::Disconnected)));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_client_without_its_coordinator_is_given_up_only_once_that_answers_another_one() {
        let sample = br#"{"msg_cnt":0,"msg_size":0,"brokers":{"a:1/1":{"state":"UP"}},"cgrp":{"state":"wait-broker-transport"}}"#;
        assert!(matches!(given_up(2, sample).await, Some(ConsumerError::Uncoordinated)));
    }
}
