//! The direct producer while leaders move, brokers come and go, refuse and throttle. All other tests run over it too where the
//! environment names it (`WEIR_PRODUCER=direct`).

use crate::service::{Service, settings, until};
use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use schemas::Topic;
use weir_ingest::{ProducerKind, Settings};

const TEXT: &[u8] = include_bytes!("../../../schemas/fixtures/message/text.json");
const BROKERS: i32 = 3;

async fn service() -> Service {
    let cluster = MockCluster::new(BROKERS).unwrap();
    for topic in Topic::OF_INGEST {
        cluster.create_topic(&topic.name("meta"), 3, BROKERS).unwrap();
    }
    let service = Service::over(cluster, Settings { producer: ProducerKind::Direct, ..settings() }).await;
    service.until_ready().await;
    service
}

#[tokio::test]
async fn records_follow_their_leaders() {
    let service = service().await;
    for (moved, leader) in (1..).zip([1, 2, 3, 1]) {
        for topic in [Topic::Raw, Topic::Messages] {
            for partition in 0..3 {
                service.cluster.partition_leader(&topic.name("meta"), partition, Some(leader)).unwrap();
            }
        }
        until("a delivery is taken at its new leader", async || service.post(TEXT).await.status == 200).await;
        service.records(Topic::Messages, moved).await;
    }
}

#[tokio::test]
async fn a_broker_that_is_gone_and_back_gets_records_again() {
    let service = service().await;
    for partition in 0..3 {
        service.cluster.partition_leader(&Topic::Messages.name("meta"), partition, Some(2)).unwrap();
    }
    until("a delivery is taken", async || service.post(TEXT).await.status == 200).await;
    service.cluster.broker_down(2).unwrap();
    assert_eq!(service.post(TEXT).await.status, 503);
    service.cluster.broker_up(2).unwrap();
    until("a delivery is taken again", async || service.post(TEXT).await.status == 200).await;
}

#[tokio::test]
async fn a_refused_record_is_not_sent_again_and_says_why() {
    let service = service().await;
    assert_eq!(service.post(TEXT).await.status, 200);
    let refusals = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED];
    service.cluster.request_errors(RDKafkaApiKey::Produce, &refusals);
    let answer = service.post(TEXT).await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.starts_with("Kafka refuses a record"), "{}", answer.body);
    service.cluster.clear_request_errors(RDKafkaApiKey::Produce);
    assert_eq!(service.post(TEXT).await.status, 200);
}
