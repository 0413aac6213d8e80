//! What the public port answers, over a real socket and librdkafka's mock cluster.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test, as it should")]

mod account_limit;
mod availability;
mod direct;
mod flood;
mod framing;
mod secrets;
mod service;
mod spool;
mod spool_faults;

use schemas::Topic;
use service::{SECRET, Service, digest, limited, post, settings, signed, until};
use std::time::Duration;

const TEXT: &[u8] = include_bytes!("../../../schemas/fixtures/message/text.json");
const BATCH: &[u8] = include_bytes!("../../../schemas/fixtures/batch/two-entries-four-items.json");

fn is_one_line_of_text(answer: &service::Answer) -> bool {
    answer.head.contains("content-type: text/plain") && !answer.body.is_empty() && !answer.body.contains('\n')
}

#[tokio::test]
async fn the_handshake_echoes_the_challenge_to_a_known_token_only() {
    let service = Service::start(settings()).await;
    let get = |query: &str| format!("GET /webhook{query} HTTP/1.1\r\nhost: weir\r\n\r\n").into_bytes();
    let good = "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock";
    let answer = service.ask(&get(good)).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "1158201444"));
    assert!(answer.head.contains("content-type: text/plain"));
    for bad in [
        "",
        "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong",
        &format!("{good}&hub.mode=subscribe"),
    ] {
        let answer = service.ask(&get(bad)).await;
        assert_eq!(answer.status, 403, "{bad}");
        assert!(is_one_line_of_text(&answer) && !answer.body.contains("wrong"));
    }
}

#[tokio::test]
async fn a_delivery_is_on_its_topics_when_it_is_answered_200() {
    let service = Service::start(settings()).await;
    let answer = service.post(BATCH).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    let raw = service.records(Topic::Raw, 1).await.remove(0);
    assert_eq!(raw.value.as_deref(), Some(BATCH));
    assert_eq!(raw.key, None);
    let expected = [
        ("ce_specversion", "1.0"),
        ("ce_type", "com.meta.webhook.delivery.v1"),
        ("content-type", "application/json"),
        ("x-hub-signature-256", &format!("sha256={}", digest(SECRET, BATCH))),
        ("weir_app", "default"),
    ];
    for (name, value) in expected {
        assert_eq!(raw.headers[name], value, "{name}");
    }
    let split = schemas::split(BATCH, 10);
    assert_eq!(split.events.len(), 4);
    assert_eq!(raw.headers["ce_source"], split.source);
    for event in &split.events {
        let of_topic = split.events.iter().filter(|other| other.topic() == event.topic()).count();
        let records = service.records(event.topic(), of_topic).await;
        let record = records.iter().find(|record| record.headers["ce_id"] == event.id.to_string());
        let record = record.expect("the event has a record with its id");
        assert_eq!(record.key, event.key);
        assert_eq!(record.headers["content-type"], "application/cloudevents+json; charset=UTF-8");
        let typed = schemas::TypedEvent::read(record.value.as_deref()).unwrap();
        assert_eq!(typed.event_type, record.headers["ce_type"]);
        assert_eq!(typed.kind(), Some(event.kind));
        assert_eq!(typed.deliveryid, raw.headers["ce_id"]);
        assert_eq!(typed.recordedtime.as_deref(), Some(raw.headers["ce_time"].as_str()));
        assert_eq!(typed.data.get(), event.data);
    }
}

