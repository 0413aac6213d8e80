//! How often an account on Instagram likes comments, and takes likes back.
//!
//! Source: Meta's reference of likes on Instagram (April 2026): more than 50 calls within 5 seconds lock the account's likes
//! for an hour, of which no header warns.

use crate::settings::ReplySettings;
use runtime::mutex::lock;
use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use weir_graph::{GraphId, Limit, RateLimited, Scope};

/// The likes of the last seconds, by account; nothing of who has none.
#[derive(Debug)]
pub(crate) struct Likes {
    most: usize,
    within: Duration,
    made: Mutex<HashMap<GraphId, VecDeque<Instant>>>,
}

impl Likes {
    pub(crate) fn new(settings: &ReplySettings) -> Self {
        Self { most: settings.reply_likes, within: settings.likes_within, made: Mutex::default() }
    }

    /// Until when the account may like nothing; where it may, one counts as made.
    pub(crate) fn admit(&self, account: &GraphId, now: Instant) -> Option<RateLimited> {
        let mut made = lock(&self.made);
        made.retain(|_, times| {
            times.retain(|at| now.saturating_duration_since(*at) < self.within);
            !times.is_empty()
        });
        let times = made.entry(account.clone()).or_default();
        if times.len() < self.most {
            times.push_back(now);
            return None;
        }
        let until = times.front().map_or(now, |oldest| *oldest + self.within);
        Some(RateLimited { until, limit: Limit::Reached, scope: Scope::Account })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Duration = Duration::from_secs(5);

    fn two_likes() -> Likes {
        Likes { most: 2, within: WITHIN, made: Mutex::default() }
    }

    fn id(digits: &str) -> GraphId {
        GraphId::parse(digits).unwrap()
    }

    #[test]
    fn an_account_likes_so_often_within_the_time_and_no_more() {
        let (likes, start) = (two_likes(), Instant::now());
        let admit = |account: &str, milliseconds: u64| {
            let now = start + Duration::from_millis(milliseconds);
            likes.admit(&id(account), now).map(|limited| limited.until - start)
        };
        assert_eq!([admit("1", 0), admit("1", 1_000)], [None, None]);
        assert_eq!(admit("1", 4_999), Some(WITHIN), "until the first is as old as that");
        assert_eq!(admit("2", 4_999), None, "another account");
        assert_eq!(admit("1", 5_000), None);
        assert_eq!(admit("1", 5_001), Some(WITHIN + Duration::from_secs(1)));
    }

    #[test]
    fn accounts_that_like_no_more_are_forgotten() {
        let (likes, start) = (two_likes(), Instant::now());
        for account in 1..=100 {
            assert_eq!(likes.admit(&id(&account.to_string()), start), None);
        }
        assert_eq!(likes.admit(&id("7"), start + WITHIN), None);
        assert_eq!(likes.made.lock().unwrap().len(), 1);
    }
}
