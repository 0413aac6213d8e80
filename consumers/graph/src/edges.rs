//! The edges about an app itself, typed: its subscriptions and permissions, who has installed it, and its tokens; and what its
//! accounts have said and heard.
//!
//! Sources: Meta's references of `/{app-id}/subscriptions`, `/{app-id}/permissions`, `/{page-id}`,
//! `/{page-id}/subscribed_apps`, `/debug_token` and `/refresh_access_token` (November 2026), and its guide to the Conversations
//! API (February 2026).

mod installs;
mod nodes;
mod subscriptions;
mod tokens;

pub use installs::Install;
pub use nodes::Node;
pub use subscriptions::{AppPermission, AppSubscription};
pub use tokens::{NewToken, TokenFacts};

use crate::{AccessToken, CallError, Graph, GraphId, Outcome, Refusal, Reply, Said, Written};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Why one of these calls came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    /// As any call.
    #[error(transparent)]
    Call(#[from] CallError),
    /// There is nothing of this id, or nothing that the token may see.
    #[error("the Graph API has no {0}, or none that this token may see: check the id, and whose token it is")]
    Gone(String),
}

impl EdgeError {
    /// Meta's refusal, where it is one.
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Call(CallError::Refused(refusal)) => Some(refusal),
            _ => None,
        }
    }

    /// Meta's `code`, where it said one.
    pub const fn code(&self) -> Option<i64> {
        match self.refusal() {
            Some(refusal) => refusal.code,
            None => None,
        }
    }
}

/// What most of these edges answer with.
#[derive(Deserialize)]
struct Listed<T> {
    data: T,
}

/// Pages of a list that are read at most: more than any list has that is asked for.
const MOST_PAGES: usize = 20;

/// A page of a longer list.
#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct Paging {
    cursors: Option<Cursors>,
    /// An address, where there is another page; it has the token in it, so it is not what is asked.
    next: Option<String>,
}

#[derive(Deserialize)]
struct Cursors {
    after: Option<String>,
}

impl<T> Page<T> {
    /// Where the next one begins.
    fn next(self) -> Option<String> {
        let paging = self.paging?;
        paging.next.and(paging.cursors)?.after
    }
}

impl Graph {
    /// All of a list, whose address has a query, page by page.
    async fn pages<T: DeserializeOwned>(
        &self,
        url: &str,
        token: &AccessToken,
        what: &str,
    ) -> Result<Vec<T>, EdgeError> {
        let (mut all, mut asked) = (Vec::new(), url.to_owned());
        for _ in 0..MOST_PAGES {
            let mut page: Page<T> = read(self.get(&asked, token).await, what)?;
            all.append(&mut page.data);
            let Some(after) = page.next() else { break };
            asked = format!("{url}&after={}", encoded(&after));
        }
        Ok(all)
    }
}

/// Reads an answer about `what` as the documents describe it.
fn read<T: DeserializeOwned>(reply: Reply<Outcome>, what: &str) -> Result<T, EdgeError> {
    match reply.result? {
        Outcome::Found(answer) => {
            let read = serde_json::from_str(answer.get());
            read.map_err(|_| CallError::Refused(Refusal::malformed()).into())
        }
        Outcome::Gone(_) => Err(EdgeError::Gone(what.to_owned())),
    }
}

/// As [`read`], of an answer whose one member is `data`.
fn listed<T: DeserializeOwned>(reply: Reply<Outcome>, what: &str) -> Result<T, EdgeError> {
    Ok(read::<Listed<T>>(reply, what)?.data)
}

/// What was done; the answer says no more.
fn done(reply: Reply<Written>, what: &GraphId) -> Result<(), EdgeError> {
    match reply.result? {
        Written::Done(Some(answer)) if Said::of(&answer) != Said::Done => {
            Err(CallError::Refused(Refusal::malformed()).into())
        }
        Written::Done(_) => Ok(()),
        Written::Gone => Err(EdgeError::Gone(what.to_string())),
    }
}

/// A value of a query.
fn encoded(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests;
