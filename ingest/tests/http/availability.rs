//! What is answered while Kafka or a topic is unavailable, acknowledgements are late, or the process is stopping.

use crate::is_one_line_of_text;
use crate::service::{SECRET, Service, cluster, digest, limited, post, settings, signed, until};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use schemas::Topic;
use std::time::{Duration, Instant};

const TEXT: &[u8] = include_bytes!("../../../schemas/fixtures/message/text.json");
const BATCH: &[u8] = include_bytes!("../../../schemas/fixtures/batch/two-entries-four-items.json");

#[tokio::test]
async fn without_a_broker_deliveries_are_answered_503_until_it_comes() {
    let cluster = cluster();
    cluster.broker_down(1).unwrap();
    let service = Service::over(cluster, settings()).await;
    let answer = service.post(TEXT).await;
    assert_eq!(answer.status, 503);
    assert!(answer.head.contains("retry-after: 30") && is_one_line_of_text(&answer));
    assert!(answer.body.starts_with("starting: "), "{}", answer.body);
    service.cluster.broker_up(1).unwrap();
    service.until_ready().await;
    assert_eq!(service.post(TEXT).await.status, 200);
}

#[tokio::test]
async fn a_probe_is_answered_on_the_public_port_where_a_setting_says_so() {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: weir\r\n\r\n").into_bytes();
    let cluster = cluster();
    cluster.broker_down(1).unwrap();
    let health_path = Some("/health".to_owned());
    let service = Service::over(cluster, weir_ingest::Settings { health_path, ..settings() }).await;
    assert_eq!(service.ask(&get("/health")).await.status, 503);
    service.cluster.broker_up(1).unwrap();
    service.until_ready().await;
    let answer = service.ask(&get("/health")).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(service.metric("weir_ingest_requests_total", "get"), 0, "a probe is no traffic");
    assert_eq!(service.ask(&get("/health/x")).await.status, 404);
    assert_eq!(
        service.ask(b"POST /health HTTP/1.1\r\nhost: weir\r\ncontent-length: 0\r\n\r\n").await.status,
        404
    );
    service.stop().await.unwrap();

    let service = Service::start(settings()).await;
    assert_eq!(service.ask(&get("/health")).await.status, 404);
}

#[tokio::test]
async fn a_missing_topic_is_named_and_found_once_it_is_made() {
    let cluster = rdkafka::mocking::MockCluster::new(1).unwrap();
    for topic in Topic::OF_INGEST.into_iter().filter(|topic| *topic != Topic::Mentions) {
        cluster.create_topic(&topic.name("meta"), 3, 1).unwrap();
    }
    let service = Service::over(cluster, settings()).await;
    let report = || service.process.health.report(runtime::process::health::Probe::Readiness).verbose();
    until("the topic is named", async || report().contains("meta.mentions.v1")).await;
    assert!(report().contains("weir topics apply"));
    assert_eq!(service.post(TEXT).await.status, 503);
    service.cluster.create_topic("meta.mentions.v1", 3, 1).unwrap();
    service.until_ready().await;
    assert_eq!(service.post(TEXT).await.status, 200);
}

#[tokio::test]
async fn a_late_acknowledgement_is_answered_503_within_the_ack_timeout() {
    let ack_timeout = Duration::from_millis(200);
    let service = Service::start(weir_ingest::Settings { ack_timeout, ..settings() }).await;
    let broker = Duration::from_secs(30);
    service.cluster.broker_round_trip_time(1, broker).unwrap();
    let start = Instant::now();
    let answer = service.post(TEXT).await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.starts_with("Kafka did not acknowledge the delivery "), "{}", answer.body);
    assert!(start.elapsed() >= ack_timeout, "nothing was waited for");
    assert!(start.elapsed() < broker, "the answer waited for the broker");
    assert_eq!(service.metric("weir_ingest_unavailable_total", "late"), 1);
}

#[tokio::test]
async fn a_record_that_its_topic_refuses_says_nothing_of_other_deliveries() {
    let service = Service::start(settings()).await;
    let refusal = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_RECORD];
    for _ in 0..2 * settings().breaker_misses {
        service.cluster.request_errors(RDKafkaApiKey::Produce, &refusal);
        let answer = service.post(TEXT).await;
        assert_eq!(answer.status, 503);
        assert!(answer.body.starts_with("Kafka refuses a record"), "{}", answer.body);
    }
    assert_eq!(service.post(TEXT).await.status, 200, "the breaker is closed");
}

#[tokio::test]
async fn requests_under_way_are_answered_when_the_end_is_asked_for() {
    let service = Service::start(settings()).await;
    let mut idle = service.connect().await;
    idle.send(&signed(TEXT)).await;
    assert_eq!(idle.answer().await.status, 200);
    service.cluster.broker_round_trip_time(1, Duration::from_millis(300)).unwrap();
    let mut busy = service.connect().await;
    busy.send(&signed(BATCH)).await;
    until("the request is under way", async || {
        service.metric("weir_ingest_body_bytes_total", "") >= TEXT.len() + BATCH.len()
    })
    .await;
    let address = service.address;
    service.process.shutdown.trigger();
    assert_eq!(busy.answer().await.status, 200);
    assert!(busy.is_closed().await && idle.is_closed().await);
    service.stop().await.unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn requests_and_records_that_do_not_end_use_up_the_same_time_when_the_end_is_asked_for() {
    let drain_timeout = Duration::from_secs(6);
    let patient = limited(|limits| (limits.body_timeout, limits.body_min_rate) = (Duration::from_mins(1), 1));
    let ack_timeout = Duration::from_millis(200);
    let service = Service::start(weir_ingest::Settings { ack_timeout, drain_timeout, ..patient }).await;
    service.cluster.broker_round_trip_time(1, Duration::from_secs(30)).unwrap();
    assert_eq!(service.post(TEXT).await.status, 503, "its records are under way");
    let mut slow = service.connect().await;
    let headers = format!("expect: 100-continue\r\nx-hub-signature-256: sha256={}\r\n", digest(SECRET, TEXT));
    let request = post(&headers, TEXT);
    slow.send(&request[..request.len() - 1]).await;
    assert_eq!(slow.next_status().await, Some(100), "its body is read");
    let start = Instant::now();
    service.stop().await.unwrap();
    assert!(start.elapsed() >= drain_timeout, "it was waited for");
    assert!(start.elapsed() < 2 * drain_timeout, "one after the other: {:?}", start.elapsed());
}
