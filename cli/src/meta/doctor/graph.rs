//! The hosts of the Graph API: whether they answer, and what time it is there.

use super::check::{Check, CheckResult, Deadline, NotKnown, Observed};
use super::clock;
use crate::delivery::poster::Poster;
use crate::meta::{Accounts, Login};
use futures_util::future::join_all;
use std::time::{Duration, SystemTime};

const WITHIN: Duration = Duration::from_secs(5);
const UNREACHABLE: &str = "\
Let this machine connect to it on port 443 (egress, network policy, DNS, proxies are not used). Lookups and replies need it too.";

/// By how much the clock of each host is ahead, if it told: that of pages and apps, and that of Instagram Login where an account is on it.
pub(super) struct Reached(Vec<(String, Observed<Option<i64>>)>);

/// Greets them. Any answer is one: without a token Meta has nothing else to say than an error.
pub(super) async fn greet(accounts: &Accounts, deadline: Deadline) -> Reached {
    let has_instagram = accounts.all().any(|(_, account)| account.login == Login::Instagram);
    let settings = &accounts.settings;
    let urls = [Some(&settings.facebook_url), has_instagram.then_some(&settings.instagram_url)];
    let greeted = urls.into_iter().flatten().map(async |url| {
        let answer = deadline.look(WITHIN, Poster::get(&url.origin())).await;
        (url.origin(), answer.map(|answer| answer.date.map(|date| clock::ahead(date, SystemTime::now()))))
    });
    Reached(join_all(greeted).await)
}

impl Reached {
    /// How far Meta's clock is ahead.
    pub(super) fn ahead(&self) -> Option<i64> {
        self.0.first()?.1.as_ref().ok().copied().flatten()
    }

    /// Whether the host of a login's accounts answers.
    pub(super) fn host_of(&self, login: Login) -> Observed<()> {
        let host = if login == Login::Instagram { self.0.last() } else { self.0.first() };
        match host {
            Some((_, Err(_))) => Err(NotKnown::NotTried("the Graph API does not answer, see above")),
            _ => Ok(()),
        }
    }

    pub(super) fn checks(&self) -> impl Iterator<Item = Check> {
        self.0.iter().map(|(host, said)| {
            let judged = CheckResult::of(said, UNREACHABLE, |_| CheckResult::pass("it answers"));
            judged.check("graph_api", host.as_str())
        })
    }
}
