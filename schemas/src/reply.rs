//! Commands to answer, and what became of them: the records of the topics `replies` and `replies.results`.

mod members;
mod result;

pub use crate::word::Open;
pub use members::{Presence, SHARED};
pub use result::{CommandResult, ResultStatus};

use crate::word::words;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A command to answer a message, a mention or a comment.
///
/// It is carried out as it says or refused: a member that its action does not have refuses it. The record's key is the
/// conversation's or the post's: `{account}:{to}` of a message, else `{account}:{media}`, or `{account}` alone where no
/// media is named. It is what makes the same command twice land in the same place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("allOf" = members::of_each_action(), "additionalProperties" = false)))]
pub struct Command<'a> {
    /// Names the command, 1 to 128 of `A-Za-z0-9_.:-`. A second command of the same id is never carried out. Always
    /// present.
    #[serde(borrow)]
    #[cfg_attr(feature = "json-schema", schemars(regex(pattern = r"^[A-Za-z0-9_.:-]{1,128}$")))]
    pub id: Cow<'a, str>,
    /// The account or page that answers. Always present.
    #[serde(borrow)]
    pub account: Cow<'a, str>,
    /// What to do. Always present.
    pub action: Open<Action>,
    /// The words of the answer. Always present.
    #[serde(borrow)]
    pub text: Cow<'a, str>,
    /// Whom a message goes to: the customer's id, which is `from` of an inbox record. Present in messages.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Cow<'a, str>>,
    /// The media of the mention or comment. Present in replies to mentions, and in others for the
    /// sake of the key.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Cow<'a, str>>,
    /// The comment that is answered. Present in replies to comments and private replies; where it is absent, a reply
    /// to a mention answers the caption.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Cow<'a, str>>,
    /// When it is too late for the answer; RFC 3339. Absent where an answer may be as old as weir-replies allows.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "date-time")))]
    pub not_after: Option<Cow<'a, str>>,
}

words! {
    /// What a command does.
    pub enum Action {
        /// Writes a direct message to a customer: `POST /{account}/messages`.
        Message = "message",
        /// Answers a mention in public: `POST /{account}/mentions`.
        MentionReply = "mention_reply",
        /// Answers a comment on the account's own media in public: `POST /{comment}/replies`.
        CommentReply = "comment_reply",
        /// Answers a comment by a direct message to its author: `POST /{account}/messages`.
        PrivateReply = "private_reply",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_read_and_written_as_it_was() {
        let json = r#"{"id":"a-1","account":"1784","action":"message","text":"Yes, we do!","to":"99"}"#;
        let command: Command<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(command.action, Action::Message.into());
        assert_eq!(serde_json::to_string(&command).unwrap(), json);
    }

    #[test]
    fn actions_and_statuses_that_come_later_are_no_errors() {
        let json = r#"{"id":"a-1","account":"1784","action":"wave","text":"","later":1}"#;
        let command: Command<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(command.action, Open::Other("wave".to_owned()));
        let json = r#"{"id":"a","account":"1","action":"message","status":"pondered","at":"","attempt":1,"partition":0,"offset":0}"#;
        let result: CommandResult<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(result.status, Open::Other("pondered".to_owned()));
    }
}
