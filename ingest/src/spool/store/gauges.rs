//! The gauges over all files, and the check that `/readyz?verbose` shows.

use super::super::database::oldest;
use super::{State, Store};
use schemas::Millis;
use std::time::SystemTime;

impl Store {
    /// Sets them. An unknown number is `NaN`.
    pub(super) fn update_gauges(&mut self) {
        if let State::Open(database) = &self.state {
            let waits = self.totals.is_some_and(|totals| totals.waiting > 0);
            self.oldest = if waits { oldest(database.connection()).ok().flatten() } else { None };
        }
        let taken = self.taken();
        let metrics = &self.parts.metrics;
        let is_seen = self.totals.is_some() && self.parts.backlog.is_seen();
        metrics.bytes.set(if is_seen { float(taken) } else { f64::NAN });
        metrics.max_bytes.set(i64::try_from(self.parts.max_bytes.min(self.fits)).unwrap_or(i64::MAX));
        let problem = self.problem();
        metrics.healthy.set(i64::from(problem.is_none()));
        let parked = self.totals.zip(self.parts.backlog.totals());
        let parked = parked.map_or(0, |(current, retired)| current.parked + retired.parked);
        match problem {
            None if parked == 0 => self.parts.check.pass(),
            None => self.parts.check.fail(format!(
                "deliveries are parked ({parked}), most since Kafka refuses them until somebody changes something: `weir spool list` says why"
            )),
            Some(why) => self.parts.check.fail(why),
        }
        let drained_files = self.parts.backlog.len();
        // The folder may not have been listed yet.
        let is_known = self.totals.is_some() || drained_files > 0;
        // The last is not retired where it is drained only because nothing can be written there.
        let is_last_whole = self.parts.is_read_only && self.must_retire();
        let retired_files = drained_files.saturating_sub(usize::from(is_last_whole));
        metrics.retired_files.set(if is_known { float(retired_files as u64) } else { f64::NAN });
        let Some((current, retired)) = self.totals.zip(self.parts.backlog.totals()) else {
            let gauges = [&metrics.deliveries, &metrics.parked, &metrics.oldest_seconds];
            for gauge in gauges {
                gauge.set(f64::NAN);
            }
            return;
        };
        metrics.deliveries.set(float(current.waiting + retired.waiting));
        metrics.parked.set(float(current.parked + retired.parked));
        let mut received = self.parts.backlog.oldest();
        received.extend((current.waiting > 0).then_some(self.oldest));
        metrics.oldest_seconds.set(oldest_seconds(received));
    }

    /// Why no delivery can be stored.
    pub(super) const fn problem(&self) -> Option<&'static str> {
        match (&self.state, self.full) {
            (State::Failed { later_format: Some(_), .. }, _) => Some(
                "a later version wrote its file: until that runs again there is no spool, and deliveries that Kafka does not acknowledge \
                 are answered 503",
            ),
            (State::Failed { .. } | State::Closed, _) => Some(
                "its file cannot be used at the moment: deliveries that Kafka does not acknowledge are answered 503, see the log",
            ),
            (State::Open(_), Some(_)) => {
                Some("it or its disk is full: deliveries that Kafka does not acknowledge are answered 503")
            }
            (State::Open(_), None) if self.pace.is_too_slow => {
                Some("its disk is too slow: most deliveries that Kafka does not acknowledge are answered 503")
            }
            (State::Open(_), None) => None,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge")]
const fn float(value: u64) -> f64 {
    value as f64
}

/// The age of the first of deliveries that wait, 0 where none does; unknown where the age of one is.
fn oldest_seconds(received: Vec<Option<i64>>) -> f64 {
    let received: Option<Vec<_>> = received.into_iter().collect();
    received.map_or(f64::NAN, |received| float(received.into_iter().min().map_or(0, age_seconds)))
}

/// How long ago `received` was, in whole seconds.
fn age_seconds(received: i64) -> u64 {
    let now = Millis::of(SystemTime::now()).as_millis();
    now.saturating_sub(u64::try_from(received).unwrap_or_default()) / 1000
}
