//! A 200 that can be trusted while Kafka is slow, away or refuses: what it did not acknowledge is on the disk, and arrives.

use crate::service::{Record, Service, cluster, settings, until};
use crate::{BATCH, TEXT};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use schemas::Topic;
use std::path::Path;
use std::time::{Duration, Instant};
use weir_ingest::{ProducerKind, Settings};

/// On a disk that may be slow, where the machine does other things.
fn with_spool(directory: &Path) -> Settings {
    Settings {
        spool_dir: Some(directory.to_owned()),
        spool_timeout: Duration::from_secs(20),
        ack_timeout: Duration::from_millis(200),
        ..settings()
    }
}

fn waiting(service: &Service) -> usize {
    service.metric("weir_spool_deliveries", "")
}

async fn until_drained(service: &Service) {
    until("the spool is empty", async || waiting(service) == 0).await;
}

/// As many deliveries as that, each with a text of its own.
fn numbered(count: usize) -> Vec<Vec<u8>> {
    let text = String::from_utf8(TEXT.to_vec()).unwrap();
    let mid = "\"mid\":\"";
    assert!(text.contains(mid), "the fixture has a mid to tell deliveries by");
    (0..count).map(|number| text.replacen(mid, &format!("{mid}{number:04}-"), 1).into_bytes()).collect()
}

/// Returns once every one of the bodies is there as it was sent, however often.
async fn until_arrived(service: &Service, bodies: &[Vec<u8>]) {
    let expected = bodies.to_vec();
    let is_there =
        |records: &[Record], body: &Vec<u8>| records.iter().any(|record| record.value.as_ref() == Some(body));
    let all = move |records: &[Record]| expected.iter().all(|body| is_there(records, body));
    service.records_until(Topic::Raw, all).await;
}

