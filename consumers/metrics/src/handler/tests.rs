//! Tests of `handler`.

use super::*;
use prometheus::{Registry, TextEncoder};
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
        headers: Vec::new(),
    }
}

/// The handler waits for nothing, so one poll is all that it takes.
fn handle(registry: &Registry, value: Option<&[u8]>) -> Result<Vec<Output>, Failure> {
    let counting = Counting::new(EventMetrics::new(registry));
    let record = record(value);
    let mut result = pin!(async { counting.handle(&mut (), &record).await });
    match result.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("the handler waits"),
    }
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
