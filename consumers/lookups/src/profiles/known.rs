//! Whose profiles are known, and since when: pure.

use crate::settings::ProfileSettings;
use runtime::consumer::Record;
use schemas::Millis;
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Keys of profiles, as numbers: two of 64 bits that are the same by chance leave one customer without a profile.
#[derive(Debug)]
pub(super) struct KnownProfiles {
    seen: HashMap<u64, KnownProfile>,
    /// When each was asked for, in seconds since 1970, oldest first.
    order: VecDeque<(u64, u64)>,
    most: usize,
    kept_for: u64,
    retry_after: u64,
}

#[derive(Clone, Copy, Debug)]
struct KnownProfile {
    at: u64,
    how: How,
}

/// How it is known that somebody was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// The profile was read back.
    ReadBack,
    /// The message at this offset asked, and was answered.
    Answered(i64),
    /// So many lookups in a row came to nothing.
    Failed(u8),
}

/// A wait that is doubled as often is longer than any that is set.
const MOST_DOUBLINGS: u8 = 24;

impl KnownProfiles {
    pub(super) fn new(settings: &ProfileSettings) -> Self {
        let (kept_for, retry_after) =
            (settings.profile_cache_for.as_secs(), settings.profile_retry_after.as_secs());
        let most = settings.profile_cache;
        Self { seen: HashMap::new(), order: VecDeque::new(), most, kept_for, retry_after }
    }

    /// Whether nobody need look them up now: that was done lately, and not for this very record. A time far in the future came from a
    /// wrong clock and does not count.
    pub(super) fn is_fresh(&self, key: &str, offset: i64, now: u64) -> bool {
        let seen = self.seen.get(&number(key.as_bytes()));
        seen.is_some_and(|seen| {
            now.abs_diff(seen.at) < self.rests_for(seen.how) && seen.how != How::Answered(offset)
        })
    }

    /// Somebody was asked for, by the message at an offset, and there was an answer.
    pub(super) fn note(&mut self, key: &str, offset: i64, now: u64) {
        self.put(number(key.as_bytes()), KnownProfile { at: now, how: How::Answered(offset) }, now);
    }

    /// Somebody was asked for, and there was no answer.
    pub(super) fn note_failed(&mut self, key: &str, now: u64) {
        let key = number(key.as_bytes());
        let former = match self.seen.get(&key).map(|seen| seen.how) {
            Some(How::Failed(times)) => times,
            _ => 0,
        };
        self.put(key, KnownProfile { at: now, how: How::Failed(former.saturating_add(1)) }, now);
    }

    /// Takes a record of the topic of profiles; one without a value erases.
    pub(super) fn take(&mut self, record: &Record, now: u64) {
        let Some(key) = record.key.as_deref() else { return };
        if record.value.is_none() {
            self.seen.remove(&number(key));
            return;
        }
        let at = record.timestamp.map_or(now, |at| Millis::of(at).as_secs());
        self.put(number(key), KnownProfile { at, how: How::ReadBack }, now);
    }

    /// For how long nobody asks again. After failures it doubles with each, and is never longer than after an answer.
    fn rests_for(&self, how: How) -> u64 {
        match how {
            How::ReadBack | How::Answered(_) => self.kept_for,
            How::Failed(times) => {
                let doubled = 1_u64 << times.saturating_sub(1).min(MOST_DOUBLINGS);
                self.retry_after.saturating_mul(doubled).min(self.kept_for)
            }
        }
    }

    fn put(&mut self, key: u64, seen: KnownProfile, now: u64) {
        self.seen.insert(key, seen);
        self.order.push_back((seen.at, key));
        while let Some((at, key)) = self.order.front().copied() {
            if now.abs_diff(at) < self.kept_for && self.order.len() <= self.most {
                return;
            }
            // Who was asked for again since is kept under their later place.
            if self.seen.get(&key).is_some_and(|seen| seen.at == at) {
                self.seen.remove(&key);
            }
            self.order.pop_front();
        }
    }
}

