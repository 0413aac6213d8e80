//! Which members a command has: the one table for whoever reads commands and for their JSON Schema.

use super::Action;

/// Members that every command has; the last one may be absent.
pub const SHARED: [&str; 4] = ["id", "account", "action", "not_after"];

/// What the member `sender_action` must be one of.
pub const SENDER_ACTIONS: [&str; 3] = ["typing_on", "typing_off", "mark_seen"];

/// Whether a member of an action must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It must.
    Required,
    /// It may be absent.
    Optional,
    /// It, or the other one of this presence, must be there, and not both.
    Either,
}

use Presence::{Either, Optional, Required};

/// The members of an action, beside [`SHARED`].
type Members = &'static [(&'static str, Presence)];

const MESSAGE: Members = &[
    ("to", Required),
    ("text", Either),
    ("message", Either),
    ("reply_to", Optional),
    ("messaging_type", Optional),
    ("tag", Optional),
    ("window_ends_at", Optional),
];
const PRIVATE_REPLY: Members =
    &[("comment", Required), ("media", Optional), ("text", Either), ("message", Either)];

impl Action {
    /// What an action must be, for a message.
    pub const FORM: &'static str = "one of message, mention_reply, comment_reply, private_reply, sender_action, reaction, \
                                    comment_hide, comment_show, comment_delete, comment_like, comment_unlike, thread_pass, \
                                    thread_take, thread_request, thread_release";

    /// Its members beside [`SHARED`]. A command with any other is refused.
    pub const fn members(self) -> Members {
        match self {
            Self::Message => MESSAGE,
            Self::MentionReply => &[("media", Required), ("comment", Optional), ("text", Required)],
            Self::CommentReply => &[("comment", Required), ("media", Optional), ("text", Required)],
            Self::PrivateReply => PRIVATE_REPLY,
            Self::SenderAction => &[("to", Required), ("sender_action", Required)],
            Self::Reaction => &[("to", Required), ("message_id", Required), ("reaction", Optional)],
            Self::CommentHide
            | Self::CommentShow
            | Self::CommentDelete
            | Self::CommentLike
            | Self::CommentUnlike => &[("comment", Required), ("media", Optional)],
            Self::ThreadPass => &[("to", Required), ("app_id", Required), ("metadata", Optional)],
            Self::ThreadTake | Self::ThreadRequest => &[("to", Required), ("metadata", Optional)],
            Self::ThreadRelease => &[("to", Required)],
        }
    }

    /// Whether it has the member, beside [`SHARED`].
    pub fn has(self, member: &str) -> bool {
        self.members().iter().any(|(name, _)| *name == member)
    }
}

/// The members of each action, in the terms of JSON Schema.
#[cfg(feature = "json-schema")]
pub(super) fn of_each_action() -> serde_json::Value {
    Action::ALL.iter().map(|action| of_action(*action)).collect()
}

#[cfg(feature = "json-schema")]
fn of_action(action: Action) -> serde_json::Value {
    use serde_json::{Value, json};
    let named = |wanted: Presence| {
        action.members().iter().filter(move |(_, presence)| *presence == wanted).map(|(name, _)| *name)
    };
    let all: Vec<_> = SHARED.into_iter().chain(action.members().iter().map(|(name, _)| *name)).collect();
    let mut then = json!({"required": named(Required).collect::<Vec<_>>(), "propertyNames": {"enum": all}});
    let tagged = json!({"const": "MESSAGE_TAG"});
    let either: Vec<Value> = named(Either).map(|name| json!({"required": [name]})).collect();
    if !either.is_empty() {
        then["oneOf"] = either.into();
    }
    if action.has("tag") {
        then["allOf"] = json!([
            {"if": {"required": ["tag"]}, "then": {"properties": {"messaging_type": tagged}}},
            {"if": {"required": ["messaging_type"], "properties": {"messaging_type": tagged}}, "then": {"required": ["tag"]}},
        ]);
    }
    json!({"if": {"properties": {"action": {"const": action.as_str()}}}, "then": then})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_names_every_action() {
        let names: Vec<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
        assert_eq!(Action::FORM, format!("one of {}", names.join(", ")));
    }
}
