//! The call that carries a command out.
//!
//! Sources: the samples of Meta's guides to Instagram webhooks (mentions), the references of comments on Instagram (replies,
//! hiding, deleting), of likes on Instagram (April 2026) and on pages, of comments on pages, the guide to the handover protocol.

mod send;

use super::members::Members;
use crate::outcome::Cause;
use schemas::reply::Action;
use serde_json::json;
use weir_graph::{Account, Body, GraphId, Login};

/// More than Meta takes of what another app is told.
const LONGEST_METADATA: usize = 1_000;

/// A call: its path below the version, and what it does there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Without version.
    pub path: String,
    /// What is done.
    pub method: Method,
}

/// What is done with a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// `POST` with this body.
    Post(Body),
    /// `DELETE`.
    Delete,
}

impl Call {
    /// The call of an action.
    pub(super) fn of(action: Action, account: &Account, members: &Members<'_>) -> Result<Self, Cause> {
        let (answers, hidden) =
            if account.is_instagram() { ("replies", "hide") } else { ("comments", "is_hidden") };
        let form =
            |path, parameter, value: &str| Self::post(path, Body::Form(vec![(parameter, value.to_owned())]));
        Ok(match action {
            Action::Message | Action::PrivateReply | Action::SenderAction | Action::Reaction => {
                send::of(action, account, members)?
            }
            Action::MentionReply => mention_reply(&account.id, members)?,
            Action::CommentReply => {
                form(format!("{}/{answers}", comment(members)?), "message", &words(members)?)
            }
            Action::CommentHide => form(comment(members)?, hidden, "true"),
            Action::CommentShow => form(comment(members)?, hidden, "false"),
            Action::CommentDelete => Self { path: comment(members)?, method: Method::Delete },
            Action::CommentLike => Self::post(likes(account, members)?, Body::Form(Vec::new())),
            Action::CommentUnlike => Self { path: likes(account, members)?, method: Method::Delete },
            Action::ThreadPass => {
                thread("pass", account, members, Some(members.graph_id("app_id")?.as_str()))?
            }
            Action::ThreadTake => thread("take", account, members, None)?,
            Action::ThreadRequest => thread("request", account, members, None)?,
            Action::ThreadRelease => thread("release", account, members, None)?,
        })
    }

    /// The URL below the host.
    pub fn relative_url(&self, version: &str) -> String {
        format!("{version}/{}", self.path)
    }

    fn post(path: String, body: Body) -> Self {
        Self { path, method: Method::Post(body) }
    }
}

fn mention_reply(account: &GraphId, members: &Members<'_>) -> Result<Call, Cause> {
    let mut form = vec![("media_id", members.graph_id("media")?.to_string()), ("message", words(members)?)];
    form.extend(members.graph_id_if_there("comment")?.map(|comment| ("comment_id", comment.to_string())));
    Ok(Call::post(format!("{account}/mentions"), Body::Form(form)))
}

fn comment(members: &Members<'_>) -> Result<String, Cause> {
    Ok(members.graph_id("comment")?.to_string())
}

/// Where a comment is liked: below it by a page, below the account on Instagram, for which Facebook Login alone has likes.
fn likes(account: &Account, members: &Members<'_>) -> Result<String, Cause> {
    let comment = comment(members)?;
    if !account.is_instagram() {
        return Ok(format!("{comment}/likes"));
    }
    if account.login == Login::Facebook {
        return Ok(format!("{}/likes?comment_id={comment}", account.id));
    }
    let form = "another one: of Instagram accounts, Meta lets those of Facebook Login alone like comments";
    Err(Cause::wrong("action", form))
}

fn thread(verb: &str, account: &Account, members: &Members<'_>, app: Option<&str>) -> Result<Call, Cause> {
    let form = "a string of at most 1,000 characters";
    let metadata = members.text("metadata", form)?;
    if metadata.as_ref().is_some_and(|metadata| metadata.chars().count() > LONGEST_METADATA) {
        return Err(Cause::wrong("metadata", form));
    }
    let mut body = json!({"recipient": {"id": members.graph_id("to")?.as_str()}});
    if let Some(app) = app {
        body["target_app_id"] = app.into();
    }
    if let Some(metadata) = metadata {
        body["metadata"] = metadata.into();
    }
    Ok(Call::post(
        format!("{}/{verb}_thread_control", account.messaging_node()),
        Body::Json(body.to_string()),
    ))
}

/// The member `text`.
fn words(members: &Members<'_>) -> Result<String, Cause> {
    let form = "a string of some words";
    let text = members.needed("text", form)?;
    if text.trim().is_empty() {
        return Err(Cause::wrong("text", form));
    }
    Ok(text)
}
