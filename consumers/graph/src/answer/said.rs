//! What an answer without an error says of what was to be done: pure.
//!
//! Sources: Meta's references of the Send API (`recipient_id`, `message_id`), of comments and mentions (`id` of what was made, `success`),
//! of likes, thread control and subscriptions (`success`).

use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What an answer says of what was to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It was done: it names what was made, or to whom it went, or says so.
    Done,
    /// It was not.
    NotDone,
    /// None of what Meta documents, so that it is hardly Meta's.
    Nothing,
}

/// Members that name something.
const IDS: [&str; 3] = ["message_id", "recipient_id", "id"];

impl Said {
    /// Reads the answer.
    pub fn of(answer: &RawValue) -> Self {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(answer.get()).unwrap_or_default();
        let member = |name| members.get(name).map(|value| value.get());
        let is_id =
            |value: &str| value != "\"\"" && value.starts_with(|c: char| c == '"' || c.is_ascii_digit());
        match member("success") {
            Some("false") => Self::NotDone,
            Some("true") => Self::Done,
            _ if IDS.into_iter().filter_map(member).any(is_id) => Self::Done,
            _ => Self::Nothing,
        }
    }

    /// Whether an answer of the Send API says that it went to somebody else than this person: it is the answer to another call then.
    pub fn is_of_another(answer: &RawValue, person: &str) -> bool {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(answer.get()).unwrap_or_default();
        let recipient = members.get("recipient_id").map(|value| value.get().trim_matches('"'));
        recipient.is_some_and(|id| !matches!(id, "" | "null") && id != person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_may_be_about_another_person() {
        for (answer, expected) in [
            (r#"{"recipient_id":"42","message_id":"m"}"#, false),
            (r#"{"recipient_id":42}"#, false),
            (r#"{"message_id":"m"}"#, false),
            (r#"{"recipient_id":null}"#, false),
            (r#"{"recipient_id":"999999","message_id":"m"}"#, true),
            (r#"{"recipient_id":421}"#, true),
        ] {
            let raw = RawValue::from_string(answer.to_owned()).unwrap();
            assert_eq!(Said::is_of_another(&raw, "42"), expected, "{answer}");
        }
    }

    #[test]
    fn an_answer_says_that_it_was_done_by_what_meta_documents() {
        for (answer, expected) in [
            (r#"{"recipient_id":"1","message_id":"m_1"}"#, Said::Done),
            (r#"{"recipient_id":"1"}"#, Said::Done),
            (r#"{"message_id":null,"id":17}"#, Said::Done),
            (r#"{"success": true}"#, Said::Done),
            (r#"{"success":false,"id":"17"}"#, Said::NotDone),
            ("{}", Said::Nothing),
            (r#"{"success":null}"#, Said::Nothing),
            (r#"{"success":"false"}"#, Said::Nothing),
            (r#"{"id":""}"#, Said::Nothing),
            (r#"{"id":{},"message_id":[],"recipient_id":true}"#, Said::Nothing),
            (r#"{"result":"success"}"#, Said::Nothing),
        ] {
            let raw = RawValue::from_string(answer.to_owned()).unwrap();
            assert_eq!(Said::of(&raw), expected, "{answer}");
        }
    }
}
