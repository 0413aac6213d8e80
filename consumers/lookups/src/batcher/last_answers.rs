//! The call that was answered last, of each app, kept to probe whether the Graph API still answers; and how often calls fail that
//! it can answer. Answers themselves are not kept.

mod recovered;

use super::Asked;
use recovered::Recovered;
use runtime::mutex::lock;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use weir_graph::AccessToken;

/// By the app that asked, and its host.
#[derive(Debug, Default)]
pub(crate) struct LastAnswers(Mutex<BTreeMap<Arc<str>, AppAnswers>>);

#[derive(Debug)]
struct AppAnswers {
    /// What was answered last, and when.
    latest: Asked,
    at: Instant,
    /// How often in a row that one failed when it was asked again.
    failed: u32,
    recovered: Recovered,
}

impl LastAnswers {
    pub(super) fn record(&self, latest: Asked) {
        let app = Arc::clone(latest.token.app());
        let mut apps = lock(&self.0);
        let recovered = apps.remove(&app).map(|app_answers| app_answers.recovered).unwrap_or_default();
        apps.insert(app, AppAnswers { latest, at: Instant::now(), failed: 0, recovered });
    }

    pub(super) fn last(&self, token: &AccessToken) -> Option<Asked> {
        lock(&self.0).get(token.app()).map(|app_answers| app_answers.latest.clone())
    }

    /// Whether anybody of the token's app was given an answer after `then`.
    pub(crate) fn since(&self, token: &AccessToken, then: Instant) -> bool {
        lock(&self.0).get(token.app()).is_some_and(|app_answers| app_answers.at > then)
    }

    /// A call was answered that had failed so often in a row.
    pub(crate) fn recovered(&self, token: &AccessToken, failed: u32) {
        if let Some(app_answers) = lock(&self.0).get_mut(token.app()) {
            app_answers.recovered.note(failed, Instant::now());
        }
    }

    /// What was answered last failed when it was asked again.
    pub(crate) fn failed_again(&self, token: &AccessToken) {
        if let Some(app_answers) = lock(&self.0).get_mut(token.app()) {
            app_answers.failed += 1;
            app_answers.recovered.note(app_answers.failed, Instant::now());
        }
    }

    /// How often in a row a call has failed, at most, that can be answered, as was seen after `then`.
    pub(crate) fn most_failures_since(&self, token: &AccessToken, then: Instant) -> u32 {
        lock(&self.0).get(token.app()).map_or(0, |app_answers| app_answers.recovered.longest_since(then))
    }
}
