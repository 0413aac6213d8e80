//! What a record adds to the metrics.

use super::*;
use prometheus::TextEncoder;
use runtime::consumer::Headers;
use runtime::kafka::credentials::Credentials;
use runtime::settings::KafkaSettings;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

fn record(value: Option<&[u8]>) -> Record {
    Record {
        topic: "meta.messages.v1".into(),
        partition: 0,
        offset: 7,
        timestamp: None,
        key: None,
        value: value.map(<[u8]>::to_vec),
        headers: Headers::default(),
    }
}

/// Handles a record after those of `before`, nothing of which was read back.
fn handle_after(
    registry: &Registry,
    before: &[String],
    value: Option<&[u8]>,
) -> Result<Vec<Output>, Failure> {
    let accounts = ["17841405726653026".to_owned()].into();
    let settings = MetricsSettings { accounts, read_back_records: 0, ..MetricsSettings::default() };
    let account_state = crate::account_state(registry, &settings);
    // Nothing is read back here, so nobody is connected to.
    let tail = Tail::new(KafkaSettings::plain("127.0.0.1:1"), Credentials::default(), "weir-metrics");
    let handler = MetricsHandler::new(registry, account_state, tail, settings);
    let mut partition = handler.partition();
    for (offset, value) in (-100..).zip(before) {
        handler.count(&mut partition, &Record { offset, ..record(Some(value.as_bytes())) })?;
    }
    let record = record(value);
    let mut result = pin!(async {
        handler.handle(&mut partition, &record, &mut None, &StallExemption::unwatched()).await
    });
    match result.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("the handler waits"),
    }
}

fn handle(registry: &Registry, value: Option<&[u8]>) -> Result<Vec<Output>, Failure> {
    handle_after(registry, &[], value)
}

/// What is shown after these events of a conversation: kind, second and number of each.
fn shown(events: &[(&str, u64, u32)]) -> String {
    let registry = Registry::new();
    let mut values: Vec<String> =
        events.iter().map(|(kind, second, number)| event(kind, *second, *number)).collect();
    let last = values.pop().unwrap();
    handle_after(&registry, &values, Some(last.as_bytes())).unwrap();
    TextEncoder::new().encode_to_string(&registry.gather()).unwrap()
}

fn event(kind: &str, second: u64, number: u32) -> String {
    let time = Millis::since_epoch(1_752_834_900_000 + second * 1_000);
    format!(
        r#"{{"id":"{number:08x}0123456789abcdef01234567","source":"/meta","type":"com.meta.instagram.{kind}.v1","metaobject":"instagram",
        "subject":"17841405726653026:42","time":"{time}","recordedtime":"{time}","metacarrier":"messaging",
        "metaaccount":"17841405726653026","deliveryid":"0","data":{{"media_id":"1","reach":70,"exits":-1}}}}"#
    )
}

#[test]
fn the_time_to_the_first_answer_is_measured_once() {
    let text =
        shown(&[("message", 0, 1), ("message", 5, 2), ("message.echo", 40, 3), ("message.echo", 50, 4)]);
    assert!(text.contains("weir_metrics_response_seconds_count 1"), "{text}");
    assert!(text.contains("weir_metrics_response_seconds_sum 40"), "{text}");
    let text = shown(&[("standby.message", 0, 1), ("message.echo", 40, 2)]);
    assert!(text.contains("weir_metrics_response_seconds_count 0"), "another app has the thread: {text}");
}

#[test]
fn a_message_that_comes_again_is_a_duplicate_and_asks_nothing_anew() {
    let text =
        shown(&[("message", 0, 1), ("message.echo", 40, 2), ("message", 0, 1), ("message.echo", 50, 3)]);
    assert!(text.contains(r#"weir_metrics_duplicates_total{kind="message",object="instagram"} 1"#), "{text}");
    assert!(text.contains("weir_metrics_response_seconds_count 1"), "{text}");
}

#[test]
fn a_configured_account_has_its_silence_and_its_last_story() {
    let text = shown(&[("story_insights", 0, 1)]);
    let account = r#"account="17841405726653026""#;
    assert!(text.contains(&format!("weir_metrics_account_silence_seconds{{{account}}} ")), "{text}");
    assert!(text.contains(&format!("weir_metrics_story_insight{{{account},metric=\"reach\"}} 70")), "{text}");
    assert!(!text.contains(r#"metric="exits""#), "{text}");
    assert!(text.contains("weir_metrics_accounts 1"), "{text}");
}

#[test]
fn an_event_without_a_kind_is_counted_by_its_name() {
    let text = shown(&[("unknown", 0, 1)]);
    assert!(text.contains(r#"weir_metrics_unknown_total{field="exits"} 1"#), "{text}");
}

#[test]
fn an_event_is_counted_and_gives_no_output() {
    let registry = Registry::new();
    let value = br#"{"id":"0","source":"/meta","type":"com.meta.page.comment.v1","metaobject":"page",
        "metacarrier":"changes","deliveryid":"0","data":{}}"#;
    assert!(handle(&registry, Some(value)).unwrap().is_empty());
    let text = TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
    assert!(
        text.contains(r#"weir_metrics_events_total{carrier="changes",kind="comment",object="page"} 1"#),
        "{text}"
    );
}

#[test]
fn a_record_that_is_no_event_is_rejected_without_its_words() {
    for value in [None, Some(&b"hunter2"[..]), Some(br#"{"hunter2":1}"#), Some(b"")] {
        match handle(&Registry::new(), value) {
            Err(Failure::Reject { reason: "not_an_event", error }) => assert!(!error.contains("hunter2")),
            other => panic!("{value:?} gives {other:?}"),
        }
    }
}
