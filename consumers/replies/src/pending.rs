//! A command under way, over the times that it is handled while it waits.

use crate::outcome::Cause;
use crate::settings::ReplySettings;
use runtime::consumer::{Failure, Output, Wait};
use std::time::{Duration, Instant};
use uuid::Uuid;
use weir_graph::{Hold, Scope};

/// While a command waits, its partition can be given back at once; it is looked at again this often.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A command under way.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) offset: i64,
    pub(crate) since: Instant,
    pub(crate) attempt: u32,
    pub(crate) claim: String,
    pub(crate) intent: Intent,
    /// Results of former attempts.
    pub(crate) results: Vec<Output>,
}

/// Why a command waits for Meta's limit of calls.
pub(crate) const CALL_LIMIT: &str = "Meta's limit of calls is reached";
/// Why it waits for the limit of `--reply-likes`, which stays below Meta's.
pub(crate) const LIKE_LIMIT: &str = "--reply-likes is reached: the account liked as many comments in 5 seconds as one process may send, below Meta's 50";

/// How far the intent of an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    None,
    Written,
    /// It was read back as the first one: the attempt is ours.
    First,
}

impl Pending {
    pub(crate) fn new(offset: i64, attempt: u32, results: Vec<Output>) -> Self {
        let claim = Uuid::now_v7().to_string();
        Self { offset, since: Instant::now(), attempt, claim, intent: Intent::None, results }
    }

    /// The wait for a limit, or why it would be too long, with what commands before it have waited for it.
    pub(crate) fn wait(
        &self,
        limit: &str,
        hold: Hold,
        waited: Duration,
        settings: &ReplySettings,
    ) -> Result<Failure, Cause> {
        let left = hold.until.saturating_duration_since(Instant::now());
        let error = limit.to_owned();
        if waited + self.since.elapsed() + left > settings.reply_patience {
            return Err(Cause { reason: "throttled", error });
        }
        let on = match hold.scope {
            Scope::App => Wait::AppLimit,
            Scope::Token | Scope::Account => Wait::AccountLimit,
        };
        Ok(Failure::Unavailable { error, wait: Some(left.min(LOOK_EVERY)), on })
    }
}
