//! Commands to calls, and what is none.

use super::*;

fn read(key: &str, value: &str) -> Result<Order, Unusable> {
    Order::read(&Record {
        topic: Arc::from("meta.replies.v1"),
        partition: 0,
        offset: 0,
        timestamp: None,
        key: Some(key.as_bytes().to_vec()),
        value: Some(value.as_bytes().to_vec()),
        headers: Vec::new(),
    })
}

fn command(rest: &str) -> String {
    format!(r#"{{"id":"a:1","account":"1784","text":"50% \"off\" & more",{rest}}}"#)
}

fn call(key: &str, rest: &str) -> (String, Body) {
    read(key, &command(rest)).unwrap().call("v26.0")
}

#[test]
fn each_action_has_the_call_of_the_documents() {
    let text = String::from("50% \"off\" & more");
    let json = |recipient: &str| {
        Body::Json(format!(r#"{{"recipient":{recipient},"message":{{"text":"50% \"off\" & more"}}}}"#))
    };
    let sorted = |(url, body)| match body {
        Body::Json(json) => {
            let value: serde_json::Value = serde_json::from_str(&json).unwrap();
            (url, value)
        }
        Body::Form(_) => panic!("no JSON"),
    };
    assert_eq!(
        sorted(call("1784:99", r#""action":"message","to":"99""#)),
        sorted((String::from("v26.0/1784/messages"), json(r#"{"id":"99"}"#)))
    );
    assert_eq!(
        sorted(call("1784:18", r#""action":"private_reply","comment":"17","media":"18""#)),
        sorted((String::from("v26.0/1784/messages"), json(r#"{"comment_id":"17"}"#)))
    );
    let mentions = String::from("v26.0/1784/mentions");
    let form = vec![("media_id", String::from("18")), ("message", text.clone())];
    assert_eq!(
        call("1784:18", r#""action":"mention_reply","media":"18""#),
        (mentions.clone(), Body::Form(form.clone()))
    );
    let form = [form, vec![("comment_id", String::from("17"))]].concat();
    assert_eq!(
        call("1784:18", r#""action":"mention_reply","media":"18","comment":"17""#),
        (mentions, Body::Form(form))
    );
    assert_eq!(
        call("1784", r#""action":"comment_reply","comment":"17""#),
        (String::from("v26.0/17/replies"), Body::Form(vec![("message", text)]))
    );
}

#[test]
fn what_cannot_be_carried_out_is_told_and_not_quoted() {
    let good = r#""action":"message","to":"99""#;
    for (key, value, reason) in [
        ("1784:99", String::from("{"), "unreadable"),
        ("1784:99", String::from("{}"), "unreadable"),
        ("1784:99", command(r#""action":"wave""#), "unknown_action"),
        ("1784:99", command(r#""action":"message""#), "bad_command"),
        ("1784:../1", command(r#""action":"message","to":"../1""#), "bad_command"),
        ("1784", command(r#""action":"mention_reply""#), "bad_command"),
        ("1784", command(r#""action":"comment_reply","comment":"me""#), "bad_command"),
        ("1784:99", command(&format!(r#"{good},"not_after":"tomorrow""#)), "bad_command"),
        ("1784:99", command(good).replace("a:1", "a 1"), "bad_command"),
        ("1784:99", command(good).replace("50% \\\"off\\\" & more", " "), "bad_command"),
        ("1784:99", command(good).replace("\"1784\"", "\"me\""), "bad_command"),
        ("1784:98", command(good), "wrong_key"),
    ] {
        let error = read(key, &value).unwrap_err();
        assert_eq!(error.reason(), reason, "{value}");
        assert!(!error.to_string().contains("off") && !error.to_string().contains(".."), "{error}");
    }
}
