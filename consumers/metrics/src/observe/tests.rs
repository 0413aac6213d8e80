//! What is observed of events: labels and ages.

use super::*;
use schemas::{Reception, split};
use std::fs;
use std::path::Path;

const RECEIVED: &str = "2025-07-18T13:00:00.000Z";

fn now() -> Millis {
    Millis::parse("2025-07-18T13:00:01.500Z").unwrap()
}

/// What is seen of an event: object, kind, carrier, whether it is a test, its age at receipt and now.
struct Seen {
    object: String,
    kind: String,
    carrier: String,
    test: bool,
    at_receipt: Option<Duration>,
    since_receipt: Option<Duration>,
}

/// What the events of a fixture say, in order.
fn observations(fixture: &str) -> Vec<Seen> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/fixtures").join(fixture);
    let body = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let reception = Reception { delivery_id: "0198", received: RECEIVED };
    let events = split(&body, 100).events;
    let observe = |event: &schemas::Event<'_>| {
        let mut value = Vec::new();
        event.write_json(reception, &mut value);
        seen(&value)
    };
    events.iter().map(observe).collect()
}

fn observation(object: &str, event_type: &str, carrier: &str, time: &str, received: &str) -> Seen {
    let value = format!(
        r#"{{"id":"0","source":"/meta","type":"{event_type}","time":"{time}","recordedtime":"{received}",
            "metaobject":"{object}","metacarrier":"{carrier}","deliveryid":"0","data":{{}}}}"#
    );
    seen(value.as_bytes())
}

fn seen(value: &[u8]) -> Seen {
    let event = TypedEvent::read(Some(value)).unwrap();
    let observation = Observation::of(&event);
    let [object, kind, carrier] = observation.labels().map(Cow::into_owned);
    Seen {
        object,
        kind,
        carrier,
        test: event.metatest,
        at_receipt: observation.age_at_receipt(),
        since_receipt: observation.age(now()),
    }
}

#[test]
fn a_message_is_counted_by_object_kind_and_carrier() {
    let observations = observations("message/text.json");
    assert_eq!(observations.len(), 1);
    let Seen { object, kind, carrier, test, at_receipt, since_receipt } = &observations[0];
    assert_eq!(
        (object.as_str(), kind.as_str(), carrier.as_str(), *test),
        ("instagram", "message", "messaging", false)
    );
    assert!(at_receipt.is_some());
    assert_eq!(*since_receipt, Some(Duration::from_millis(1_500)));
}

#[test]
fn every_item_of_a_delivery_is_an_observation() {
    let observed = observations("batch/three-carriers-in-one-entry.json");
    let kinds: Vec<_> = observed.iter().map(|seen| (&*seen.kind, &*seen.carrier)).collect();
    assert_eq!(
        kinds,
        [("message", "messaging"), ("standby.receipt.read", "standby"), ("comment", "changes")]
    );
}

#[test]
fn a_dashboard_test_is_told_from_the_rest() {
    assert!(observations("comment/dashboard-test.json").iter().all(|seen| seen.test));
    assert!(observations("comment/on-post.json").iter().all(|seen| !seen.test));
}

#[test]
fn an_age_is_from_one_instant_to_the_next_and_never_negative() {
    let message = "com.meta.page.message.v1";
    let late = observation("page", message, "messaging", "2025-07-16T13:00:00.000Z", RECEIVED);
    assert_eq!(late.at_receipt, Some(Duration::from_hours(48)));
    let skewed =
        observation("page", message, "messaging", "2025-07-18T13:00:00.250Z", "2025-07-18T14:00:00.000Z");
    assert_eq!(skewed.since_receipt, Some(Duration::ZERO));
    let future = observation("page", message, "messaging", "2025-07-18T13:00:00.250Z", RECEIVED);
    assert_eq!(future.at_receipt, Some(Duration::ZERO));
}

#[test]
fn an_age_that_cannot_be_known_is_none() {
    let without_time = observation("page", "com.meta.page.feed.v1", "changes", "", RECEIVED);
    assert_eq!(without_time.at_receipt, None);
    assert!(without_time.since_receipt.is_some());
    let without_receipt = observation("page", "com.meta.page.feed.v1", "changes", RECEIVED, "soon");
    assert_eq!((without_receipt.at_receipt, without_receipt.since_receipt), (None, None));
}

#[test]
fn names_outside_the_closed_sets_count_as_other() {
    let seen = observation("threads", "com.meta.threads.telepathy.v1", "aether", RECEIVED, RECEIVED);
    assert_eq!((&*seen.object, &*seen.kind, &*seen.carrier), (OTHER, OTHER, OTHER));
}