async fn raw(service: &Service, count: usize) -> Vec<Vec<u8>> {
    service.records(Topic::Raw, count).await.into_iter().filter_map(|record| record.value).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_kafka_is_away_deliveries_are_kept_and_arrive_as_received_once_it_is_back() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(with_spool(directory.path())).await;
    assert_eq!(service.post(BATCH).await.status, 200);
    // That one too, where the machine does other things.
    let before = service.metric("weir_ingest_deliveries_total", "spool");
    service.cluster.broker_down(1).unwrap();
    let bodies = numbered(30);
    for body in &bodies {
        assert_eq!(service.post(body).await.status, 200);
    }
    assert_eq!(service.metric("weir_ingest_deliveries_total", "spool"), before + 30);
    assert!(service.metric("weir_ingest_breaker_opened_total", "") >= 1);
    assert!(waiting(&service) > 0);
    service.cluster.broker_up(1).unwrap();
    until_drained(&service).await;
    until("Kafka is waited for again", async || service.metric("weir_ingest_breaker_open", "") == 0).await;
    assert_eq!(service.post(TEXT).await.status, 200);
    let arrived = raw(&service, 32).await;
    for body in bodies.iter().map(Vec::as_slice).chain([BATCH, TEXT]) {
        assert_eq!(arrived.iter().filter(|value| value.as_slice() == body).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_breaker_answers_at_once_what_the_disk_has() {
    let directory = tempfile::tempdir().unwrap();
    let settings =
        Settings { breaker_misses: 2, breaker_probe: Duration::from_mins(1), ..with_spool(directory.path()) };
    let ack_timeout = Duration::from_secs(6);
    let service = Service::start(Settings { ack_timeout, ..settings }).await;
    service.cluster.broker_round_trip_time(1, Duration::from_mins(1)).unwrap();
    let bodies = numbered(22);
    for body in &bodies[..2] {
        assert_eq!(service.post(body).await.status, 200);
    }
    let start = Instant::now();
    for body in &bodies[2..] {
        assert_eq!(service.post(body).await.status, 200);
    }
    assert!(start.elapsed() < ack_timeout, "20 answers took less than one ack timeout");
    assert_eq!(waiting(&service), 22);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_acknowledgement_takes_the_delivery_off_the_disk_and_it_is_there_once() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(with_spool(directory.path())).await;
    service.cluster.broker_round_trip_time(1, Duration::from_secs(1)).unwrap();
    assert_eq!(service.post(TEXT).await.status, 200);
    assert_eq!(service.metric("weir_ingest_deliveries_total", "spool"), 1);
    until_drained(&service).await;
    service.cluster.broker_round_trip_time(1, Duration::ZERO).unwrap();
    assert_eq!(service.metric("weir_spool_drained_total", ""), 0, "it was not sent again");
    assert_eq!(service.post(BATCH).await.status, 200);
    let arrived = raw(&service, 2).await;
    assert!(arrived.contains(&TEXT.to_vec()) && arrived.contains(&BATCH.to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_taken_without_kafka_arrive_in_order_by_a_later_process() {
    let directory = tempfile::tempdir().unwrap();
    let cluster = cluster();
    cluster.broker_down(1).unwrap();
    let service = Service::over(cluster, with_spool(directory.path())).await;
    let report = || service.process.health.report(runtime::process::health::Probe::Readiness);
    until("it is ready", async || report().passes()).await;
    assert!(report().verbose().contains("[!]kafka: "), "{}", report().verbose());
    let bodies = numbered(100);
    for body in &bodies {
        assert_eq!(service.post(body).await.status, 200);
    }
    let service = service.restart(with_spool(directory.path())).await;
    until("what was kept is there", async || waiting(&service) == 100).await;
    service.cluster.broker_up(1).unwrap();
    until_drained(&service).await;
    // They are of one conversation, so of one partition.
    let events = service.records(Topic::Messages, 100).await;
    let ids: Vec<_> = events.iter().map(|record| record.headers["ce_id"].clone()).collect();
    let expected: Vec<_> =
        bodies.iter().map(|body| schemas::split(body, 10).events[0].id.to_string()).collect();
    assert_eq!(ids, expected);
    assert_eq!(raw(&service, 100).await.len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_spool_is_answered_503_and_takes_deliveries_again_once_it_has_drained() {
    let directory = tempfile::tempdir().unwrap();
    let settings = Settings { spool_max_bytes: 200_000, ..with_spool(directory.path()) };
    let service = Service::start(settings).await;
    service.cluster.broker_down(1).unwrap();
    let mut kept = Vec::new();
    for body in numbered(300) {
        let answer = service.post(&body).await;
        match answer.status {
            200 => kept.push(body),
            503 => assert!(answer.head.contains("retry-after: 30")),
            other => panic!("{other}"),
        }
    }
    assert!(kept.len() > 50 && kept.len() < 300, "{}", kept.len());
    assert!(service.metric("weir_ingest_unavailable_total", "spool_full") > 0);
    assert_eq!(service.metric("weir_spool_healthy", ""), 0);
    service.cluster.broker_up(1).unwrap();
    until_drained(&service).await;
    until("it has space again", async || service.metric("weir_spool_healthy", "") == 1).await;
    until_arrived(&service, &kept).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_breaker_closes_although_the_spool_takes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let settings = Settings { spool_max_bytes: 1, ..with_spool(directory.path()) };
    let probe = Duration::from_millis(100);
    let service = Service::start(Settings { breaker_misses: 2, breaker_probe: probe, ..settings }).await;
    service.cluster.broker_down(1).unwrap();
    for body in numbered(5) {
        assert_eq!(service.post(&body).await.status, 503);
    }
    assert_eq!(service.metric("weir_ingest_breaker_open", ""), 1);
    service.cluster.broker_up(1).unwrap();
    until("Kafka is waited for again", async || service.post(TEXT).await.status == 200).await;
    assert_eq!(service.metric("weir_ingest_breaker_open", ""), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_that_kafka_refuses_are_parked_and_arrive_once_it_takes_them() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(with_spool(directory.path())).await;
    let refused = numbered(3);
    for (number, body) in refused.iter().enumerate() {
        // Each of its two records is refused twice: when it comes, and when it is sent from the disk.
        let refusals = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE; 4];
        service.cluster.request_errors(RDKafkaApiKey::Produce, &refusals);
        assert_eq!(service.post(body).await.status, 200);
        until("it is parked", async || service.metric("weir_spool_set_aside", "") == number + 1).await;
        service.cluster.clear_request_errors(RDKafkaApiKey::Produce);
    }
    assert_eq!(service.metric("weir_ingest_breaker_opened_total", ""), 0, "Kafka answers");
    service.cluster.broker_down(1).unwrap();
    assert_eq!(service.post(BATCH).await.status, 200);
    service.cluster.broker_up(1).unwrap();
    until_drained(&service).await;
    assert!(raw(&service, 1).await.contains(&BATCH.to_vec()));
    assert_eq!(service.metric("weir_spool_set_aside", ""), 3);
    // One is tried as a process starts, and then the others follow.
    let service = service.restart(with_spool(directory.path())).await;
    until_arrived(&service, &refused).await;
    until("none is parked", async || service.metric("weir_spool_set_aside", "") == 0).await;
    until_drained(&service).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_that_fails_for_good_loses_nothing_and_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    // The other one never fails for good.
    let settings = Settings { producer: ProducerKind::Rdkafka, ..with_spool(directory.path()) };
    let service = Service::start(settings).await;
    let gap = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER];
    let bodies = numbered(20);
    for (number, body) in bodies.iter().enumerate() {
        if number == 5 {
            service.cluster.request_errors(RDKafkaApiKey::Produce, &gap);
        }
        assert_eq!(service.post(body).await.status, 200);
    }
    until_drained(&service).await;
    assert!(service.metric("weir_producer_rebuilt_total", "fatal") >= 1);
    until_arrived(&service, &bodies).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spool_belongs_to_one_process() {
    let directory = tempfile::tempdir().unwrap();
    let first = Service::start(with_spool(directory.path())).await;
    let second = Service::over(cluster(), with_spool(directory.path())).await;
    let error = second.stop().await.unwrap_err().to_string();
    assert!(error.contains("in use by another process") && error.contains("--spool-dir"), "{error}");
    assert_eq!(first.post(TEXT).await.status, 200);
}
