//! How a topic of a cluster compares with what is desired, and what to set. Pure.

use super::desired::Desired;
use crate::screen::nonzero;
use std::collections::BTreeMap;
use std::fmt;

/// What a topic is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Present {
    /// How many partitions.
    pub(super) partitions: u32,
    /// How many replicas the least replicated of them has.
    pub(super) replicas: u32,
    /// Every setting by Kafka's name, wherever its value comes from.
    pub(super) config: BTreeMap<String, Setting>,
    /// How many replicas of each partition are in sync, in their order; none of one without a leader.
    pub(super) in_sync: Vec<Option<usize>>,
}

/// The value of a topic's setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// The value that counts.
    pub(super) value: String,
    /// Whether it was set for this very topic, rather than coming from a broker's default.
    pub(super) is_own: bool,
}

/// How a topic compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// It is not there.
    Missing,
    /// It is as desired.
    Fine,
    /// It is there and differs.
    Differs {
        /// In the numbers of partitions and replicas, which `weir topics apply` leaves alone.
        stays: Vec<Difference>,
        /// In its settings.
        settings: Vec<Difference>,
        /// Everything that must be set for the topic to have the settings desired and keep its others, since Kafka
        /// resets what an `AlterConfigs` request leaves out. Empty where settings are as desired.
        set: BTreeMap<String, String>,
    },
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// What it is about: the number of partitions or replicas, or a setting by Kafka's name.
    pub(super) aspect: &'static str,
    /// What it is now.
    pub(super) is: String,
    /// What it should be.
    pub(super) should: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} instead of {}", self.aspect, self.is, self.should)
    }
}

/// What of a topic takes no records that all replicas in sync have to acknowledge; nothing where all of it does.
pub(super) fn unwritable(present: &Present) -> Vec<String> {
    let least = present.config.get("min.insync.replicas").and_then(|setting| setting.value.parse().ok());
    let least: usize = least.unwrap_or(1);
    let all = present.in_sync.len();
    let leaderless = present.in_sync.iter().filter(|in_sync| in_sync.is_none()).count();
    let short = present.in_sync.iter().flatten().filter(|count| **count < least).count();
    let fewer = "with fewer replicas in sync than min.insync.replicas";
    nonzero(&[
        (leaderless as u64, format!("of {all} partitions without a leader").as_str()),
        (short as u64, format!("of {all} partitions {fewer} ({least})").as_str()),
    ])
}

/// Compares a topic; `present` is `None` where the cluster has none of that name.
pub(super) fn compare(desired: &Desired, present: Option<&Present>) -> Finding {
    let Some(present) = present else { return Finding::Missing };
    let numbers = [
        ("partitions", present.partitions, desired.partitions),
        ("replicas", present.replicas, desired.replicas),
    ];
    let numbers = numbers.into_iter().filter(|(_, is, should)| is != should);
    let difference = |(aspect, is, should): (_, u32, u32)| {
        let (is, should) = (is.to_string(), should.to_string());
        Difference { aspect, is, should }
    };
    let stays: Vec<_> = numbers.map(difference).collect();
    let settings = settings_that_differ(desired, present);
    if stays.is_empty() && settings.is_empty() {
        return Finding::Fine;
    }
    let set = if settings.is_empty() { BTreeMap::new() } else { everything_to_set(desired, present) };
    Finding::Differs { stays, settings, set }
}

fn settings_that_differ(desired: &Desired, present: &Present) -> Vec<Difference> {
    let difference = |(name, should): (&&'static str, &String)| {
        let is = present.config.get(*name).map(|setting| setting.value.as_str());
        (is != Some(should)).then(|| Difference {
            aspect: name,
            is: is.unwrap_or("unset").to_owned(),
            should: should.clone(),
        })
    };
    desired.config.iter().filter_map(difference).collect()
}

fn everything_to_set(desired: &Desired, present: &Present) -> BTreeMap<String, String> {
    let own = present.config.iter().filter(|(_, setting)| setting.is_own);
    let kept = own.map(|(name, setting)| (name.clone(), setting.value.clone()));
    let owned_by_weir = desired.config.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    kept.chain(owned_by_weir).collect()
}

#[cfg(test)]
mod tests;
