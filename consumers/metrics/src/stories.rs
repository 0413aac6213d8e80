//! The figures of each configured account's last expired story.

use prometheus::{IntGaugeVec, Registry};
use runtime::metrics::gauges;
use runtime::mutex::lock;
use schemas::Millis;
use schemas::data::story_insights::{StoryInsights, disclosed};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// `weir_metrics_story_insight`; clones share what is known.
#[derive(Clone, Debug)]
pub(crate) struct Stories {
    gauges: IntGaugeVec,
    /// When the story that is shown was told of.
    told: Arc<Mutex<BTreeMap<String, Option<Millis>>>>,
}

impl Stories {
    /// Of these accounts, of whose stories nothing is known yet.
    pub(crate) fn new(registry: &Registry, accounts: &BTreeSet<String>) -> Self {
        let gauges = gauges(
            registry,
            "weir_metrics_story_insight",
            "Figures of the last expired story of an account, of those in --accounts; one that Meta withholds, as it is \
             below 5, is absent",
            &["account", "metric"],
        );
        let told = accounts.iter().map(|account| (account.clone(), None)).collect();
        Self { gauges, told: Arc::new(Mutex::new(told)) }
    }

    /// A story of `account` expired, as was told at `at`; an older one than that which is shown changes nothing.
    pub(crate) fn expired(&self, account: &str, at: Millis, story: &StoryInsights) {
        let mut told = lock(&self.told);
        let Some(latest) = told.get_mut(account) else { return };
        if latest.is_some_and(|latest| latest > at) {
            return;
        }
        *latest = Some(at);
        for (metric, figure) in figures(story) {
            let labels = [account, metric];
            match figure.and_then(disclosed) {
                Some(figure) => {
                    self.gauges.with_label_values(&labels).set(i64::try_from(figure).unwrap_or(i64::MAX));
                }
                // It may never have been there, which is as well.
                None => drop(self.gauges.remove_label_values(&labels)),
            }
        }
    }
}

const fn figures(story: &StoryInsights) -> [(&'static str, Option<i64>); 6] {
    [
        ("impressions", story.impressions),
        ("reach", story.reach),
        ("taps_forward", story.taps_forward),
        ("taps_back", story.taps_back),
        ("exits", story.exits),
        ("replies", story.replies),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::TextEncoder;

    fn story(reach: i64) -> StoryInsights {
        StoryInsights { reach: Some(reach), ..StoryInsights::default() }
    }

    #[test]
    fn the_last_story_of_a_configured_account_is_shown_and_what_is_withheld_is_not() {
        let registry = Registry::new();
        let stories = Stories::new(&registry, &BTreeSet::from(["1".to_owned()]));
        let shown = || TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        let line =
            |reach: i64| format!("weir_metrics_story_insight{{account=\"1\",metric=\"reach\"}} {reach}");
        stories.expired("1", Millis::since_epoch(2_000), &story(70));
        stories.expired("1", Millis::since_epoch(1_000), &story(30));
        stories.expired("2", Millis::since_epoch(1_000), &story(30));
        assert!(shown().contains(&line(70)), "{}", shown());
        assert_eq!(shown().lines().filter(|line| !line.starts_with('#')).count(), 1);
        stories.expired("1", Millis::since_epoch(3_000), &story(-1));
        assert!(!shown().contains("metric="), "{}", shown());
    }
}
