//! The call that carries a command out.
//!
//! Sources: the samples of Meta's guides to Instagram webhooks (mentions) and to the Send API (messages, private replies),
//! the references of comments on Instagram (replies) and on pages (comments).

use super::members::Members;
use super::{Fault, Platform};
use schemas::reply::Action;
use serde_json::{Value, json};
use weir_graph::{Body, GraphId};

/// A call: its path below the version, and its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Without version.
    pub path: String,
    /// The parameters.
    pub body: Body,
}

impl Call {
    /// The call of an action.
    pub(super) fn of(
        action: Action,
        account: &GraphId,
        platform: Platform,
        members: &Members<'_>,
    ) -> Result<Self, Fault> {
        match action {
            Action::Message => {
                let recipient = json!({"id": members.graph_id("to")?.as_str()});
                message(account, platform, &recipient, members)
            }
            Action::PrivateReply => {
                members.graph_id_if_there("media")?;
                let recipient = json!({"comment_id": members.graph_id("comment")?.as_str()});
                message(account, platform, &recipient, members)
            }
            Action::MentionReply => mention_reply(account, members),
            Action::CommentReply => {
                members.graph_id_if_there("media")?;
                let comment = members.graph_id("comment")?;
                let path = format!("{comment}/{}", platform.answers_edge());
                Ok(Self { path, body: Body::Form(vec![("message", words(members)?)]) })
            }
        }
    }

    /// The URL below the host.
    pub fn relative_url(&self, version: &str) -> String {
        format!("{version}/{}", self.path)
    }
}

fn mention_reply(account: &GraphId, members: &Members<'_>) -> Result<Call, Fault> {
    let mut form = vec![("media_id", members.graph_id("media")?.to_string()), ("message", words(members)?)];
    form.extend(members.graph_id_if_there("comment")?.map(|comment| ("comment_id", comment.to_string())));
    Ok(Call { path: format!("{account}/mentions"), body: Body::Form(form) })
}

fn message(
    account: &GraphId,
    platform: Platform,
    recipient: &Value,
    members: &Members<'_>,
) -> Result<Call, Fault> {
    let text = words(members)?;
    platform.check_text("text", &text)?;
    let mut body = json!({"recipient": recipient, "message": {"text": text}});
    if platform == Platform::Facebook {
        body["messaging_type"] = "RESPONSE".into();
    }
    Ok(Call { path: format!("{account}/messages"), body: Body::Json(body.to_string()) })
}

/// The member `text`.
fn words(members: &Members<'_>) -> Result<String, Fault> {
    let form = "a string of some words";
    let text = members.needed("text", form)?;
    if text.trim().is_empty() {
        return Err(Fault::Member { member: "text", form });
    }
    Ok(text)
}
