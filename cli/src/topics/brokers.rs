//! Which brokers of a cluster answer: requests for administration go to any one of them, which may be one that does not.

use futures_util::future::join_all;
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::KafkaError;
use rdkafka::metadata::{Metadata, MetadataBroker};
use rdkafka::types::RDKafkaErrorCode;
use std::time::Duration;

/// Those of the metadata, by whether they answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Brokers {
    /// The ids of those that do.
    pub(super) answering: Vec<i32>,
    /// Those that do not, in words, with the address that the cluster gives of them.
    pub(super) silent: Vec<String>,
}

/// All of them, as the cluster names them.
pub(super) fn named(metadata: &Metadata) -> Vec<(i32, String)> {
    let named = |broker: &MetadataBroker| {
        let (id, host, port) = (broker.id(), broker.host(), broker.port());
        (id, format!("broker {id} at {host}:{port}"))
    };
    metadata.brokers().iter().map(named).collect()
}

/// Asks each of them something, at the same time, and waits for so long: a refusal is an answer.
pub(super) async fn ask(
    admin: &AdminClient<DefaultClientContext>,
    all: Vec<(i32, String)>,
    within: Duration,
) -> Brokers {
    let options = AdminOptions::new().request_timeout(Some(within));
    let asked = all.into_iter().map(|(id, name)| {
        let options = &options;
        async move {
            let answer = admin.describe_configs(&[ResourceSpecifier::Broker(id)], options).await;
            (id, name, !matches!(answer, Err(error) if is_silence(&error)))
        }
    });
    let mut brokers = Brokers::default();
    for (id, name, answers) in join_all(asked).await {
        if answers {
            brokers.answering.push(id);
        } else {
            brokers.silent.push(name);
        }
    }
    brokers
}

/// Whether nothing came back.
const fn is_silence(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{BrokerTransportFailure, OperationTimedOut, Resolve};
    matches!(error, KafkaError::AdminOp(OperationTimedOut | BrokerTransportFailure | Resolve))
}

impl Brokers {
    /// Those that do not answer, in a sentence without its end; none where all do.
    pub(super) fn silence(&self) -> Option<String> {
        let verb = if self.silent.len() == 1 { "does" } else { "do" };
        (!self.silent.is_empty()).then(|| format!("{} {verb} not answer", self.silent.join(" and ")))
    }

    /// Which of them to ask, each of them able to answer for the cluster: where all answer, whoever the client takes.
    pub(super) fn targets(&self) -> Vec<Option<i32>> {
        if self.silent.is_empty() || self.answering.is_empty() {
            return vec![None];
        }
        self.answering.iter().copied().map(Some).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::mocking::MockCluster;
    use runtime::settings::KafkaSettings;

    #[tokio::test]
    async fn a_broker_that_does_not_answer_is_named_and_the_others_are_asked() {
        let cluster = MockCluster::new(3).unwrap();
        cluster.broker_round_trip_time(2, Duration::from_mins(1)).unwrap();
        let admin: AdminClient<_> =
            KafkaSettings::plain(cluster.bootstrap_servers()).client_config("weir").create().unwrap();
        let all = named(&admin.inner().fetch_metadata(None, Duration::from_secs(10)).unwrap());
        let brokers = ask(&admin, all, Duration::from_secs(2)).await;
        assert_eq!(brokers.answering, [1, 3]);
        assert_eq!(brokers.targets(), [Some(1), Some(3)]);
        let silence = brokers.silence().unwrap();
        assert!(
            silence.starts_with("broker 2 at 127.0.0.1:") && silence.ends_with(" does not answer"),
            "{silence}"
        );
    }

    #[test]
    fn where_all_answer_or_none_the_client_chooses() {
        for brokers in [
            Brokers { answering: vec![1, 2], silent: Vec::new() },
            Brokers {
                answering: Vec::new(),
                silent: vec!["broker 1 at a:1".to_owned(), "broker 2 at b:1".to_owned()],
            },
        ] {
            assert_eq!(brokers.targets(), [None], "{brokers:?}");
        }
    }
}
