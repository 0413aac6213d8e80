//! The edges about an app itself: what it subscribes to, who has installed it, what its tokens are and how long they last.
//!
//! And the messages of conversations that it was told of.
//!
//! Sources: Meta's references of `/{app-id}/subscriptions`, `/{page-id}/subscribed_apps`, `/debug_token` and
//! `/refresh_access_token`, and its guides to long-lived tokens, to Instagram Login and to the Conversations API, as of November 2026. What an edge
//! says of a token that it does not know, that a second POST replaces the fields of the first and 2200 is a handshake that failed, is only
//! remembered; how an app's secret is refused, users report.

mod conversations;
pub(super) mod handshake;
mod installs;
mod subscriptions;
mod tokens;

pub use tokens::{KnownToken, Login};

use crate::Behaviour;
use crate::request::Asked;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The body of an answer, or how else it is answered.
type Answered = Result<Value, Behaviour>;

/// What is at Meta: apps with their secrets and subscriptions, installs, and tokens.
#[derive(Debug, Default)]
pub(super) struct Apps {
    /// Secrets by the app's id.
    pub(super) secrets: BTreeMap<String, String>,
    /// By app and object.
    subscriptions: BTreeMap<(String, String), subscriptions::Subscription>,
    /// Fields by account and app.
    pub(super) installs: BTreeMap<(String, String), Vec<String>>,
    pub(super) tokens: BTreeMap<String, KnownToken>,
    /// Of conversations, by the user.
    messages: Vec<(String, Value)>,
    /// Permissions by app that its review has approved.
    pub(super) approved: BTreeMap<String, Vec<String>>,
    /// Instagram accounts by the page that they are linked to.
    pub(super) linked: BTreeMap<String, String>,
}

impl Apps {
    /// The answer, where the call is to one of these edges.
    pub(super) fn answer(&mut self, asked: &Asked) -> Option<Behaviour> {
        let path = asked.relative_url.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').filter(|part| !is_version(part)).collect();
        let answered = match *parts.as_slice() {
            [app, "permissions"] => self.permissions(app, asked),
            [app, "subscriptions"] => self.subscriptions_edge(app, asked),
            [account, "subscribed_apps"] => self.installs_edge(account, asked),
            ["debug_token"] => self.debug(asked),
            ["oauth", "access_token"] => self.exchange_of_facebook(asked),
            ["access_token"] => self.exchange_of_instagram(asked),
            ["refresh_access_token"] => self.refresh(asked),
            ["me", "conversations"] => Ok(self.conversation(asked)),
            [mid] if asked.relative_url.contains("created_time") => self.message(mid),
            [page] if asked.relative_url.ends_with("?fields=access_token") => self.of_page(page, asked),
            [page] if asked.relative_url.ends_with("?fields=instagram_business_account") => {
                self.linked_to(page, asked)
            }
            _ => return None,
        };
        let answer = |body: Value| Behaviour::Answer { status: 200, body: body.to_string() };
        Some(answered.map_or_else(|refused| refused, answer))
    }

    /// What the review of an app has approved.
    fn permissions(&self, app: &str, asked: &Asked) -> Answered {
        if self.app_of(asked).as_deref() != Some(app) {
            return Err(Behaviour::error(190, None));
        }
        let approved = self.approved.get(app).into_iter().flatten();
        let data = approved.map(|permission| json!({"permission": permission, "status": "live"}));
        Ok(json!({ "data": data.collect::<Vec<_>>() }))
    }

    fn linked_to(&self, page: &str, asked: &Asked) -> Answered {
        self.valid_token(asked)?;
        let mut body = json!({"id": page});
        if let Some(instagram) = self.linked.get(page) {
            body["instagram_business_account"] = json!({"id": instagram});
        }
        Ok(body)
    }

    /// The app whose own token, `ID|SECRET`, the call carries.
    fn app_of(&self, asked: &Asked) -> Option<String> {
        let (id, secret) = asked.token.as_deref()?.split_once('|')?;
        (self.secrets.get(id).map(String::as_str) == Some(secret)).then(|| id.to_owned())
    }
}

fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// A parameter of the body or of the query.
fn parameter(asked: &Asked, name: &str) -> Option<String> {
    let of_body = asked.parameters.get(name).and_then(Value::as_str).map(str::to_owned);
    of_body.or_else(|| {
        let (_, query) = asked.relative_url.split_once('?')?;
        let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        value.map(str::to_owned)
    })
}

/// A list that is separated by commas.
fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
