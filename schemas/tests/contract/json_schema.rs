//! The committed JSON Schemas are those of the types, and all that is published is valid by them.

use crate::closed::closed;
use crate::deliveries::{Typed, inbox, place, typed};
use jsonschema::Validator;
use schemas::Kind;
use schemas::TypedEvent;
use schemas::json_schema::{documents, file_name};
use schemas::lookup::{KnownMedia, Lookup, Status};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

const UNKNOWN_ATTACHMENT: &str = "attachment-type-yet-unknown.json";

/// The schemas of a folder, by the names of their files.
pub(crate) fn committed(folder: &str) -> BTreeMap<String, Value> {
    let files = fs::read_dir(place(folder)).unwrap().map(|file| file.unwrap().path());
    let read = |path: std::path::PathBuf| {
        let schema = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        (path.file_name().unwrap().to_string_lossy().into_owned(), schema)
    };
    files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).map(read).collect()
}

/// Validators of schemas, by the names of the files.
pub(crate) struct Validators(BTreeMap<String, Validator>);

impl Validators {
    pub(crate) fn of(schemas: BTreeMap<String, Value>) -> Self {
        let validator = |(name, schema): (String, Value)| {
            let validator = jsonschema::options().should_validate_formats(true).build(&schema);
            let validator = validator.unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, validator)
        };
        Self(schemas.into_iter().map(validator).collect())
    }

    fn open() -> Self {
        Self::of(documents())
    }

    fn closed() -> Self {
        Self::of(documents().into_iter().map(|(name, schema)| (name, closed(&schema))).collect())
    }

    /// What is wrong with `value` by the schema called `name`.
    pub(crate) fn errors(&self, name: &str, value: &Value) -> Vec<String> {
        let validator = &self.0[&file_name(name)];
        validator
            .iter_errors(value)
            .map(|error| format!("{name}: {} at {}", error, error.instance_path()))
            .collect()
    }

    /// What is wrong with a typed record's value: with the envelope, and with its data.
    pub(crate) fn errors_of_event(&self, kind: Kind, event: &Value) -> Vec<String> {
        [self.errors("envelope", event), self.errors(kind.as_str(), &event["data"])].concat()
    }
}

fn value(typed: &Typed) -> Value {
    serde_json::from_slice(&typed.value).unwrap()
}

#[test]
fn the_committed_schemas_are_those_of_the_types() {
    let (committed, generated) = (committed("json"), documents());
    let command = "cargo run -p weir-schemas --features json-schema --example generate";
    assert_eq!(committed.keys().collect::<Vec<_>>(), generated.keys().collect::<Vec<_>>(), "run {command}");
    for (name, schema) in &generated {
        assert!(&committed[name] == schema, "{name} is not what the types say: run {command}");
    }
}

#[test]
fn every_event_is_valid_and_has_no_member_without_a_name() {
    let (open, closed) = (Validators::open(), Validators::closed());
    for typed in typed() {
        let (event, kind) = (value(&typed), typed.kind.kind);
        assert_eq!(open.errors_of_event(kind, &event), [""; 0], "{}", typed.name);
        let unnamed = closed.errors_of_event(kind, &event);
        assert_eq!(
            unnamed.is_empty(),
            !typed.name.ends_with(UNKNOWN_ATTACHMENT),
            "{}: {unnamed:?}",
            typed.name
        );
    }
}

#[test]
fn every_inbox_record_is_valid_and_has_no_member_without_a_name() {
    let closed = Validators::closed();
    let records = inbox();
    assert!(records.len() > 100, "the inbox records are missing");
    for (name, record) in records {
        assert_eq!(closed.errors("inbox", &record), [""; 0], "{name}");
    }
}

#[test]
fn every_enriched_event_is_valid_and_has_no_member_without_a_name() {
    let closed = Validators::closed();
    let answer = serde_json::value::to_raw_value(&json!({"id": "17", "text": "hello"})).unwrap();
    let found = Lookup {
        asked: Some("v26.0/17?fields=id,text".into()),
        answer: Some(&answer),
        at: "2025-07-18T10:35:13.000Z".into(),
        status: Status::Found.into(),
        reason: None,
        cached: false,
        media: None,
    };
    let media = KnownMedia { answer: &answer, at: found.at.clone() };
    let known = Lookup { media: Some(media), ..found.clone() };
    let skipped = Lookup {
        asked: None,
        answer: None,
        status: Status::Skipped.into(),
        reason: Some("test_event".into()),
        ..found.clone()
    };
    for typed in typed() {
        for lookup in [&found, &known, &skipped] {
            let mut enriched = value(&typed);
            enriched["lookup"] = serde_json::to_value(lookup).unwrap();
            assert_eq!(closed.errors("enriched", &enriched), [""; 0], "{}", typed.name);
        }
    }
}

/// `value` as a later version may say it: a member more in every object, but not in `maps`, whose members have names of
/// their own.
fn with_members_that_come_later(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                if !matches!(name.as_str(), "app_roles" | "questions") {
                    with_members_that_come_later(value);
                }
            }
            members.insert("comes_later".to_owned(), json!({"a": [1]}));
        }
        Value::Array(elements) => elements.iter_mut().for_each(with_members_that_come_later),
        _ => {}
    }
}

