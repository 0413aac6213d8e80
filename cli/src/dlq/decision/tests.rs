//! What becomes of dead letters of each sort.

use super::super::dead_letter::tests::record;
use super::super::settings::Scope;
use super::*;
use crate::tool::settings::EventLimits;
use runtime::settings::KafkaSettings;
use schemas::Millis;

const BODY: &[u8] = include_bytes!("../../../../schemas/fixtures/message/text.json");

fn settings() -> RedriveSettings {
    let topic_prefix = "meta".to_owned();
    RedriveSettings {
        kafka: KafkaSettings::plain("kafka:9092"),
        scope: Scope { consumer: None, topic: None, reason: None, until: None, topic_prefix },
        since: Millis::since_epoch(0),
        limit: None,
        apply: false,
        rate: 100,
        max_attempts: 20,
        event_limits: EventLimits { max_events: 100, min_bytes_per_event: 32 },
        again: false,
        json: false,
    }
}

fn decide(record: &Record) -> Result<(Decision, Vec<Typed>), String> {
    let topics = [
        "meta.comments.v1",
        "meta.feed.v1",
        "meta.messages.v1",
        "meta.replies.v1",
        "meta.webhooks.raw.v1",
        "meta.inbox.v1",
    ];
    let topics = topics.map(str::to_owned).into();
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_569_262_500_123);
    Rules { topics: &topics, settings: &settings(), now }.decide(record, &DeadLetter::of(record))
}

/// What its consumer does not read.
fn foreign(topic: &str) -> Result<(Decision, Vec<Typed>), String> {
    Err(format!("its consumer does not read {topic}, where it says it is from"))
}

/// A body that ingest would refuse again.
fn still_refused(reason: &str) -> Result<(Decision, Vec<Typed>), String> {
    Err(format!("a body that still cannot be read ({reason})"))
}

/// What goes back to this topic.
fn back(topic: &str) -> (Decision, Vec<Typed>) {
    (Decision::Redrive(topic.to_owned()), Vec::new())
}

/// A dead letter of ingest's.
fn body(bytes: &[u8]) -> Record {
    let mut record = record(None, 1);
    let reception =
        [("ce_id", "0198a5b0-7c1e-7d2a-9f00-1234567890ab"), ("ce_time", "2025-07-18T10:35:10.123Z")];
    record.topic = "meta.ingest.dlq.v1".into();
    let why = record.headers.iter().filter(|(name, _)| name.starts_with(header::PREFIX));
    let reception = reception.map(|(name, value)| (name, Some(value.as_bytes())));
    record.headers = why.chain(reception).collect();
    record.value = Some(bytes.to_vec());
    record
}

#[test]
fn a_dead_letter_goes_back_to_its_topic_unless_that_is_gone_or_none_of_the_pipelines() {
    assert_eq!(decide(&record(Some("meta.comments.v1"), 5)), Ok(back("meta.comments.v1")));
    let of_profiles = decide(&record(Some("meta.messages.v1"), 5));
    assert_eq!(of_profiles, Ok(back("meta.messages.v1")), "weir-lookups may read it");
    let of_no_events = decide(&record(Some("meta.lookups.dlq.v1"), 5));
    assert_eq!(of_no_events, foreign("meta.lookups.dlq.v1"));
    let gone = "there is no topic meta.mentions.v1".to_owned();
    assert_eq!(decide(&record(Some("meta.mentions.v1"), 5)), Err(gone));
}

#[test]
fn what_the_group_of_the_feed_could_not_handle_goes_back_there() {
    let dead_letter = Record { topic: "meta.messages.dlq.v1".into(), ..record(Some("meta.feed.v1"), 5) };
    assert_eq!(decide(&dead_letter), Ok(back("meta.feed.v1")));
}

#[test]
fn what_weir_lookups_may_read_no_other_consumer_does() {
    for lies_on in ["meta.replies.dlq.v1", "meta.ingest.dlq.v1"] {
        let dead_letter = Record { topic: lies_on.into(), ..record(Some("meta.messages.v1"), 5) };
        assert_eq!(decide(&dead_letter), foreign("meta.messages.v1"));
    }
}

#[test]
fn a_dead_letter_goes_to_no_topic_that_its_consumer_does_not_read_whatever_it_says() {
    for topic in ["meta.replies.v1", "meta.webhooks.raw.v1", "meta.inbox.v1"] {
        assert_eq!(decide(&record(Some(topic), 5)), foreign(topic));
        let of_ingest = Record { topic: "meta.ingest.dlq.v1".into(), ..record(Some(topic), 5) };
        assert_eq!(decide(&of_ingest), foreign(topic));
        let of_others = Record { topic: "other.replies.dlq.v1".into(), ..record(Some(topic), 5) };
        assert_eq!(decide(&of_others), foreign(topic));
    }
}

/// A dead letter of weir-replies.
fn command(change: impl Fn(&str) -> Option<&'static str>) -> Record {
    let mut record = record(Some("meta.replies.v1"), 1);
    record.topic = "meta.replies.dlq.v1".into();
    let headers = record.headers.iter();
    let changed = headers.map(|(name, value)| (name, change(name).map(str::as_bytes).or(value)));
    record.headers = changed.collect();
    record
}

