//! A results topic that may not be read for a while.

use super::*;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

const REFUSED: [RDKafkaRespErr; 1_000] =
    [RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 1_000];
/// Generous, for a machine that does other things too.
const DEADLINE: Duration = Duration::from_mins(1);

/// Returns once reading to the end of the topic fails, or does not.
async fn until_read(reader: &ResultsReader, is_read: bool) {
    let wanted = async {
        while reader.wait_until_caught_up(READ_BACK).await.is_ok() != is_read {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, wanted).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_carried_out_once_a_right_to_read_the_results_has_come_back() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    // The second time, the end of each partition was told before.
    for _ in 0..2 {
        bench.mock.request_errors(RDKafkaApiKey::Fetch, &REFUSED);
        let reader = owner.results_reader().await.unwrap();
        until_read(reader, false).await;
        assert!(owner.source.metrics.results_unreadable.get() > 0);
        bench.mock.clear_request_errors(RDKafkaApiKey::Fetch);
        until_read(reader, true).await;
        assert_eq!(owner.source.metrics.results_unreadable.get(), 0);
    }
    assert_eq!(results(&owner, &mut Partition::default(), &command(1)).await, ["done"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_that_cannot_be_read_back_is_not_written_again() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    bench.mock.request_errors(RDKafkaApiKey::Fetch, &REFUSED);
    let reader = owner.results_reader().await.unwrap();
    until_read(reader, false).await;
    let (record, mut pending) = (command(1), Pending::new(1, 1, Vec::new()));
    let parsed = Command::read(&record, facebook).unwrap();
    assert!(owner.intend(&mut pending, &record, &parsed.subject).await.is_err());
    assert_eq!(pending.intent, Intent::Written);
}
