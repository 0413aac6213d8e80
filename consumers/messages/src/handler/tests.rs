//! What is published of a record, and what was published already.

use super::*;
use crate::Input;
use prometheus::Registry;
use runtime::consumer::Headers;
use runtime::kafka::credentials::Credentials;
use runtime::settings::KafkaSettings;
use schemas::{Reception, split};
use serde_json::Value;

const TEXT: &str = include_str!("../../../../schemas/fixtures/message/text.json");
const TEST_BUTTON: &str = include_str!("../../../../schemas/fixtures/message/dashboard-test-change.json");
const ON_A_PAGE: &str = include_str!("../../../../schemas/fixtures/feed/comment-add.json");
const CHANGES_ON_A_WALL: [&str; 4] = [
    include_str!("../../../../schemas/fixtures/feed/comment-edited.json"),
    include_str!("../../../../schemas/fixtures/feed/comment-removed.json"),
    include_str!("../../../../schemas/fixtures/feed/reaction-add.json"),
    include_str!("../../../../schemas/fixtures/rating/comment-on-a-review.json"),
];
const BOUNDS: Bounds = Bounds { window: 3_600, most: 100 };
const RECEPTION: Reception<'static> =
    Reception { delivery_id: "delivery", received: "2025-07-18T10:35:12.000Z" };

struct Bench {
    handler: InboxHandler,
    registry: Registry,
}

impl Bench {
    fn new() -> Self {
        Self::of(Input::Messages)
    }

    fn of(input: Input) -> Self {
        let registry = Registry::new();
        let metrics = Metrics::register(&registry);
        // Nothing is read back here, so nobody is connected to.
        let tail = Tail::new(KafkaSettings::plain("127.0.0.1:1"), Credentials::default(), input.group());
        Self { handler: InboxHandler::new(Routes::new(input, "meta"), BOUNDS, tail, metrics), registry }
    }

    fn recent() -> RecentEvents {
        RecentEvents::new(BOUNDS)
    }

    fn handle(&self, recent: &mut RecentEvents, record: &Record) -> Result<Vec<Output>, Failure> {
        self.handler.handle_event(recent, record)
    }

    fn counted(&self, name: &str) -> f64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == name).expect("it is registered");
        family.get_metric().iter().map(|metric| metric.get_counter().get_value()).sum()
    }
}

fn record(offset: i64, value: Option<Vec<u8>>) -> Record {
    Record {
        topic: Arc::from("meta.messages.v1"),
        partition: 0,
        offset,
        timestamp: None,
        key: Some(b"account:user".to_vec()),
        value,
        headers: Headers::default(),
    }
}

fn typed(body: &str) -> Vec<u8> {
    let mut value = Vec::new();
    split(body.as_bytes(), 10).events[0].write_json(RECEPTION, &mut value);
    value
}

#[test]
fn a_message_becomes_one_record_of_the_inbox() {
    let bench = Bench::new();
    let mut recent = Bench::recent();
    let outputs = bench.handle(&mut recent, &record(7, Some(typed(TEXT)))).unwrap();
    let [output] = outputs.try_into().unwrap();
    assert_eq!(&*output.topic, "meta.inbox.v1");
    assert_eq!(output.key.as_deref(), Some(&b"account:user"[..]));
    let value: Value = serde_json::from_slice(&output.value).unwrap();
    assert_eq!(value["message"]["type"], "text");
    let header = |name: &str| {
        let (_, value) = output.headers.iter().find(|(header, _)| header == name).expect("it is there");
        String::from_utf8(value.clone()).unwrap()
    };
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(value["id"], header("ce_id"));
    assert_eq!(header("weir_event"), "message.received");
    assert!((bench.counted("weir_messages_events_total") - 1.0).abs() < f64::EPSILON);
}

#[test]
fn the_record_of_an_event_that_comes_again_is_marked_as_the_event_is() {
    let bench = Bench::new();
    let says = |name: &str, value: &str| (name.to_owned(), Some(value.as_bytes().to_vec()));
    let marks = [says("ce_replay", "run"), says("weir_dlq_attempts", "2")];
    let others = [says("weir_dlq_consumer", "weir-lookups"), says("mine", "1")];
    let again =
        Record { headers: others.into_iter().chain(marks.clone()).collect(), ..record(7, Some(typed(TEXT))) };
    let [output] = bench.handle(&mut Bench::recent(), &again).unwrap().try_into().unwrap();
    let headers = output.headers.into_iter().skip(3).map(|(name, value)| (name.into_owned(), Some(value)));
    assert_eq!(headers.collect::<Vec<_>>(), marks);
}

/// A text that was put back from the dead letters of a consumer, if it says of whose.
fn put_back(offset: i64, consumer: Option<&str>) -> Record {
    let says = |name: &str, value: &str| (name.to_owned(), Some(value.as_bytes().to_vec()));
    let consumer = consumer.map(|name| says(header::CONSUMER, name));
    let headers = consumer.into_iter().chain([says(header::ATTEMPTS, "1")]).collect();
    Record { headers, ..record(offset, Some(typed(TEXT))) }
}

#[test]
fn a_dead_letter_of_its_own_that_was_put_back_is_no_duplicate() {
    // Versions before this one keep no name.
    for consumer in [Some("weir-messages"), None] {
        let bench = Bench::new();
        let mut recent = Bench::recent();
        assert_eq!(bench.handle(&mut recent, &record(7, Some(typed(TEXT)))).unwrap().len(), 1);
        assert_eq!(bench.handle(&mut recent, &put_back(8, consumer)).unwrap().len(), 1, "{consumer:?}");
        assert_eq!(bench.handle(&mut recent, &record(9, Some(typed(TEXT)))).unwrap().len(), 0);
    }
}

