//! When each configured account was last heard of, as a gauge of the seconds since.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntGaugeVec, Opts};
use runtime::mutex::lock;
use schemas::Millis;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

/// `weir_metrics_account_silence_seconds`; clones share what is known.
#[derive(Clone, Debug)]
pub(crate) struct Silence {
    gauges: IntGaugeVec,
    heard: Arc<Mutex<BTreeMap<String, Option<Millis>>>>,
}

impl Silence {
    /// Of these accounts, of which nothing is known yet.
    pub(crate) fn new(accounts: &BTreeSet<String>) -> prometheus::Result<Self> {
        let help = "Time since the last event of an account was received, of those in --accounts; of one that nothing \
                    was heard of, since when the topics were read back";
        let gauges = IntGaugeVec::new(Opts::new("weir_metrics_account_silence_seconds", help), &["account"])?;
        let heard = accounts.iter().map(|account| (account.clone(), None)).collect();
        Ok(Self { gauges, heard: Arc::new(Mutex::new(heard)) })
    }

    /// Something of `account` was received at `at`.
    pub(crate) fn heard(&self, account: &str, at: Millis) {
        if let Some(heard) = lock(&self.heard).get_mut(account) {
            *heard = Some(heard.map_or(at, |before| before.max(at)));
        }
    }

    /// Nothing was received since `from` of those accounts that nothing is known of.
    pub(crate) fn silent_since(&self, from: Millis) {
        for heard in lock(&self.heard).values_mut().filter(|heard| heard.is_none()) {
            *heard = Some(from);
        }
    }

    fn show(&self, now: Millis) {
        for (account, heard) in &*lock(&self.heard) {
            if let Some(heard) = heard {
                let seconds = now.since(*heard).as_secs();
                let gauge = self.gauges.with_label_values(&[account]);
                gauge.set(i64::try_from(seconds).unwrap_or(i64::MAX));
            }
        }
    }
}

impl Collector for Silence {
    fn desc(&self) -> Vec<&Desc> {
        self.gauges.desc()
    }

    /// Each scrape shows the seconds up to it.
    fn collect(&self) -> Vec<MetricFamily> {
        self.show(Millis::of(SystemTime::now()));
        self.gauges.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Millis {
        Millis::since_epoch(seconds * 1_000)
    }

    fn shown(silence: &Silence, now: u64) -> Vec<i64> {
        silence.show(at(now));
        let families = silence.gauges.collect();
        #[expect(clippy::cast_possible_truncation, reason = "seconds of a test are small")]
        let value = |metric: &prometheus::proto::Metric| metric.get_gauge().get_value() as i64;
        families[0].get_metric().iter().map(value).collect()
    }

    #[test]
    fn the_latest_that_was_heard_counts() {
        let silence = Silence::new(&BTreeSet::from(["1".to_owned()])).unwrap();
        assert_eq!(shown(&silence, 100), [0_i64; 0], "nothing is known yet");
        silence.heard("1", at(50));
        silence.heard("1", at(40));
        silence.heard("2", at(99));
        assert_eq!(shown(&silence, 100), [50], "an account that is not configured has no series");
        silence.silent_since(at(10));
        assert_eq!(shown(&silence, 101), [51], "more is known than that");
    }

    #[test]
    fn an_account_that_was_not_heard_of_is_silent_since_the_topics_were_read_back() {
        let silence = Silence::new(&BTreeSet::from(["1".to_owned()])).unwrap();
        silence.silent_since(at(10));
        assert_eq!(shown(&silence, 100), [90]);
        silence.heard("1", at(95));
        assert_eq!(shown(&silence, 100), [5]);
    }
}