/// `value` with every string replaced by a word that nobody knows.
fn with_words_that_come_later(value: &mut Value) {
    match value {
        Value::Object(members) => members.values_mut().for_each(with_words_that_come_later),
        Value::Array(elements) => elements.iter_mut().for_each(with_words_that_come_later),
        Value::String(text) => "comes_later".clone_into(text),
        _ => {}
    }
}

#[test]
fn readers_survive_members_and_words_that_come_later() {
    let open = Validators::open();
    for typed in typed() {
        let mut event = value(&typed);
        with_members_that_come_later(&mut event);
        with_words_that_come_later(&mut event["data"]);
        event["metacarrier"] = json!("comes_later");
        event["type"] = json!("com.meta.threads2.standby.poll2.vote_1.v1");
        event["metaobject"] = json!("threads2");
        assert_eq!(TypedEvent::read(Some(event.to_string().as_bytes())).unwrap().kind(), None);
        assert_eq!(open.errors_of_event(typed.kind.kind, &event), [""; 0], "{}", typed.name);
    }
    for (name, mut record) in inbox() {
        with_members_that_come_later(&mut record);
        for part in ["platform", "event", "message", "reaction", "postback", "referral"] {
            record.get_mut(part).into_iter().for_each(with_words_that_come_later);
        }
        assert_eq!(open.errors("inbox", &record), [""; 0], "{name}");
    }
}

#[test]
fn an_event_with_data_of_any_type_is_an_event() {
    let open = Validators::open();
    for typed in typed() {
        for odd in [json!(null), json!(true), json!(1), json!(1.5), json!("odd"), json!([1]), json!({"a": 1})]
        {
            let mut event = value(&typed);
            event["data"] = odd;
            assert_eq!(open.errors("envelope", &event), [""; 0], "{}", typed.name);
            assert_eq!(open.errors("unknown", &event["data"]), [""; 0], "{}", typed.name);
        }
    }
}

#[test]
fn an_event_without_what_tells_its_kind_is_not_valid() {
    let open = Validators::open();
    assert_eq!(open.errors("message", &json!({"message": null})).len(), 1);
    assert_eq!(open.errors("reaction.added", &json!({"sender": {"id": "1"}})).len(), 1);
    assert!(!open.errors("envelope", &json!({})).is_empty());
    assert!(!open.errors("inbox", &json!({})).is_empty());
}

#[test]
fn commands_and_their_results_are_valid_and_have_no_member_without_a_name() {
    let (open, closed) = (Validators::open(), Validators::closed());
    let command = |action: &str, member: &str| {
        let mut command = json!({"id": "a:1", "account": "1784", "action": action, "text": "Hello"});
        command[member] = "17".into();
        command
    };
    let needed = [
        ("message", "to"),
        ("mention_reply", "media"),
        ("comment_reply", "comment"),
        ("private_reply", "comment"),
    ];
    for (action, member) in needed {
        assert_eq!(closed.errors("reply", &command(action, member)), [""; 0], "{action}");
        assert_eq!(open.errors("reply", &command(action, member)), [""; 0], "{action}");
        let with_all = json!({"id": "a:1", "account": "1784", "action": action, "text": "Hello", "to": "1", "media": "2", "comment": "3"});
        assert!(!open.errors("reply", &with_all).is_empty(), "{action} with members of others");
        let without = json!({"id": "a:1", "account": "1784", "action": action, "text": "Hello"});
        assert_eq!(open.errors("reply", &without).len(), 1, "{action} without {member}");
    }
    for unknown in ["quick_replies", "attachment", "sender_action", "later"] {
        let mut command = command("message", "to");
        command[unknown] = "17".into();
        assert!(!open.errors("reply", &command).is_empty(), "{unknown} is not understood, which refuses it");
    }
    for members in [
        json!({"action": "message", "to": "9", "message": {"attachment": {"type": "image"}}, "reply_to": {"mid": "m"}, "tag": "HUMAN_AGENT"}),
        json!({"action": "private_reply", "comment": "9", "message": {"text": "Hello"}}),
        json!({"action": "sender_action", "to": "9", "sender_action": "typing_on"}),
        json!({"action": "reaction", "to": "9", "message_id": "m", "reaction": "love"}),
        json!({"action": "comment_hide", "comment": "17", "media": "18"}),
        json!({"action": "comment_like", "comment": "17"}),
        json!({"action": "thread_pass", "to": "9", "app_id": "7", "metadata": "an order"}),
    ] {
        let mut command = json!({"id": "a:1", "account": "1784"});
        command.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        assert_eq!(open.errors("reply", &command), [""; 0], "{command}");
        assert_eq!(closed.errors("reply", &command), [""; 0], "{command}");
    }
    let both = json!({"id": "a:1", "account": "1", "action": "message", "to": "9", "text": "Hello", "message": {"text": "Hello"}});
    assert_eq!(open.errors("reply", &both).len(), 1, "text and message");
    let bad_id = json!({"id": "a 1", "account": "1784", "action": "wave", "text": "Hello"});
    assert_eq!(open.errors("reply", &bad_id).len(), 1);
    let result = json!({"id": "a:1", "account": "1784", "action": "message", "status": "done", "attempt": 1,
        "at": "2025-07-18T10:35:13.000Z", "answer": {"message_id": "m"}, "partition": 0, "offset": 7});
    assert_eq!(closed.errors("reply.result", &result), [""; 0]);
}
