//! Up to where the topic counts as read.

use super::*;
use crate::ABOUT;
use crate::metrics::ReplyMetrics;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use runtime::consumer::Headers;
use runtime::process::Process;
use runtime::settings::KafkaSettings;

/// Generous, for a machine that does other things too.
const DEADLINE: Duration = Duration::from_mins(1);
const TOPIC: &str = "results";

/// Follows a topic of one partition without records.
async fn results_reader() -> (ResultsReader, MockCluster<'static, DefaultProducerContext>) {
    let mock = MockCluster::new(1).unwrap();
    mock.create_topic(TOPIC, 1, 1).unwrap();
    let kafka = KafkaSettings::plain(mock.bootstrap_servers());
    let process = Process::new(ABOUT.name, ABOUT.version);
    let metrics = ReplyMetrics::new(&process.registry, 1_000);
    let source = Source { kafka, process, topic: Arc::from(TOPIC), metrics };
    let window = Duration::from_hours(1);
    (ResultsReader::start(source, window, Ledger::new(window, 9)).await.unwrap(), mock)
}

impl ResultsReader {
    fn is_read_to(&self) -> Option<i64> {
        self.shared.read.borrow().offsets.get(&0).copied()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_ends_before_what_was_read_is_not_read_until_it_was_begun_anew() {
    let (reader, _mock) = results_reader().await;
    reader.wait_until_caught_up(DEADLINE).await.unwrap();
    reader.shared.read.send_modify(|read| read.offsets.extend([(0, 9)]));
    let behind = reader.wait_until_caught_up(Duration::ZERO).await;
    assert!(matches!(behind, Err(ResultsError::Behind)), "{behind:?}");
    reader.wait_until_caught_up(DEADLINE).await.unwrap();
    assert_eq!((reader.is_read_to(), reader.shared.source.metrics.results_rebuilt.get()), (Some(0), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_back_has_read_its_log_no_further() {
    let (reader, _mock) = results_reader().await;
    for offset in [8, 3] {
        let (partition, topic, headers) = (0, Arc::from(TOPIC), Headers::default());
        reader.shared.take(&Record {
            topic,
            partition,
            offset,
            timestamp: None,
            key: None,
            value: None,
            headers,
        });
        assert_eq!(reader.is_read_to(), Some(offset + 1));
    }
}
