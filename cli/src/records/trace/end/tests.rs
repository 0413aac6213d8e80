//! Tests of where a way ends.

use super::*;
use runtime::consumer::Headers;
use schemas::Reception;
use std::rc::Rc;
use std::sync::Arc;
use weir_ingest::spool::inspect::ParkReason;

const COMMENT: &str = include_str!("../../../../../schemas/fixtures/feed/comment-add.json");
const MENTION: &str = include_str!("../../../../../schemas/fixtures/page_mention/in-a-post.json");
const REACTION: &str = include_str!("../../../../../schemas/fixtures/feed/reaction-add.json");

fn inbox() -> Consumer {
    Consumer {
        name: "weir-messages",
        what: "inbox",
        outputs: &[Topic::Inbox],
        dead_letters: Topic::MessagesDlq,
        is_optional: false,
    }
}

fn record(topic: &str, value: Vec<u8>) -> Record {
    let (key, headers) = (None, Headers::default());
    let topic = Arc::from(topic);
    Record { topic, partition: 0, offset: 0, timestamp: None, key, value: Some(value), headers }
}

#[test]
fn a_delivery_whose_entries_carry_nothing_is_at_its_end() {
    let end = |body: &str| {
        let raw = Some(Rc::new(record("meta.webhooks.raw.v1", body.as_bytes().to_vec())));
        before_the_topic(&Origin { raw, ..Origin::default() }, None, "")
    };
    assert_eq!(end(r#"{"object":"instagram","entry":[]}"#), Ok(()));
    assert!(end("rubbish").unwrap_err().contains("has no dead letter"));
}

#[test]
fn an_event_of_a_body_that_was_refused_as_a_whole_is_not_said_to_be_lost() {
    let (id, kind) = ("00".to_owned(), "message".to_owned());
    let event = Some(Expected { id, kind, key: None, topic: Topic::Messages, item: None });
    let origin = Origin { event, ..Origin::default() };
    let end = |reason: &str| {
        let mut dead_letter = record("meta.ingest.dlq.v1", Vec::new());
        dead_letter.headers.push("weir_dlq_reason", Some(reason.as_bytes()));
        before_the_topic(&origin, Some(&dead_letter), "").unwrap_err()
    };
    assert!(end("too_many_events").starts_with("ingest could not read the body: too_many_events"));
    assert!(end("not_a_delivery").starts_with("its delivery is there"), "it may be of another part");
}

#[test]
fn an_event_is_said_to_be_lost_only_beside_what_of_the_disks_was_not_looked_at() {
    let (id, kind) = ("00".to_owned(), "message".to_owned());
    let event = Some(Expected { id, kind, key: None, topic: Topic::Messages, item: None });
    let origin = Origin { event, ..Origin::default() };
    let end = |unseen| before_the_topic(&origin, None, unseen).unwrap_err();
    assert!(end("").contains("retention removed it, or it was lost"));
    let said = end("; 1 delivery waits on the disk of ingest:9090 (`weir spool list` there)");
    assert!(said.contains("it waits or is parked on a disk of ingest, or it was lost"), "{said}");
    assert!(said.ends_with("ingest:9090 (`weir spool list` there)"), "{said}");
    let (id, parked) = ("0198a5b0".to_owned(), Some(ParkReason::TooLarge));
    let parked = Origin { spooled: Some(Spooled { id, parked }), ..origin.clone() };
    assert!(
        before_the_topic(&parked, None, "").unwrap_err().starts_with("it is parked on the disk of ingest")
    );
}

#[test]
fn a_replay_is_advised_only_for_a_record_that_ingest_wrote() {
    let (id, kind) = ("00".to_owned(), "message".to_owned());
    let event = Some(Expected { id, kind, key: None, topic: Topic::Messages, item: None });
    let end = |time: &str| {
        let mut raw = record("meta.webhooks.raw.v1", b"{}".to_vec());
        for (name, value) in [("ce_id", "0198a5b0-7c1e-7d2a-9f00-1234567890ab"), ("ce_time", time)] {
            raw.headers.push(name, Some(value.as_bytes()));
        }
        let origin = Origin { event: event.clone(), raw: Some(Rc::new(raw)), ..Origin::default() };
        before_the_topic(&origin, None, "").unwrap_err()
    };
    assert!(end("2026-11-30T13:20:00.000Z").contains("--missing-only --apply"));
    let of_another = end("2026-11-30T13:20:00Z");
    assert!(of_another.contains("ingest did not write") && !of_another.contains("--apply"), "{of_another}");
}

#[test]
fn a_consumer_that_has_not_come_to_it_is_told_from_one_that_passed_it() {
    let said = |before| without_output(&inbox(), None, before).unwrap_err();
    assert!(said(Some(1)).contains("it is the next one"), "{}", said(Some(1)));
    assert!(said(Some(2)).contains("1 record of its partition is before it"), "{}", said(Some(2)));
    assert!(said(Some(5)).contains("4 records of its partition are"), "{}", said(Some(5)));
    assert!(said(None).contains("has gone beyond it without"), "{}", said(None));
}

#[test]
fn of_what_happens_on_a_wall_new_comments_and_mentions_are_looked_for_in_the_inbox() {
    let made_of = |body: &str| {
        let reception = Reception { delivery_id: "delivery", received: "2025-07-18T10:35:12.000Z" };
        let mut value = Vec::new();
        split(body.as_bytes(), 10).events[0].write_json(reception, &mut value);
        let typed = record("meta.feed.v1", value);
        let consumers = consumers_of(&Expected::read(&typed, Topic::Feed), &typed);
        let made = |one: &Consumer| (one.name, one.outputs, one.is_optional);
        consumers.iter().map(made).collect::<Vec<_>>()
    };
    for body in [COMMENT, MENTION] {
        assert_eq!(made_of(body), [("weir-messages-feed", &[Topic::InboxComments][..], true)]);
    }
    assert!(made_of(REACTION).is_empty());
}

#[test]
fn all_ways_must_be_complete() {
    let trace = |end| EventTrace { event: None, places: Vec::new(), end };
    let stopped = || Err("it waits".to_owned());
    assert_eq!(TraceOutcome::of(&[], true), TraceOutcome::NeverReceived);
    assert_eq!(TraceOutcome::of(&[], false), TraceOutcome::NotFound);
    assert_eq!(TraceOutcome::of(&[trace(Ok(()))], false), TraceOutcome::Found);
    assert_eq!(TraceOutcome::of(&[trace(Ok(())), trace(stopped())], true), TraceOutcome::Stopped);
}
