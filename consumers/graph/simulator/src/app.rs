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

use crate::behaviour::{Answered, Behaviour};
use crate::request::Asked;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is at Meta: apps with their secrets and subscriptions, installs, and tokens.
#[derive(Debug, Default)]
pub(super) struct Apps {
    /// Secrets by the app's id.
    pub(super) secrets: BTreeMap<String, String>,
    /// By app and object, as they are listed.
    subscriptions: BTreeMap<(String, String), Value>,
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
    pub(super) fn answer(&mut self, asked: &Asked) -> Option<Answered> {
        let parts: Vec<&str> = asked.path().split('/').filter(|part| !is_version(part)).collect();
        let fields = asked.parameter("fields").unwrap_or_default();
        Some(match *parts.as_slice() {
            [app, "permissions"] => self.permissions(app, asked),
            [app, "subscriptions"] => self.subscriptions_edge(app, asked),
            [account, "subscribed_apps"] => self.installs_edge(account, asked),
            ["debug_token"] => self.debug(asked),
            ["oauth", "access_token"] => self.exchange_of_facebook(asked),
            ["access_token"] => self.exchange_of_instagram(asked),
            ["refresh_access_token"] => self.refresh(asked),
            ["me", "conversations"] => Ok(self.conversation(asked)),
            [mid] if fields.contains("created_time") => self.message(mid),
            [page] if fields == "access_token" => self.of_page(page, asked),
            [page] if fields == "instagram_business_account" => self.linked_to(page, asked),
            _ => return None,
        })
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

/// A list that is separated by commas.
fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