#[test]
fn a_command_that_would_be_refused_again_stays() {
    assert_eq!(decide(&command(|_| None)), Ok(back("meta.replies.v1")));
    let wrong_key = command(|name| (name == header::REASON).then_some("wrong_key"));
    let why = "a command that would be refused again (wrong_key): write it anew, with a new id".to_owned();
    assert_eq!(decide(&wrong_key), Err(why));
    let old = command(|name| (name == header::FIRST_WRITTEN).then_some("2019-09-16T18:14:45.349Z"));
    assert_eq!(decide(&old), Err(TOO_LATE.to_owned()));
}

#[test]
fn a_command_that_is_over_by_what_it_says_itself_stays() {
    let saying = |member: &str| {
        let value =
            format!(r#"{{"id":"a","account":"17","action":"message","to":"42","text":"x",{member}}}"#);
        decide(&Record { value: Some(value.into_bytes()), ..command(|_| None) })
    };
    for over in [r#""not_after":"2019-09-23T18:15:00Z""#, r#""window_ends_at":"2019-09-23T17:14:00Z""#] {
        assert_eq!(saying(over), Err(TOO_LATE.to_owned()), "{over}");
    }
    assert_eq!(saying(r#""not_after":"2019-09-23T18:16:00Z""#), Ok(back("meta.replies.v1")));
}

#[test]
fn a_command_without_a_result_is_put_back_for_one_though_it_is_over() {
    let value = r#"{"id":"a","account":"17","action":"message","to":"42","text":"x","not_after":"2019-09-23T18:15:00Z"}"#;
    let panicked = command(|name| (name == header::REASON).then_some("panic"));
    let over = Record { value: Some(value.into()), ..panicked };
    assert_eq!(decide(&over), Ok(back("meta.replies.v1")));
}

#[test]
fn a_body_is_split_among_the_dead_letters_of_ingest_alone() {
    let forged = Record { topic: "meta.lookups.dlq.v1".into(), ..body(BODY) };
    assert_eq!(decide(&forged), Err(NO_ORIGIN.to_owned()));
}

#[test]
fn a_dead_letter_that_was_tried_too_often_stays() {
    assert_eq!(
        decide(&record(Some("meta.comments.v1"), 20)),
        Err("tried 20 times or more (--max-attempts)".to_owned())
    );
    assert_eq!(decide(&record(Some("meta.comments.v1"), 19)), Ok(back("meta.comments.v1")));
}

#[test]
fn a_body_that_can_be_read_by_now_gives_its_events_and_another_stays() {
    assert!(matches!(decide(&body(BODY)), Ok((Decision::Publish, events)) if events.len() == 1));
    assert_eq!(decide(&body(b"{")), still_refused("not_json"));
    let partly = [b"[", BODY, b",7]"].concat();
    assert_eq!(decide(&body(&partly)), still_refused("not_a_delivery"));
    assert_eq!(decide(&record(None, 1)), Err(NO_ORIGIN.to_owned()));
    let mut bare = body(BODY);
    bare.headers = bare.headers.iter().filter(|(name, _)| *name != "ce_time").collect();
    assert_eq!(decide(&bare), Err(NO_RECEPTION.to_owned()));
}

#[test]
fn a_body_that_ingest_refuses_for_its_size_stays() {
    let of = |events: usize| {
        let fields = vec!["0"; events].join(",");
        let text = format!(r#"{{"object":"page","entry":[{{"id":"17","changed_fields":[{fields}]}}]}}"#);
        decide(&body(text.as_bytes()))
    };
    assert!(matches!(of(10), Ok((Decision::Publish, events)) if events.len() == 10));
    assert_eq!(of(30), still_refused("too_many_events"));
}

#[test]
fn a_record_goes_back_as_it_was_with_what_it_went_through() {
    let record = record(Some("meta.comments.v1"), 5);
    let outgoing = outgoing(&record, "meta.comments.v1");
    assert_eq!((outgoing.key, outgoing.value), (Some(&b"17:42"[..]), Some(&b"{}"[..])));
    let expected: [(&str, Option<&[u8]>); 6] = [
        ("ce_id", Some(b"7")),
        ("nothing", None),
        ("weir_dlq_consumer", Some(b"weir-lookups")),
        ("weir_dlq_first_written", Some(b"2019-09-23T18:06:40.000Z")),
        ("weir_dlq_attempts", Some(b"5")),
        ("weir_dlq_first_failed", Some(b"2019-09-23T18:14:45.349Z")),
    ];
    assert_eq!(outgoing.headers, expected);
}

#[test]
fn a_dead_letter_goes_back_as_the_others_of_the_run_leave_it_room() {
    for (is_redriven, has_room, is_at_limit, under_way, step) in [
        (false, true, false, 7, Step::Send),
        (false, true, true, 7, Step::SettleFirst),
        (false, true, true, 0, Step::Leave),
        (true, true, true, 0, Step::Duplicate),
        (true, true, false, 1, Step::SettleFirst),
        (false, false, false, 1, Step::SettleFirst),
        (false, false, false, 0, Step::Keep(NO_ROOM)),
        (true, false, false, 0, Step::Keep(NO_ROOM)),
        (true, false, true, 0, Step::Leave),
    ] {
        assert_eq!(Step::of(is_redriven, has_room, is_at_limit, under_way), step);
    }
}
