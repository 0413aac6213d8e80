//! What a command says is to be done, checked: pure.

use runtime::consumer::Record;
use schemas::Millis;
use schemas::reply::{Action, Command, Open};
use serde_json::json;
use std::sync::Arc;
use weir_graph::{Body, GraphId};

/// Longer than any id of a command.
const LONGEST_ID: usize = 128;

/// A command that can be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The command's id.
    pub id: Arc<str>,
    /// Who answers.
    pub account: GraphId,
    /// What is done.
    pub act: Act,
    /// The words.
    pub text: String,
    /// When it is too late.
    pub not_after: Option<Millis>,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A direct message.
    Message {
        /// The customer.
        to: GraphId,
    },
    /// A public answer to a mention.
    MentionReply {
        /// The media below which, or in whose caption, the account was mentioned.
        media: GraphId,
        /// The comment that mentions the account.
        comment: Option<GraphId>,
    },
    /// A public answer to a comment.
    CommentReply {
        /// The comment.
        comment: GraphId,
    },
    /// A direct message to the author of a comment.
    PrivateReply {
        /// The comment.
        comment: GraphId,
    },
}

/// Why a record is no command that could be carried out.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// No JSON of a command; says where.
    #[error("the value is no command: {place}")]
    NoCommand {
        /// Without a word of the value.
        place: String,
    },
    /// An action that this version does not know.
    #[error("the action is not one of message, mention_reply, comment_reply, private_reply")]
    Action,
    /// A member that is missing, or not of its form.
    #[error("{member} must be {form}")]
    Member {
        /// Its name.
        member: &'static str,
        /// What it must be.
        form: &'static str,
    },
    /// Another key than the command's.
    #[error("the record's key must be {expected}, so that a repeated command comes to the same place")]
    Key {
        /// What it must be.
        expected: String,
    },
}

impl Unusable {
    /// The reason of the dead letter.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoCommand { .. } => "unreadable",
            Self::Action => "unknown_action",
            Self::Member { .. } => "bad_command",
            Self::Key { .. } => "wrong_key",
        }
    }
}

impl Order {
    /// Reads the record of a command.
    pub fn read(record: &Record) -> Result<Self, Unusable> {
        let value = record.value.as_deref().unwrap_or_default();
        let command: Command<'_> =
            serde_json::from_slice(value).map_err(|error| Unusable::NoCommand { place: place(&error) })?;
        let order = Self::of(&command)?;
        let expected = key(&command);
        if record.key.as_deref() != Some(expected.as_bytes()) {
            return Err(Unusable::Key { expected });
        }
        Ok(order)
    }

    /// What it is called in a result.
    pub const fn action(&self) -> Action {
        match self.act {
            Act::Message { .. } => Action::Message,
            Act::MentionReply { .. } => Action::MentionReply,
            Act::CommentReply { .. } => Action::CommentReply,
            Act::PrivateReply { .. } => Action::PrivateReply,
        }
    }

    /// The call that carries it out: path under the host, and body. Sources: the samples of Meta's guides to Instagram
    /// webhooks (mentions) and to the Send API (messages, private replies), the reference of comments (replies).
    pub fn call(&self, version: &str) -> (String, Body) {
        let Self { account, text, .. } = self;
        let messages = |recipient: serde_json::Value| {
            let body = json!({"recipient": recipient, "message": {"text": text}});
            (format!("{version}/{account}/messages"), Body::Json(body.to_string()))
        };
        match &self.act {
            Act::Message { to } => messages(json!({"id": to.as_str()})),
            Act::PrivateReply { comment } => messages(json!({"comment_id": comment.as_str()})),
            Act::MentionReply { media, comment } => {
                let comment = comment.as_ref().map(|comment| ("comment_id", comment.to_string()));
                let form = [("media_id", media.to_string()), ("message", text.clone())];
                let form = form.into_iter().chain(comment).collect();
                (format!("{version}/{account}/mentions"), Body::Form(form))
            }
            Act::CommentReply { comment } => {
                (format!("{version}/{comment}/replies"), Body::Form(vec![("message", text.clone())]))
            }
        }
    }

    fn of(command: &Command<'_>) -> Result<Self, Unusable> {
        let id = checked_id(&command.id)?;
        let account = graph_id("account", Some(&command.account))?;
        let media = command.media.as_deref();
        // A media that is not needed is part of the key all the same.
        let known_media = media.map(|media| graph_id("media", Some(media))).transpose()?;
        let comment = command.comment.as_deref();
        let act = match command.action {
            Open::Known(Action::Message) => Act::Message { to: graph_id("to", command.to.as_deref())? },
            Open::Known(Action::MentionReply) => Act::MentionReply {
                media: known_media.ok_or(digits("media"))?,
                comment: comment.map(|comment| graph_id("comment", Some(comment))).transpose()?,
            },
            Open::Known(Action::CommentReply) => Act::CommentReply { comment: graph_id("comment", comment)? },
            Open::Known(Action::PrivateReply) => Act::PrivateReply { comment: graph_id("comment", comment)? },
            Open::Other(_) => return Err(Unusable::Action),
        };
        if command.text.trim().is_empty() {
            return Err(Unusable::Member { member: "text", form: "some words" });
        }
        let not_after = match command.not_after.as_deref() {
            None => None,
            Some(text) => Some(Millis::parse(text).ok_or(Unusable::Member {
                member: "not_after",
                form: "a time in RFC 3339 and UTC, such as 2025-07-18T16:20:41Z",
            })?),
        };
        Ok(Self { id, account, act, text: command.text.clone().into_owned(), not_after })
    }
}

/// `{account}:{to}` or `{account}:{media}`, as far as the command names them.
fn key(command: &Command<'_>) -> String {
    let to = if command.action == Open::Known(Action::Message) { &command.to } else { &command.media };
    match to {
        Some(to) => format!("{}:{to}", command.account),
        None => command.account.clone().into_owned(),
    }
}

fn checked_id(id: &str) -> Result<Arc<str>, Unusable> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    if (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(allowed) {
        return Ok(Arc::from(id));
    }
    Err(Unusable::Member { member: "id", form: "1 to 128 of A-Z a-z 0-9 _ . : -" })
}

const fn digits(member: &'static str) -> Unusable {
    Unusable::Member { member, form: "an id of digits" }
}

fn graph_id(member: &'static str, text: Option<&str>) -> Result<GraphId, Unusable> {
    text.and_then(GraphId::parse).ok_or(digits(member))
}

fn place(error: &serde_json::Error) -> String {
    let what = if error.is_data() { "a member is missing or of another type" } else { "no JSON" };
    format!("{what} at line {} column {}", error.line(), error.column())
}

#[cfg(test)]
mod tests;
