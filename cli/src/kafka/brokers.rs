//! Which brokers of a cluster answer: requests for administration go to any one of them, which may be one that does not.

use crate::tool::{Session, ToolError};
use futures_util::future::join_all;
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::KafkaError;
use rdkafka::metadata::{Metadata, MetadataBroker};
use rdkafka::types::RDKafkaErrorCode;
use runtime::blocking::Blocking;
use runtime::settings::KafkaSettings;
use std::time::Duration;

/// How long each may take to say that it is there.
const EACH_WITHIN: Duration = Duration::from_secs(5);

/// Those of the metadata, by whether they answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Brokers {
    /// The ids of those that do.
    pub(crate) answering: Vec<i32>,
    /// Those that do not, in words, with the address that the cluster gives of them.
    pub(crate) silent: Vec<String>,
}

/// All of them, as the cluster names them.
pub(crate) fn named(metadata: &Metadata) -> Vec<(i32, String)> {
    let named = |broker: &MetadataBroker| {
        let (id, host, port) = (broker.id(), broker.host(), broker.port());
        (id, format!("broker {id} at {host}:{port}"))
    };
    metadata.brokers().iter().map(named).collect()
}

/// Asks each of them something, at the same time: a refusal is an answer.
pub(crate) async fn ask(admin: &AdminClient<DefaultClientContext>, all: Vec<(i32, String)>) -> Brokers {
    let options = AdminOptions::new().request_timeout(Some(EACH_WITHIN));
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

/// The same failure with those of the brokers that do not answer, which may be why; asked in a thread, for whoever may block.
pub(crate) fn with_silence(kafka: &KafkaSettings, failure: ToolError) -> ToolError {
    let config = kafka.client_config("weir");
    let silence = move || {
        let admin: AdminClient<_> = config.create().ok()?;
        let all = named(&admin.inner().fetch_metadata(None, EACH_WITHIN).ok()?);
        Session::start().ok()?.wait(ask(&admin, all)).silence()
    };
    match Blocking::default().wait(EACH_WITHIN * 3, silence) {
        Ok(Some(silence)) => format!("{failure}; {silence}").into(),
        _ => failure,
    }
}

/// Whether nothing came back.
const fn is_silence(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{BrokerTransportFailure, OperationTimedOut, Resolve};
    matches!(error, KafkaError::AdminOp(OperationTimedOut | BrokerTransportFailure | Resolve))
}

impl Brokers {
    /// Those that do not answer, in a sentence without its end; none where all do.
    pub(crate) fn silence(&self) -> Option<String> {
        let verb = if self.silent.len() == 1 { "does" } else { "do" };
        (!self.silent.is_empty()).then(|| format!("{} {verb} not answer", self.silent.join(" and ")))
    }

    /// Which of them to ask, each of them able to answer for the cluster: where all answer, whoever the client takes.
    pub(crate) fn targets(&self) -> Vec<Option<i32>> {
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

    #[tokio::test]
    async fn a_broker_that_does_not_answer_is_named_and_the_others_are_asked() {
        let cluster = MockCluster::new(3).unwrap();
        cluster.broker_round_trip_time(2, Duration::from_mins(1)).unwrap();
        let kafka = KafkaSettings::plain(cluster.bootstrap_servers());
        let admin: AdminClient<_> = kafka.client_config("weir").create().unwrap();
        let all = named(&admin.inner().fetch_metadata(None, Duration::from_secs(10)).unwrap());
        let brokers = ask(&admin, all).await;
        assert_eq!(brokers.answering, [1, 3]);
        assert_eq!(brokers.targets(), [Some(1), Some(3)]);
        let silence = brokers.silence().unwrap();
        assert!(
            silence.starts_with("broker 2 at 127.0.0.1:") && silence.ends_with(" does not answer"),
            "{silence}"
        );
        assert_eq!(with_silence(&kafka, "it failed".into()).to_string(), format!("it failed; {silence}"));
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
