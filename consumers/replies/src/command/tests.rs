//! Commands to calls, and what is none.

mod schema;
mod send;

use super::*;
use runtime::consumer::Headers;
use serde_json::{Value, json};
use weir_graph::{Account, Body, Login};

const ACCOUNT: &str = "17841405726653026";
const PAGE: &str = "1067280970047460";

fn read(key: &str, value: &str) -> Result<Command, Unusable> {
    let record = Record {
        topic: Arc::from("meta.replies.v1"),
        partition: 0,
        offset: 0,
        timestamp: None,
        key: Some(key.as_bytes().to_vec()),
        value: Some(value.as_bytes().to_vec()),
        headers: Headers::default(),
    };
    Command::read(&record, |id| Account::new(id.clone(), Login::Facebook, None))
}

fn of(account: &str, rest: &str) -> String {
    format!(r#"{{"id":"a:1","account":"{account}","text":"50% \"off\" & more",{rest}}}"#)
}

fn command(rest: &str) -> String {
    of(ACCOUNT, rest)
}

/// Path and body of the call; a form as an object.
fn call(account: &str, place: &str, rest: &str) -> (String, Value) {
    let key = if place.is_empty() { account.to_owned() } else { format!("{account}:{place}") };
    let call = read(&key, &of(account, rest)).unwrap().call;
    (call.relative_url("v26.0"), body(&call.method))
}

fn body(method: &Method) -> Value {
    match method {
        Method::Post(Body::Json(json)) => serde_json::from_str(json).unwrap(),
        Method::Post(Body::Form(form)) => {
            form.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
        }
        Method::Delete => json!("DELETE"),
    }
}

/// Reason and sentence of what is refused.
fn refusal(key: &str, value: &str) -> (&'static str, String) {
    let unusable = read(key, value).unwrap_err();
    (unusable.cause.reason, unusable.cause.error)
}

#[test]
fn each_action_has_the_call_of_the_documents() {
    let text = "50% \"off\" & more";
    assert_eq!(
        call(ACCOUNT, "99", r#""action":"message","to":"99""#),
        (String::from("v26.0/me/messages"), json!({"recipient": {"id": "99"}, "message": {"text": text}}))
    );
    assert_eq!(
        call(ACCOUNT, "18", r#""action":"private_reply","comment":"17","media":"18""#),
        (
            String::from("v26.0/me/messages"),
            json!({"recipient": {"comment_id": "17"}, "message": {"text": text}})
        )
    );
    let mentions = format!("v26.0/{ACCOUNT}/mentions");
    assert_eq!(
        call(ACCOUNT, "18", r#""action":"mention_reply","media":"18""#),
        (mentions.clone(), json!({"media_id": "18", "message": text}))
    );
    assert_eq!(
        call(ACCOUNT, "18", r#""action":"mention_reply","media":"18","comment":"17""#),
        (mentions, json!({"media_id": "18", "message": text, "comment_id": "17"}))
    );
    assert_eq!(
        call(ACCOUNT, "", r#""action":"comment_reply","comment":"17""#),
        (String::from("v26.0/17/replies"), json!({"message": text}))
    );
}

#[test]
fn a_page_has_edges_and_a_type_of_its_own() {
    assert_eq!(call(PAGE, "", r#""action":"comment_reply","comment":"5_17""#).0, "v26.0/5_17/comments");
    let (url, body) = call(PAGE, "99", r#""action":"message","to":"99""#);
    assert_eq!(
        (url.as_str(), &body["messaging_type"]),
        ("v26.0/1067280970047460/messages", &json!("RESPONSE"))
    );
}

#[test]
fn messages_go_to_the_node_that_the_account_has_for_them() {
    let page = GraphId::parse(PAGE);
    let value = of(ACCOUNT, r#""action":"message","to":"99""#);
    let path = |login, page: Option<GraphId>| {
        let known = |id: &GraphId| Account::new(id.clone(), login, page.clone());
        Command::parse(value.as_bytes(), known).unwrap().call.path
    };
    assert_eq!(path(Login::Facebook, page), format!("{PAGE}/messages"));
    assert_eq!(path(Login::Instagram, None), format!("{ACCOUNT}/messages"));
}

#[test]
fn what_is_not_understood_refuses_the_command_by_name() {
    let key = format!("{ACCOUNT}:99");
    for (member, value) in [
        ("quick_replies", "[]"),
        ("attachment", "{}"),
        ("sender_action", r#""typing_on""#),
        ("reaction", r#""love""#),
        ("media", r#""18""#),
        ("comment", r#""17""#),
    ] {
        let value = command(&format!(r#""action":"message","to":"99","{member}":{value}"#));
        let expected = format!(
            "{member} is no member of message, which has to, text, message, reply_to, messaging_type, tag, window_ends_at"
        );
        assert_eq!(refusal(&key, &value), ("bad_command", expected));
    }
    let twice = command(r#""action":"message","to":"99","to":"99""#);
    assert_eq!(refusal(&key, &twice), ("bad_command", String::from("to must be given once")));
    let absent = command(
        r#""action":"message","to":"99","tag":null,"message":null,"sender_action":null,"app_id":null"#,
    );
    assert!(read(&key, &absent).is_ok(), "null is absent, of what other actions have too");
}

#[test]
fn the_member_and_its_form_are_named() {
    const HALF: &str =
        r"to must be of whole characters: \ud800 to \udfff come in pairs, and one alone is half a character";
    for (rest, expected) in [
        (r#""action":"message","to":99"#, "to must be an id of digits, as a string"),
        (r#""action":"message""#, "to is missing: it must be an id of digits, as a string"),
        (r#""action":"comment_reply""#, "comment is missing: it must be an id of digits, as a string"),
        (
            r#""action":"message","to":"99","not_after":"tomorrow""#,
            "not_after must be a time in RFC 3339, such as 2025-07-18T16:20:41Z",
        ),
        (r#""action":"message","to":"\ud83d""#, HALF),
    ] {
        assert_eq!(refusal("17841405726653026:99", &command(rest)), ("bad_command", expected.to_owned()));
    }
    let no_text = format!(r#"{{"id":"a","account":"{ACCOUNT}","action":"message","to":"99"}}"#);
    let expected = "text is missing: it must be a string of some words";
    assert_eq!(refusal(&format!("{ACCOUNT}:99"), &no_text), ("bad_command", expected.to_owned()));
    let (reason, error) = refusal(ACCOUNT, &command(r#""action":"wave""#));
    assert_eq!(reason, "unknown_action");
    assert!(error.starts_with("action must be one of message, mention_reply, comment_reply, "), "{error}");
}

#[test]
fn text_that_meta_would_refuse_for_its_length_is_refused_with_the_limit() {
    let limit = |account: &str, text: &str| {
        let value = json!({"id": "a", "account": account, "action": "message", "to": "9", "text": text});
        read(&format!("{account}:9"), &value.to_string()).map_err(|unusable| unusable.cause.error)
    };
    assert!(limit(ACCOUNT, &"é".repeat(500)).is_ok());
    let error = limit(ACCOUNT, &"é".repeat(501)).unwrap_err();
    assert_eq!(error, "text must be at most 1,000 bytes of UTF-8, as Instagram allows");
    assert!(limit(PAGE, &"é".repeat(2_000)).is_ok());
    let error = limit(PAGE, &"é".repeat(2_001)).unwrap_err();
    assert_eq!(error, "text must be at most 2,000 characters, as Messenger allows");
}

#[test]
fn what_cannot_be_carried_out_is_reported_and_not_quoted() {
    let good = r#""action":"message","to":"99""#;
    let key = format!("{ACCOUNT}:99");
    let key = key.as_str();
    for (key, value, reason) in [
        (key, String::from("{"), "unreadable"),
        (key, String::from("[]"), "unreadable"),
        (key, String::from("{}"), "unreadable"),
        (key, command(good).replace(r#""a:1""#, "7"), "unreadable"),
        (key, command(r#""action":"wave""#), "unknown_action"),
        (key, command(r#""action":"off""#), "unknown_action"),
        (key, command(r#""action":"message""#), "bad_command"),
        ("17841405726653026:../1", command(r#""action":"message","to":"../1""#), "bad_command"),
        (ACCOUNT, command(r#""action":"mention_reply""#), "bad_command"),
        (ACCOUNT, command(r#""action":"comment_reply","comment":"me""#), "bad_command"),
        (key, command(good).replace("a:1", "a 1"), "unreadable"),
        (key, command(good).replace("a:1", &"a".repeat(129)), "unreadable"),
        (key, command(good).replace("50% \\\"off\\\" & more", " "), "bad_command"),
        (key, command(good).replace(ACCOUNT, "me"), "bad_command"),
        (key, command(&format!(r#"{good},"what is off":1"#)), "bad_command"),
        ("17841405726653026:98", command(good), "wrong_key"),
    ] {
        let (found, error) = refusal(key, &value);
        assert_eq!(found, reason, "{value}");
        assert!(!error.contains("off") && !error.contains(".."), "{error}");
    }
}

#[test]
fn whoever_names_an_id_is_told_of_it() {
    let subject = |value: &str| read("k", value).unwrap_err().subject;
    let named = subject(r#"{"id":"a-1","account":"me","action":"Say hello!"}"#).unwrap();
    assert_eq!((&*named.id, named.account.as_str(), named.action), ("a-1", "", Open::Other(String::new())));
    let named = subject(&command(r#""action":"message","to":99"#)).unwrap();
    assert_eq!((named.account.as_str(), named.action), (ACCOUNT, Open::Known(Action::Message)));
    for value in ["{", "{}", r#"{"id":7}"#, r#"{"id":"a","id":"b"}"#, r#"{"id":"a b"}"#] {
        assert_eq!(subject(value), None, "{value}");
    }
}
