//! Which members a command has: the one table for whoever reads commands and for their JSON Schema.

use super::Action;

/// Members that every command has; the last one may be absent.
pub const SHARED: [&str; 4] = ["id", "account", "action", "not_after"];

/// Whether a member of an action must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It must.
    Required,
    /// It may be absent.
    Optional,
}

use Presence::{Optional, Required};

impl Action {
    /// What an action must be, for a message.
    pub const FORM: &'static str = "one of message, mention_reply, comment_reply, private_reply";

    /// Whether it has the member, beside [`SHARED`].
    pub fn has(self, member: &str) -> bool {
        self.members().iter().any(|(name, _)| *name == member)
    }

    /// Its members beside [`SHARED`]. A command with any other is refused.
    pub const fn members(self) -> &'static [(&'static str, Presence)] {
        match self {
            Self::Message => &[("to", Required), ("text", Required)],
            Self::MentionReply => &[("media", Required), ("comment", Optional), ("text", Required)],
            Self::CommentReply | Self::PrivateReply => {
                &[("comment", Required), ("media", Optional), ("text", Required)]
            }
        }
    }
}

/// The members of each action, in the terms of JSON Schema.
#[cfg(feature = "json-schema")]
pub(super) fn of_each_action() -> serde_json::Value {
    Action::ALL.iter().map(|action| of_action(*action)).collect()
}

#[cfg(feature = "json-schema")]
fn of_action(action: Action) -> serde_json::Value {
    use serde_json::json;
    let members = action.members();
    let required = members.iter().filter(|(_, presence)| *presence == Required);
    let required: Vec<_> = required.map(|(name, _)| *name).collect();
    let all: Vec<_> = SHARED.into_iter().chain(members.iter().map(|(name, _)| *name)).collect();
    json!({
        "if": {"properties": {"action": {"const": action.as_str()}}},
        "then": {"required": required, "propertyNames": {"enum": all}}
    })
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
