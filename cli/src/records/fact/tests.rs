//! What is said of the records of each topic.

use super::*;
use runtime::consumer::Headers;

fn record(topic: Topic, value: &[u8]) -> Record {
    Record {
        topic: topic.name("meta").into(),
        partition: 0,
        offset: 0,
        timestamp: None,
        key: None,
        value: Some(value.to_vec()),
        headers: Headers::default(),
    }
}

fn seen(topic: Topic, value: &str) -> DescribedRecord {
    DescribedRecord::of(&Record { key: Some(b"17:42".to_vec()), ..record(topic, value.as_bytes()) }, "meta")
        .unwrap()
}

const EVENT: &str = r#""id":"00112233445566778899aabbccddeeff","source":"/meta/instagram/17","metaobject":"instagram",
    "metacarrier":"changes","deliveryid":"0198","data":{}"#;

#[test]
fn a_typed_record_says_its_kind_and_id() {
    let value = format!(r#"{{{EVENT},"type":"com.meta.instagram.standby.message.v1"}}"#);
    let Fact { topic, key, what, id } = seen(Topic::Standby, &value).fact;
    assert_eq!((topic, key.as_deref(), what.as_str()), (Topic::Standby, Some("17:42"), "standby.message"));
    assert_eq!(id, "00112233445566778899aabbccddeeff");
}

#[test]
fn a_key_is_told_by_the_ends_of_its_parts() {
    let with = |key: &str| Fact { key: Some(key.to_owned()), ..Fact::raw(b"") }.short_key();
    assert_eq!(with("17841405726653026:6837251906428371"), "…026:…371");
    assert_eq!(with("1784:42"), "1784:42");
    assert_eq!(Fact::raw(b"").short_key(), "no key");
}

#[test]
fn an_enriched_record_says_what_the_lookup_came_to() {
    let value =
        format!(r#"{{{EVENT},"type":"com.meta.instagram.comment.v1","lookup":{{"status":"found"}}}}"#);
    assert_eq!(seen(Topic::CommentsEnriched, &value).fact.what, "comment, found");
    let cut = value.replace(r#""data":{}"#, r#""data":{"text":"so good \ud83d"}"#);
    assert_eq!(seen(Topic::CommentsEnriched, &cut).fact.what, "comment, found", "half an emoji is no matter");
}

#[test]
fn an_inbox_record_says_event_type_and_text() {
    let message = r#"{"id":"ff","event":"message.received","message":{"type":"text","body":"Hello"}}"#;
    let DescribedRecord { fact, text } = seen(Topic::Inbox, message);
    assert_eq!((fact.what.as_str(), fact.id.as_str()), ("message.received, text", "ff"));
    assert_eq!(text.as_deref(), Some("Hello"));
    let reaction = r#"{"id":"ee","event":"reaction.added","reaction":{"name":"love"}}"#;
    assert_eq!(seen(Topic::Inbox, reaction).fact.what, "reaction.added");
}

#[test]
fn a_profile_and_what_became_of_a_link_say_their_status_and_no_name() {
    let profile = r#"{"account":"17","user":"42","status":"found","profile":{"name":"so good \ud83d"}}"#;
    let fact = seen(Topic::Profiles, profile).fact;
    assert_eq!((fact.what.as_str(), fact.id.as_str()), ("profile, found", "42"));
    let fact = seen(Topic::Media, r#"{"id":"ff","account":"17","status":"saved"}"#).fact;
    assert_eq!((fact.what.as_str(), fact.id.as_str()), ("media, saved", "ff"));
    // A later version may say more of either.
    let fact = seen(Topic::Profiles, r#"{"id":"ee","user":"42","status":"found"}"#).fact;
    assert_eq!((fact.what.as_str(), fact.id.as_str()), ("profile, found", "42"));
    let fact = seen(Topic::Media, r#"{"id":"ff","user":"42","status":"gone"}"#).fact;
    assert_eq!((fact.what.as_str(), fact.id.as_str()), ("media, gone", "ff"));
}

#[test]
fn bytes_that_are_kept_as_they_came_are_told_apart_by_their_sum() {
    let body = b"rubbish";
    let fact = |record: &Record| DescribedRecord::of(record, "meta").unwrap().fact;
    let raw = fact(&record(Topic::Raw, body));
    assert_eq!(raw, Fact::raw(body));
    assert_eq!(raw.what, "7 bytes, as posted");
    assert_ne!(raw, fact(&record(Topic::Raw, b"rubbisH")));
    let mut dead_letter = record(Topic::IngestDlq, body);
    dead_letter.headers.push(header::REASON, Some(b"not_json"));
    assert_eq!(fact(&dead_letter), Fact::dead_letter(body, "not_json"));
}

#[test]
fn the_sum_of_nothing_is_the_known_one() {
    assert!(sha256(b"").starts_with("e3b0c44298fc1c149afbf4c8996fb924"));
}

#[test]
fn a_dead_letter_of_a_consumer_has_the_id_of_its_event() {
    let short_id = |record: &Record| DescribedRecord::of(record, "meta").unwrap().fact.short_id().to_owned();
    let mut dead_letter = record(Topic::MessagesDlq, b"{}");
    dead_letter.headers.push(header::REASON, Some(b"panic"));
    assert_eq!(short_id(&dead_letter), "");
    dead_letter.headers.push("ce_id", Some(b"00112233445566778899aabbccddeeff"));
    assert_eq!(short_id(&dead_letter), "00112233");
}

#[test]
fn a_typed_record_that_kept_the_headers_of_its_dead_letter_is_an_event_all_the_same() {
    let value = format!(r#"{{{EVENT},"type":"com.meta.instagram.message.v1"}}"#);
    let mut copied = record(Topic::Messages, value.as_bytes());
    copied.headers.push(header::REASON, Some(b"panic"));
    let fact = DescribedRecord::of(&copied, "meta").unwrap().fact;
    assert_eq!((fact.what.as_str(), fact.id.as_str()), ("message", "00112233445566778899aabbccddeeff"));
}

#[test]
fn a_record_that_cannot_be_read_says_so() {
    assert_eq!(seen(Topic::Messages, "rubbish").fact.what, "unreadable");
    assert_eq!(seen(Topic::Inbox, "{}").fact.what, "unreadable");
}

#[test]
fn what_its_readers_would_not_take_cannot_be_read_here_either() {
    let wrong = [
        (Topic::RepliesResults, r#"{"id":"a","action":"message","status":5}"#),
        (Topic::Replies, r#"{"id":"a","id":"b","action":"message"}"#),
        (Topic::Inbox, r#"{"id":"ff","event":"message.received","message":"Hello"}"#),
        (Topic::Inbox, r#"{"id":"ff","event":"message.received","message":{"body":5}}"#),
        (Topic::Profiles, r#"{"user":42,"status":"found"}"#),
        (Topic::Media, r#"{"id":"ff","status":null}"#),
    ];
    for (topic, value) in wrong {
        assert_eq!(seen(topic, value).fact.what, "unreadable", "{value}");
    }
}

#[test]
fn what_is_shown_of_one_record_is_not_asked_of_another() {
    let command = r#"{"id":"a","action":"message","message":"Hello","user":42}"#;
    let fact = seen(Topic::Replies, command).fact;
    assert_eq!((fact.what.as_str(), fact.id.as_str()), ("message, commanded", "a"));
    let media = r#"{"id":"ff","status":"saved","message":"of a later version","lookup":true}"#;
    assert_eq!(seen(Topic::Media, media).fact.what, "media, saved");
}

#[test]
fn what_is_not_shown_of_a_record_may_be_whatever_json_there_is() {
    let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    for odd in ["1e999", r#""so good \ud83d""#, &deep] {
        let what = |topic, value: &str| seen(topic, &value.replace("ODD", odd)).fact.what;
        let command = r#"{"id":"a","action":"message","message":{"payload":ODD}}"#;
        assert_eq!(what(Topic::Replies, command), "message, commanded", "{odd:.9}");
        let inbox = r#"{"id":"ff","event":"message.received","message":{"type":"template","parts":ODD}}"#;
        assert_eq!(what(Topic::Inbox, inbox), "message.received, template", "{odd:.9}");
        let event = EVENT.replace("{}", "ODD");
        let enriched =
            format!(r#"{{{event},"type":"com.meta.instagram.comment.v1","lookup":{{"status":"found"}}}}"#);
        assert_eq!(what(Topic::CommentsEnriched, &enriched), "comment, found", "{odd:.9}");
    }
}

#[test]
fn records_of_ingest_are_told_from_those_of_consumers() {
    assert!(Fact::raw(b"").is_of_ingest());
    assert!(!seen(Topic::Inbox, "{}").fact.is_of_ingest());
}
