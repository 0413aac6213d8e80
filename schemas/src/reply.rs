//! Reply commands, and what became of them: the records of the topics `replies` and `replies.results`.

mod members;
mod result;

pub use crate::word::Open;
pub use members::{Presence, SENDER_ACTIONS, SHARED};
pub use result::{CommandResult, ResultStatus};

use crate::word::words;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A reply command: to answer, or to do something else that the Graph API can, in a conversation or below a post.
///
/// It is carried out as it says or refused: a member that its action does not have refuses it. One that is null counts as absent,
/// whatever its name, since serializers write such; this schema is for who writes commands, and has no nulls. The record's key is the
/// conversation's or the post's: `{account}:{to}` where it has a receiver, else `{account}:{media}`, or `{account}` alone where no
/// media is named. It is what makes the same command twice land in the same place.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("allOf" = members::of_each_action(), "additionalProperties" = false)))]
pub struct Command<'a> {
    /// Names the command among those of its account, 1 to 128 of `A-Za-z0-9_.:-`. A second command of the same account and id
    /// is not carried out for an hour longer than `--reply-max-age` of weir-replies (25 hours, unless it is set) from the first
    /// one on; one that comes later is. Always present.
    #[serde(borrow)]
    #[cfg_attr(feature = "json-schema", schemars(regex(pattern = r"^[A-Za-z0-9_.:-]{1,128}$")))]
    pub id: Cow<'a, str>,
    /// The account or page that answers. Always present.
    #[serde(borrow)]
    #[cfg_attr(feature = "json-schema", schemars(regex(pattern = "^[0-9_]{1,128}$")))]
    pub account: Cow<'a, str>,
    /// What to do. Always present.
    pub action: Open<Action>,
    /// The words of the answer. Present in replies; in messages and private replies where `message` is absent.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(length(min = 1)))]
    pub text: Option<Cow<'a, str>>,
    /// Whom it is about: the customer's id, which is `from` of an inbox record. Present in messages, sender actions,
    /// reactions and what is about the control of the thread.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(regex(pattern = "^[0-9_]{1,128}$")))]
    pub to: Option<Cow<'a, str>>,
    /// The media of the mention or comment. Present in replies to mentions; in others it is used
    /// only for the key.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(regex(pattern = "^[0-9_]{1,128}$")))]
    pub media: Option<Cow<'a, str>>,
    /// The comment that is answered. Present in replies to comments and private replies; where it is absent, a reply
    /// to a mention answers the caption.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(regex(pattern = "^[0-9_]{1,128}$")))]
    pub comment: Option<Cow<'a, str>>,
    /// Meta's message object, passed on as it is: text, attachments, templates, quick replies. Present in messages and
    /// private replies without `text`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(extend("type" = "object", "minProperties" = 1)))]
    pub message: Option<&'a RawValue>,
    /// The message that a message answers. Present in messages that quote another one.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<ReplyTo<'a>>,
    /// Meta's `messaging_type`, such as `RESPONSE`. Absent where it is the one that the account needs: of a page `RESPONSE`,
    /// and `MESSAGE_TAG` where there is a `tag`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(regex(pattern = "^[A-Z_]{1,64}$")))]
    pub messaging_type: Option<Cow<'a, str>>,
    /// Why a message may be sent after the 24 hours, such as `HUMAN_AGENT`. Absent within them.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(regex(pattern = "^[A-Z_]{1,64}$")))]
    pub tag: Option<Cow<'a, str>>,
    /// Until when the customer may be answered, as the conversation's newest inbox record says that has it; RFC 3339. A message
    /// without a tag that is surely later is refused before Meta is asked, one with `HUMAN_AGENT` 6 days later. Absent where Meta is
    /// to decide.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "date-time")))]
    pub window_ends_at: Option<Cow<'a, str>>,
    /// `typing_on`, `typing_off` or `mark_seen`. Present in sender actions.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(extend("enum" = SENDER_ACTIONS)))]
    pub sender_action: Option<Cow<'a, str>>,
    /// The `mid` of the message that is reacted to. Present in reactions.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(regex(pattern = "^[!-~]{1,512}$")))]
    pub message_id: Option<Cow<'a, str>>,
    /// The reaction, such as `love`. Absent where a reaction is taken back.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(length(min = 1, max = 64)))]
    pub reaction: Option<Cow<'a, str>>,
    /// The app that the thread is passed to. Present where it is passed.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(regex(pattern = "^[0-9_]{1,128}$")))]
    pub app_id: Option<Cow<'a, str>>,
    /// What the other app is told of it. Absent where there is nothing to tell.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(length(max = 1_000)))]
    pub metadata: Option<Cow<'a, str>>,
    /// When it is too late for the answer; RFC 3339. Absent where an answer may be as old as weir-replies allows.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "date-time")))]
    pub not_after: Option<Cow<'a, str>>,
}

/// The message that a message answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("additionalProperties" = false)))]
pub struct ReplyTo<'a> {
    /// Its `mid`. Always present.
    #[serde(borrow)]
    #[cfg_attr(feature = "json-schema", schemars(regex(pattern = "^[!-~]{1,512}$")))]
    pub mid: Cow<'a, str>,
}

words! {
    /// What a command does. `{node}` is the Page that an account belongs to, `me` where that is not known, and the account itself
    /// where it is a Page or has logged in by Instagram.
    pub enum Action {
        /// Writes a direct message to a customer: `POST /{node}/messages`.
        Message = "message",
        /// Answers a mention in public: `POST /{account}/mentions`.
        MentionReply = "mention_reply",
        /// Answers a comment on the account's own media in public: `POST /{comment}/replies`, of a page `/comments`.
        CommentReply = "comment_reply",
        /// Answers a comment by a direct message to its author: `POST /{node}/messages`.
        PrivateReply = "private_reply",
        /// Shows a customer that the account types, or has seen the messages: `POST /{node}/messages`.
        SenderAction = "sender_action",
        /// Reacts to a customer's message, or takes the reaction back: `POST /{node}/messages`.
        Reaction = "reaction",
        /// Hides a comment from everybody but its author: `POST /{comment}`.
        CommentHide = "comment_hide",
        /// Shows a hidden comment again: `POST /{comment}`.
        CommentShow = "comment_show",
        /// Deletes a comment: `DELETE /{comment}`.
        CommentDelete = "comment_delete",
        /// Likes a comment: `POST /{comment}/likes` of a page, `POST /{account}/likes` on Instagram.
        CommentLike = "comment_like",
        /// Takes the like of a comment back: `DELETE /{comment}/likes` of a page, `DELETE /{account}/likes` on Instagram.
        CommentUnlike = "comment_unlike",
        /// Gives another app control of the thread: `POST /{node}/pass_thread_control`.
        ThreadPass = "thread_pass",
        /// Takes control of the thread: `POST /{node}/take_thread_control`.
        ThreadTake = "thread_take",
        /// Asks for control of the thread: `POST /{node}/request_thread_control`.
        ThreadRequest = "thread_request",
        /// Gives control of the thread back: `POST /{node}/release_thread_control`.
        ThreadRelease = "thread_release",
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
    fn a_message_object_is_kept_byte_for_byte() {
        let json = r#"{"id":"a-1","account":"1784","action":"message","to":"99","message":{"text" : "\u00e4"},"reply_to":{"mid":"m"}}"#;
        let command: Command<'_> = serde_json::from_str(json).unwrap();
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