#[tokio::test]
async fn refusals_come_in_their_order_and_say_what_to_fix() {
    let service = Service::start(settings()).await;
    let large = "content-length: 4194305\r\n\r\n";
    let cases: [(&str, u16); 8] = [
        ("PUT /other HTTP/1.1\r\nhost: weir\r\ncontent-encoding: gzip\r\n", 404),
        ("POST /webhook/ HTTP/1.1\r\nhost: weir\r\n", 404),
        ("PUT /webhook HTTP/1.1\r\nhost: weir\r\ncontent-encoding: gzip\r\n", 405),
        ("HEAD /webhook HTTP/1.1\r\nhost: weir\r\n", 405),
        ("POST /webhook HTTP/1.1\r\nhost: weir\r\ncontent-encoding: gzip\r\n", 415),
        ("POST /webhook HTTP/1.1\r\nhost: weir\r\n", 413),
        ("POST /webhook HTTP/1.1\r\nhost: weir\r\ncontent-encoding: identity\r\n", 413),
        ("POST /webhook HTTP/1.1\r\nhost: weir\r\nx-hub-signature-256: sha256=00\r\n", 413),
    ];
    for (head, status) in cases {
        let mut connection = service.connect().await;
        connection.send(format!("{head}{large}").as_bytes()).await;
        if head.starts_with("HEAD") {
            continue; // Its answer has a length and no body.
        }
        let answer = connection.answer().await;
        assert_eq!(answer.status, status, "{head}");
        assert!(is_one_line_of_text(&answer), "{answer:?}");
        assert!(connection.is_closed().await, "{head}");
        assert_eq!(status == 405, answer.head.contains("allow: get, post"), "{head}");
    }
}

#[tokio::test]
async fn a_bad_signature_is_answered_401_counted_by_reason_and_publishes_nothing() {
    let service = Service::start(settings()).await;
    let right = digest(SECRET, TEXT);
    let wrong = digest("another secret", TEXT);
    let cases = [
        (String::new(), "missing"),
        (
            format!("x-hub-signature-256: sha256={right}\r\nx-hub-signature-256: sha256={right}\r\n"),
            "repeated",
        ),
        (format!("x-hub-signature-256: {right}\r\n"), "malformed"),
        ("x-hub-signature-256: sha256=abc\r\n".to_owned(), "malformed"),
        (format!("x-hub-signature-256: sha256={wrong}\r\n"), "wrong"),
    ];
    for (headers, reason) in cases {
        let before = service.metric("weir_ingest_signature_failures_total", reason);
        let answer = service.ask(&post(&headers, TEXT)).await;
        assert_eq!(answer.status, 401, "{headers}");
        assert!(is_one_line_of_text(&answer) && !answer.body.contains(&right));
        assert_eq!(service.metric("weir_ingest_signature_failures_total", reason), before + 1);
    }
    // What is published next is the first record there is.
    assert_eq!(service.post(BATCH).await.status, 200);
    let raw = service.records(Topic::Raw, 1).await;
    assert_eq!(raw[0].value.as_deref(), Some(BATCH));
}

#[tokio::test]
async fn signed_rubbish_is_answered_200_and_kept_raw_and_as_a_dead_letter() {
    let service = Service::start(settings()).await;
    let deep = format!("{}{}", "[".repeat(129), "]".repeat(129));
    let cases: [(&[u8], &str); 5] = [
        (b"", "not_json"),
        (b"{\"object\":", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"{\"hello\":1}", "not_a_delivery"),
        (deep.as_bytes(), "too_deep"),
    ];
    for (body, _) in cases {
        assert_eq!(service.post(body).await.status, 200);
    }
    let raw = service.records(Topic::Raw, cases.len()).await;
    let dead = service.records(Topic::IngestDlq, cases.len()).await;
    for (body, reason) in cases {
        assert!(raw.iter().any(|record| record.value.as_deref() == Some(body)), "{reason}");
        let letter = dead.iter().find(|record| record.value.as_deref() == Some(body)).unwrap();
        assert_eq!(letter.headers["weir_dlq_reason"], reason);
        assert_eq!(letter.headers["weir_dlq_consumer"], "weir-ingest");
        assert!(!letter.headers.contains_key("weir_dlq_topic"));
    }
}