fn number(key: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::consumer::Headers;
    use std::time::Duration;

    fn known(most: usize) -> KnownProfiles {
        let settings = ProfileSettings {
            lookup_profiles: true,
            profile_cache: most,
            profile_cache_for: Duration::from_secs(100),
            profile_retry_after: Duration::from_secs(10),
        };
        KnownProfiles::new(&settings)
    }

    fn record(key: &str, value: Option<&str>, at: u64) -> Record {
        Record {
            topic: "meta.profiles.v1".into(),
            partition: 3,
            offset: 0,
            timestamp: Some(std::time::UNIX_EPOCH + Duration::from_secs(at)),
            key: Some(key.into()),
            value: value.map(Into::into),
            headers: Headers::default(),
        }
    }

    #[test]
    fn who_was_asked_for_is_known_for_a_while_but_to_the_record_that_asked() {
        let mut known = known(10);
        known.note("1:2", 7, 1_000);
        assert!(known.is_fresh("1:2", 8, 1_099) && !known.is_fresh("1:2", 8, 1_100));
        assert!(!known.is_fresh("1:2", 7, 1_000) && !known.is_fresh("1:3", 8, 1_000));
    }

    #[test]
    fn who_could_not_be_looked_up_is_asked_for_again_ever_later_until_there_is_an_answer() {
        let mut known = known(10);
        let mut now = 1_000;
        for rest in [10, 20, 40, 80, 100, 100] {
            known.note_failed("1:2", now);
            assert!(known.is_fresh("1:2", 8, now + rest - 1), "after {rest} seconds");
            assert!(!known.is_fresh("1:2", 8, now + rest), "after {rest} seconds");
            now += rest;
        }
        known.note("1:2", 8, now);
        known.note_failed("1:2", now + 100);
        assert!(!known.is_fresh("1:2", 9, now + 110), "the answer began it anew");
    }

    #[test]
    fn who_was_asked_for_by_a_clock_that_was_ahead_is_asked_for_again() {
        let mut known = known(10);
        known.note("1:2", 7, 100_000);
        assert!(known.is_fresh("1:2", 8, 99_901) && !known.is_fresh("1:2", 8, 99_900));
        known.take(&record("1:3", Some("{}"), 100_000), 1_000);
        known.note_failed("1:4", 1_000);
        assert!(!known.is_fresh("1:2", 8, 1_000) && !known.is_fresh("1:3", 8, 1_000));
        assert!(known.is_fresh("1:4", 8, 1_009) && known.order.len() == 1);
    }

    #[test]
    fn failures_are_remembered_within_the_same_bound() {
        let mut known = known(3);
        for user in 0..20 {
            known.note_failed(&format!("1:{user}"), 1_000);
        }
        assert!(known.seen.len() <= 3 && known.order.len() <= 3);
    }

    #[test]
    fn what_the_topic_holds_is_known_since_it_was_written_and_what_it_erases_is_not() {
        let mut known = known(10);
        known.take(&record("1:2", Some("{}"), 950), 1_000);
        known.take(&record("1:3", Some("{}"), 960), 1_000);
        known.take(&record("1:3", None, 970), 1_000);
        known.take(&record("1:4", Some("{}"), 900), 1_000);
        assert!(known.is_fresh("1:2", 0, 1_049) && !known.is_fresh("1:2", 0, 1_050));
        assert!(!known.is_fresh("1:3", 0, 1_000) && !known.is_fresh("1:4", 0, 1_000));
    }

    #[test]
    fn the_oldest_make_room_and_who_was_asked_for_again_stays() {
        let mut known = known(3);
        for (key, at) in [("1:2", 1), ("1:3", 2), ("1:2", 3), ("1:4", 4), ("1:5", 5)] {
            known.note(key, 0, at);
        }
        assert!(!known.is_fresh("1:3", 9, 5));
        assert!(["1:2", "1:4", "1:5"].iter().all(|key| known.is_fresh(key, 9, 5)));
        assert!(known.seen.len() <= 3 && known.order.len() <= 3);
    }
}
