//! The Send API as commands.

use super::*;

/// Path and body of the call of a command without text.
fn textless(account: &str, place: &str, rest: &Value) -> Result<(String, Value), String> {
    let mut value = json!({"id": "a", "account": account});
    value.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    let key = if place.is_empty() { account.to_owned() } else { format!("{account}:{place}") };
    let command = read(&key, &value.to_string()).map_err(|unusable| unusable.cause.error)?;
    Ok((command.call.path, body(&command.call.method)))
}

#[test]
fn a_message_object_is_passed_on_as_it_is() {
    let message =
        r#"{"text" : "Pick \u00e4", "quick_replies":[{"content_type":"text","title":"1.50","payload":"x"}]}"#;
    let value = format!(
        r#"{{"id":"a","account":"{ACCOUNT}","action":"message","to":"9","message":{message},"reply_to":{{"mid":"m_1"}},"tag":"HUMAN_AGENT"}}"#
    );
    let command = read(&format!("{ACCOUNT}:9"), &value).unwrap();
    let Method::Post(Body::Json(body)) = command.call.method else { panic!("no JSON") };
    assert!(body.contains(message), "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["reply_to"], json!({"mid": "m_1"}));
    assert_eq!((&body["messaging_type"], &body["tag"]), (&json!("MESSAGE_TAG"), &json!("HUMAN_AGENT")));
}

#[test]
fn the_rest_of_the_send_api_has_the_calls_of_the_documents() {
    let messages = String::from("me/messages");
    for (place, rest, path, body) in [
        (
            "9",
            json!({"action": "sender_action", "to": "9", "sender_action": "typing_on"}),
            messages.clone(),
            json!({"recipient": {"id": "9"}, "sender_action": "typing_on"}),
        ),
        (
            "9",
            json!({"action": "reaction", "to": "9", "message_id": "m_1", "reaction": "love"}),
            messages.clone(),
            json!({"recipient": {"id": "9"}, "sender_action": "react", "payload": {"message_id": "m_1", "reaction": "love"}}),
        ),
        (
            "9",
            json!({"action": "reaction", "to": "9", "message_id": "m_1"}),
            messages,
            json!({"recipient": {"id": "9"}, "sender_action": "unreact", "payload": {"message_id": "m_1"}}),
        ),
        ("", json!({"action": "comment_hide", "comment": "17"}), String::from("17"), json!({"hide": "true"})),
        (
            "18",
            json!({"action": "comment_show", "comment": "17", "media": "18"}),
            String::from("17"),
            json!({"hide": "false"}),
        ),
        ("", json!({"action": "comment_delete", "comment": "17"}), String::from("17"), json!("DELETE")),
        (
            "9",
            json!({"action": "thread_pass", "to": "9", "app_id": "263902037430900", "metadata": "an order"}),
            String::from("me/pass_thread_control"),
            json!({"recipient": {"id": "9"}, "target_app_id": "263902037430900", "metadata": "an order"}),
        ),
        (
            "9",
            json!({"action": "thread_release", "to": "9"}),
            String::from("me/release_thread_control"),
            json!({"recipient": {"id": "9"}}),
        ),
    ] {
        assert_eq!(textless(ACCOUNT, place, &rest), Ok((path, body)), "{rest}");
    }
    let hide = json!({"action": "comment_hide", "comment": "5_17"});
    assert_eq!(textless(PAGE, "", &hide), Ok((String::from("5_17"), json!({"is_hidden": "true"}))));
}

#[test]
fn a_comment_is_liked_below_it_by_a_page_and_below_the_account_on_instagram() {
    let like = json!({"action": "comment_like", "comment": "17", "media": "18"});
    let unlike = json!({"action": "comment_unlike", "comment": "17"});
    let below_the_account = format!("{ACCOUNT}/likes?comment_id=17");
    let below_it = String::from("17/likes");
    for (account, path) in [(ACCOUNT, below_the_account), (PAGE, below_it)] {
        assert_eq!(textless(account, "18", &like), Ok((path.clone(), json!({}))));
        assert_eq!(textless(account, "", &unlike), Ok((path, json!("DELETE"))));
    }
}

#[test]
fn an_account_of_instagram_login_is_told_that_it_has_no_likes() {
    let like = format!(r#"{{"id":"a","account":"{ACCOUNT}","action":"comment_like","comment":"17"}}"#);
    let of_login = |id: &GraphId| Account::new(id.clone(), Login::Instagram, None);
    let cause = Command::parse(like.as_bytes(), of_login).unwrap_err().cause;
    assert_eq!(cause.reason, "bad_command");
    assert!(cause.error.contains("Facebook Login"), "{}", cause.error);
}

#[test]
fn what_meta_would_refuse_of_a_message_is_named() {
    let error = |rest: Value| {
        let mut command = json!({"action": "message", "to": "9"});
        command.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        textless(ACCOUNT, "9", &command).unwrap_err()
    };
    for (rest, expected) in [
        (json!({"text": "Hello", "message": {"text": "Hello"}}), "message must be an object of Meta's"),
        (json!({"message": {}}), "message must be an object of Meta's"),
        (json!({"message": "Hello"}), "message must be an object of Meta's"),
        (json!({"message": {"text": "é".repeat(501)}}), "message.text must be at most 1,000 bytes"),
        (json!({"message": {"text": 5}}), "message.text must be a string"),
        (json!({}), "text is missing"),
        (json!({"text": "Hello", "messaging_type": "MESSAGE_TAG"}), "tag is missing"),
        (
            json!({"text": "Hello", "messaging_type": "RESPONSE", "tag": "HUMAN_AGENT"}),
            "messaging_type must be MESSAGE_TAG",
        ),
        (json!({"text": "Hello", "tag": "human agent"}), "tag must be a word in capitals"),
        (json!({"text": "Hello", "reply_to": "m_1"}), "reply_to must be an object with the mid"),
        (json!({"text": "Hello", "reply_to": {"mid": 5}}), "reply_to must be an object with the mid"),
        (
            json!({"text": "Hello", "reply_to": {"mid": "m_1", "is_self_reply": true}}),
            "reply_to must be an object with the mid",
        ),
    ] {
        let error = error(rest);
        assert!(error.starts_with(expected), "{error}");
    }
}