#[test]
fn what_another_consumer_could_not_handle_is_not_published_again_when_it_is_put_back() {
    let bench = Bench::new();
    let mut recent = Bench::recent();
    assert_eq!(bench.handle(&mut recent, &record(7, Some(typed(TEXT)))).unwrap().len(), 1);
    assert_eq!(bench.handle(&mut recent, &put_back(8, Some("weir-lookups"))).unwrap().len(), 0);
    let fresh = bench.handle(&mut Bench::recent(), &put_back(8, Some("weir-lookups"))).unwrap();
    assert_eq!(fresh.len(), 1, "one that was never published is");
}

#[test]
fn what_the_output_holds_is_not_published_again_not_even_when_it_was_put_back() {
    let bench = Bench::new();
    let mut recent = Bench::recent();
    let event = typed(TEXT);
    let id = EventId::parse(&TypedEvent::read(Some(&event)).unwrap().id).unwrap();
    let now = Millis::of(SystemTime::now()).as_secs();
    recent.found(id, now, now);
    let mut again = record(7, Some(event));
    assert_eq!(bench.handle(&mut recent, &again).unwrap().len(), 0);
    again.headers.push(header::ATTEMPTS, Some(b"1"));
    assert_eq!(bench.handle(&mut recent, &again).unwrap().len(), 0);
    assert!((bench.counted("weir_messages_duplicates_total") - 2.0).abs() < f64::EPSILON);
}

#[test]
fn an_event_that_comes_twice_is_published_once() {
    let bench = Bench::new();
    let mut recent = Bench::recent();
    let outputs = |offset, recent: &mut RecentEvents| {
        bench.handle(recent, &record(offset, Some(typed(TEXT)))).unwrap().len()
    };
    assert_eq!(outputs(7, &mut recent), 1);
    assert_eq!(outputs(8, &mut recent), 0);
    assert_eq!(outputs(7, &mut recent), 1, "a record that is tried again is no duplicate of itself");
    assert_eq!(outputs(8, &mut Bench::recent()), 1, "each partition has its own");
    assert!((bench.counted("weir_messages_duplicates_total") - 1.0).abs() < f64::EPSILON);
}

#[test]
fn every_press_of_the_test_button_is_published() {
    let bench = Bench::new();
    let mut recent = Bench::recent();
    for offset in 7..10 {
        let outputs = bench.handle(&mut recent, &record(offset, Some(typed(TEST_BUTTON)))).unwrap();
        assert_eq!(outputs.len(), 1);
    }
}

#[test]
fn a_kind_without_a_place_is_handled_and_counted() {
    let bench = Bench::new();
    let mut recent = Bench::recent();
    let linking = r#"{"object":"page","entry":[{"id":"1","time":1752834911447,"messaging":[
        {"recipient":{"id":"1"},"timestamp":1752834911447,"account_linking":{"status":"unlinked"}}]}]}"#;
    for body in [linking, &linking.replace("account_linking", "telepathy")] {
        assert_eq!(bench.handle(&mut recent, &record(7, Some(typed(body)))), Ok(Vec::new()));
    }
    assert!((bench.counted("weir_messages_skipped_total") - 2.0).abs() < f64::EPSILON);
}

#[test]
fn a_comment_on_a_pages_post_is_published_beside_those_on_media() {
    let bench = Bench::of(Input::Feed);
    let on_a_wall = Record { topic: Arc::from("meta.feed.v1"), ..record(7, Some(typed(ON_A_PAGE))) };
    let [output] = bench.handle(&mut Bench::recent(), &on_a_wall).unwrap().try_into().unwrap();
    assert_eq!((&*output.topic, output.key), ("meta.inbox.comments.v1", on_a_wall.key));
}

#[test]
fn the_dead_letters_of_a_group_are_those_that_name_it() {
    for (input, own) in [(Input::Messages, "weir-messages"), (Input::Feed, "weir-messages-feed")] {
        for name in Input::ALL.map(Input::group) {
            let bench = Bench::of(input);
            let mut recent = Bench::recent();
            assert_eq!(bench.handle(&mut recent, &record(7, Some(typed(TEXT)))).unwrap().len(), 1);
            let again = bench.handle(&mut recent, &put_back(8, Some(name))).unwrap();
            assert_eq!(again.len(), usize::from(name == own), "{input:?} and a letter of {name}");
        }
    }
}

#[test]
fn all_else_that_happens_on_a_wall_is_handled_and_counted() {
    let bench = Bench::of(Input::Feed);
    let mut recent = Bench::recent();
    for body in CHANGES_ON_A_WALL {
        assert_eq!(bench.handle(&mut recent, &record(7, Some(typed(body)))), Ok(Vec::new()), "{body}");
    }
    assert!((bench.counted("weir_messages_skipped_total") - 4.0).abs() < f64::EPSILON);
}

#[test]
fn what_is_no_typed_event_is_rejected_without_its_words() {
    let bench = Bench::new();
    let mut recent = Bench::recent();
    let text = String::from_utf8(typed(TEXT)).unwrap();
    let values = [
        None,
        Some(Vec::new()),
        Some(b"secret words".to_vec()),
        Some(br#"{"text":"secret words"}"#.to_vec()),
        Some(text.replace(r#""id":""#, r#""id":"secret words"#).into_bytes()),
        Some(text.replace("2025-07-18T", "secret words").into_bytes()),
    ];
    for value in values {
        let Err(Failure::Reject { reason, error }) = bench.handle(&mut recent, &record(7, value)) else {
            panic!("it should be rejected");
        };
        assert_eq!(reason, "not_an_event");
        assert!(!error.contains("secret") && !error.contains('\n'), "{error}");
    }
}
