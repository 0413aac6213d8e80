//! Access tokens: a file per account in one directory, read again while the process runs.
//!
//! A mounted Kubernetes Secret is such a directory; its hidden entries (`..data`) are passed over.

mod folder;

use crate::graph::GraphId;
use folder::Contents;
use prometheus::{IntGauge, Registry};
use runtime::metrics;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How often the files are read again.
const REREAD_EVERY: Duration = Duration::from_secs(5);

/// The file that stands in for accounts without one of their own.
pub const DEFAULT: &str = "default";

/// An access token; nothing shows it but the header that carries it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(Arc<str>);

impl AccessToken {
    /// The token, where `text` is one: 1 to 4,096 printable ASCII characters without spaces. White space around it,
    /// as a trailing line break, does not count.
    pub fn parse(text: &str) -> Option<Self> {
        let token = text.trim();
        let is_token =
            (1..=4_096).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
        is_token.then(|| Self(Arc::from(token)))
    }

    /// The value of the `Authorization` header, marked as sensitive.
    pub(crate) fn bearer(&self) -> reqwest::header::HeaderValue {
        let value = reqwest::header::HeaderValue::try_from(format!("Bearer {}", self.0));
        let mut value = value.expect("a token is printable ASCII");
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessToken(hidden)")
    }
}

/// The access tokens of all accounts.
#[derive(Debug)]
pub struct AccessTokens {
    directory: PathBuf,
    contents: RwLock<Contents>,
    usable: IntGauge,
    broken: IntGauge,
}

impl AccessTokens {
    /// Reads the files of `directory`: each is named by an account's id, or `default`, and holds a token.
    pub fn open(directory: PathBuf, registry: &Registry) -> Self {
        let name = |name: &str, help: &str| metrics::gauge(registry, name, help);
        let tokens = Self {
            directory,
            contents: RwLock::default(),
            usable: name("weir_lookups_tokens", "Access tokens at hand, the default one included"),
            broken: name(
                "weir_lookups_broken_token_files",
                "Files of access tokens that cannot be used as they are; their former tokens are still in use",
            ),
        };
        tokens.reread();
        if tokens.usable.get() == 0 {
            let directory = tokens.directory.display();
            tracing::warn!(%directory, "no access token is there: add a file per account, or `default`; lookups go to the dead letters");
        }
        tokens
    }

    /// The token of an account, else the default one.
    pub fn of(&self, account: &GraphId) -> Option<AccessToken> {
        let contents = self.contents.read().unwrap_or_else(PoisonError::into_inner);
        contents.tokens.get(account.as_str()).or_else(|| contents.tokens.get(DEFAULT)).cloned()
    }

    /// What to do about an account without a token.
    pub fn advice(&self, account: &GraphId) -> String {
        let directory = self.directory.display();
        format!(
            "account {account} has no access token: put one into {directory}/{account} or {directory}/{DEFAULT}"
        )
    }

    /// Reads the files again. A token whose file is broken or empty stays in use, one whose file is gone does not.
    pub fn reread(&self) {
        let before = self.contents.read().unwrap_or_else(PoisonError::into_inner).clone();
        let after = folder::read(&self.directory, &before);
        for (file, why) in after.broken.iter().filter(|(file, why)| before.broken.get(*file) != Some(*why)) {
            tracing::warn!(file = %self.directory.join(file).display(), %why, "an access token cannot be read");
        }
        if after.tokens != before.tokens {
            tracing::info!(tokens = after.tokens.len(), "access tokens read");
        }
        self.usable.set(i64::try_from(after.tokens.len()).unwrap_or(i64::MAX));
        self.broken.set(i64::try_from(after.broken.len()).unwrap_or(i64::MAX));
        *self.contents.write().unwrap_or_else(PoisonError::into_inner) = after;
    }

    /// Reads the files again every few seconds, without end.
    pub async fn keep_fresh(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(REREAD_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let tokens = Arc::clone(&self);
            if let Err(error) = tokio::task::spawn_blocking(move || tokens.reread()).await {
                tracing::error!(%error, "the access tokens could not be read again");
            }
        }
    }
}

#[cfg(test)]
mod tests;
