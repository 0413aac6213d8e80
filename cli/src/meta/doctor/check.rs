//! A check: what was looked at, what was found, and what to do about it.

use crate::tool::ToolError;
use runtime::process::chain;
use serde::Serialize;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// One line of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// What is looked at, a word of a closed set.
    pub(super) name: &'static str,
    /// Whose it is: a host, an app, an account, a topic.
    pub(super) of: String,
    pub(super) result: CheckResult,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CheckResult {
    pub(super) verdict: Verdict,
    pub(super) found: String,
    /// What to do about it; nothing where it is as it should be.
    pub(super) advice: String,
}

/// Whether it is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Pass,
    Fail,
    /// Nobody could look, or nobody can.
    Unknown,
}

/// Something that was looked at, or why nothing is known of it.
pub(super) type Observed<T> = Result<T, NotKnown>;

/// Why nothing is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotKnown {
    /// It was looked at, which failed.
    Failed(String),
    /// What it takes was not given: the settings' names.
    NotGiven(&'static str),
    /// Something before it fails, which is named.
    NotTried(&'static str),
    /// What tells of it cannot be read, which is no fault of its own.
    Untold(String),
    /// The time for all checks was over.
    Late,
}

impl CheckResult {
    pub(super) fn pass(found: impl Into<String>) -> Self {
        Self { verdict: Verdict::Pass, found: found.into(), advice: String::new() }
    }

    pub(super) fn fail(found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, found: found.into(), advice: advice.into() }
    }

    pub(super) fn unknown(found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Unknown, found: found.into(), advice: advice.into() }
    }

    /// By what is known; `advice` is what to do where looking at it failed.
    pub(super) fn of<T>(fact: &Observed<T>, advice: &str, result_of: impl FnOnce(&T) -> Self) -> Self {
        fact.as_ref().map_or_else(|nothing| nothing.result(advice), result_of)
    }

    pub(super) fn check(self, name: &'static str, of: impl Into<String>) -> Check {
        Check { name, of: of.into(), result: self }
    }
}

impl NotKnown {
    /// What it is worth; `advice` is what to do where looking failed.
    pub(super) fn result(&self, advice: &str) -> CheckResult {
        match self {
            Self::Failed(why) => CheckResult::fail(why.as_str(), advice),
            Self::NotGiven(setting) => CheckResult::unknown("not looked at", format!("Give {setting}.")),
            Self::NotTried(because) => CheckResult::unknown(format!("not tried: {because}"), ""),
            Self::Untold(why) => CheckResult::unknown(format!("cannot be told: {why}"), ""),
            Self::Late => CheckResult::unknown(
                "not finished when the time for all checks was over",
                "Give a longer --timeout, or mend what is slow above.",
            ),
        }
    }
}

/// A time in its two largest units.
pub(super) fn span(time: Duration) -> String {
    let whole = humantime::format_duration(Duration::from_secs(time.as_secs())).to_string();
    whole.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// When all checks must be done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(pub(super) Instant);

impl Deadline {
    /// What work finds out within `limit`, and before all must be done.
    pub(super) async fn look<T, E: Into<NotKnown>>(
        self,
        limit: Duration,
        work: impl Future<Output = Result<T, E>>,
    ) -> Observed<T> {
        match timeout_at(self.0.min(Instant::now() + limit), work).await {
            Ok(found) => found.map_err(Into::into),
            Err(_) if Instant::now() >= self.0 => Err(NotKnown::Late),
            Err(_) => Err(NotKnown::Failed(format!("no answer within {} s", limit.as_secs()))),
        }
    }
}

impl<E: Into<ToolError>> From<E> for NotKnown {
    fn from(error: E) -> Self {
        Self::Failed(chain(&*error.into()))
    }
}
