//! Inbox records are written as they were read, and later words are no error.

use super::*;
use serde_json::{Value, json};

/// A story's answer, as the documentation shows it.
const STORY_REPLY: &str = concat!(
    r#"{"id":"3f0c5d8e9a7b6c5d4e3f2a1b0c9d8e7f","platform":"instagram","event":"message.received","#,
    r#""account":"17841405726653026","from":"12345678901234567","to":"17841405726653026","direction":"incoming","#,
    r#""timestamp":1747231892,"occurred_at":"2025-05-14T14:11:32.000Z","#,
    r#""received_at":"2025-05-14T14:11:33.250Z","#,
    r#""message":{"type":"story_reply","id":"aWdtc2c","body":"Wow, this looks amazing!","#,
    r#""story_id":"17893310459840806","story_url":"https://lookaside.fbsbx.com/","#,
    r#""attachments":[],"reply_to":null,"quick_reply":null},"#,
    r#""signature_verified":true,"standby":false,"test":false}"#,
);

#[test]
fn a_record_is_written_as_it_was_read() {
    let record: Record = serde_json::from_str(STORY_REPLY).unwrap();
    assert_eq!(record.event, EventName::MessageReceived.into());
    assert_eq!(record.message.as_ref().unwrap().kind, Some(MessageType::StoryReply.into()));
    assert_eq!(serde_json::to_string(&record).unwrap(), STORY_REPLY);
}

#[test]
fn words_and_members_that_come_later_are_no_error() {
    let mut later: Value = serde_json::from_str(STORY_REPLY).unwrap();
    later["platform"] = json!("threads");
    later["event"] = json!("poll.answered");
    later["message"]["type"] = json!("poll");
    later["poll"] = json!({"option": 2});
    let record: Record = serde_json::from_value(later).unwrap();
    assert_eq!(record.platform, Open::Other("threads".to_owned()));
    assert_eq!(record.event, Open::Other("poll.answered".to_owned()));
    assert_eq!(record.message.unwrap().kind, Some(Open::Other("poll".to_owned())));
}

#[test]
fn a_word_is_written_as_it_is_named() {
    for word in MessageType::ALL {
        assert_eq!(serde_json::to_value(word).unwrap(), json!(word.as_str()));
    }
    for word in EventName::ALL {
        assert_eq!(serde_json::to_value(Open::from(*word)).unwrap(), json!(word.as_str()));
    }
}