#[tokio::test]
async fn hostile_bodies_are_answered_200_and_kept_raw_byte_for_byte() {
    let service = Service::start(settings()).await;
    let of_item = |item: &str| {
        format!(r#"{{"object":"page","entry":[{{"id":"17","messaging":[{item}]}}]}}"#).into_bytes()
    };
    let number =
        format!(r#"{{"sender":{{"id":{0}}},"timestamp":1e999,"message":{{"mid":{0}}}}}"#, "9".repeat(400));
    // A partition of the mock cluster keeps its latest 5 MiB only.
    let bodies: [Vec<u8>; 8] = [
        [b"[".repeat(100_000), b"]".repeat(100_000)].concat(),
        [&b"["[..], &b"[],".repeat(500_000), b"[]]"].concat(),
        of_item(&vec!["{}"; 500_000].join(",")),
        of_item(r#"{"\ud83d":"\u0000","message":{"mid":"\udc00","text":"\ud83d"}}"#),
        of_item(r#"{"message":{"mid":"1","mid":"2"},"message":{}}],"messaging":[{}"#),
        of_item(&number),
        [b"\xef\xbb\xbf", TEXT].concat(),
        [TEXT, b"\0\xff\xed\xa0\xbd"].concat(),
    ];
    for body in &bodies {
        assert_eq!(service.post(body).await.status, 200, "{}", String::from_utf8_lossy(&body[..20]));
    }
    let raw = service.records(Topic::Raw, bodies.len()).await;
    for body in &bodies {
        assert!(
            raw.iter().any(|record| record.value.as_deref() == Some(body)),
            "a body is not there as sent"
        );
    }
}

#[tokio::test]
async fn a_delivery_with_too_many_events_is_a_dead_letter() {
    let service = Service::start(weir_ingest::Settings { max_events: 3, ..settings() }).await;
    assert_eq!(service.post(BATCH).await.status, 200);
    let dead = service.records(Topic::IngestDlq, 1).await;
    assert_eq!(dead[0].headers["weir_dlq_reason"], "too_many_events");
}

#[tokio::test]
async fn bodies_in_chunks_are_verified_as_one_and_capped_too() {
    let service = Service::start(weir_ingest::Settings { max_body: 2048, ..settings() }).await;
    let chunked = |body: &[u8]| {
        let mut request = format!(
            "POST /webhook HTTP/1.1\r\nhost: weir\r\nx-hub-signature-256: sha256={}\r\ntransfer-encoding: chunked\r\n\r\n",
            digest(SECRET, body)
        )
        .into_bytes();
        for chunk in body.chunks(100) {
            request.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
            request.extend(chunk);
            request.extend(b"\r\n");
        }
        request.extend(b"0\r\n\r\n");
        request
    };
    assert_eq!(service.ask(&chunked(TEXT)).await.status, 200);
    assert_eq!(service.ask(&chunked(&[b' '; 2049])).await.status, 413);
}

#[tokio::test]
async fn one_connection_serves_request_after_request() {
    let service = Service::start(settings()).await;
    let mut connection = service.connect().await;
    for _ in 0..3 {
        connection.send(&signed(TEXT)).await;
        assert_eq!(connection.answer().await.status, 200);
    }
    connection.send(&post("x-hub-signature-256: sha256=00\r\n", b"")).await;
    assert_eq!(connection.answer().await.status, 401);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let body_timeout = Duration::from_millis(200);
    let service = Service::start(limited(|limits| limits.body_timeout = body_timeout)).await;
    let request = signed(TEXT);
    let mut connection = service.connect().await;
    connection.send(&request[..request.len() - 1]).await;
    assert_eq!(connection.answer().await.status, 408);
    assert!(connection.is_closed().await);
}

#[tokio::test]
async fn one_connection_too_many_is_answered_503_at_once() {
    let mut settings = limited(|limits| limits.max_connections = 1);
    settings.ack_timeout = Duration::from_secs(30);
    let service = Service::start(settings).await;
    service.cluster.broker_round_trip_time(1, Duration::from_secs(5)).unwrap();
    let mut first = service.connect().await;
    first.send(&signed(TEXT)).await;
    let is_under_way = async || service.metric("weir_ingest_body_bytes_total", "") == TEXT.len();
    until("the one connection has a signed request under way", is_under_way).await;
    let mut second = service.connect().await;
    assert_eq!(second.answer().await.status, 503);
    assert!(second.is_closed().await);
    assert_eq!(first.answer().await.status, 200);
    service.cluster.broker_round_trip_time(1, Duration::ZERO).unwrap();
    until("the slot is free again", async || service.post(TEXT).await.status == 200).await;
}
