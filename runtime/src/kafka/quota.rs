//! How long brokers have a client wait since it uses up a quota of Kafka, which looks like a Kafka that is slow.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use prometheus::{Gauge, Registry};

use crate::metrics;
use crate::mutex::lock;
use crate::throttle::Throttle;

/// The longest wait is shown for as long, so that it is seen whenever somebody looks; meanwhile a client that waits is told of no other.
const SHOWN_FOR: Duration = Duration::from_mins(1);

const OF_PRODUCERS: &str = "weir_kafka_throttle_seconds";

/// The longest wait that a broker has asked for since the last look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaWait {
    /// Address and number.
    pub broker: String,
    /// How long it reads nothing of this client.
    pub wait: Duration,
}

/// Shows and says what brokers ask for; clients that share it are shown as one.
#[derive(Debug)]
pub struct QuotaWatch {
    gauge: Gauge,
    /// What is shown, and since when.
    shown: Mutex<Option<(Duration, Instant)>>,
    log: Throttle,
}

impl QuotaWatch {
    pub(crate) fn new(gauge: Gauge) -> Self {
        Self { gauge, shown: Mutex::default(), log: Throttle::default() }
    }

    /// Of the producers of a process, which is not shown before there is one.
    pub(crate) fn of_producers() -> Self {
        let help = "The longest that a broker had a producer wait for its quota, in the last minute.";
        Self::new(metrics::gauge_of_parts(&Registry::new(), OF_PRODUCERS, help))
    }

    /// Shows that of the producers in `registry`, that of the process or one whose metrics go elsewhere.
    pub(crate) fn register(&self, registry: &Registry) {
        metrics::register(registry, OF_PRODUCERS, |_| Ok(self.gauge.clone()));
    }

    #[cfg(test)]
    pub(crate) fn shown(&self) -> f64 {
        self.gauge.get()
    }

    /// Takes note of what was asked for since this was told last.
    pub(crate) fn look(&self, longest: Option<&QuotaWait>, now: Instant) {
        let mut shown = lock(&self.shown);
        *shown = longest_of_late(*shown, longest.map(|longest| longest.wait), now);
        self.gauge.set(shown.map_or(0.0, |(wait, _)| wait.as_secs_f64()));
        drop(shown);
        if let Some(QuotaWait { broker, wait }) = longest
            && let Some(suppressed) = self.log.pass(now)
        {
            tracing::warn!(
                broker,
                wait_seconds = wait.as_secs_f64(),
                suppressed,
                "a broker has this client wait: its user or client.id uses up a quota of Kafka"
            );
        }
    }
}

/// What to show after a look that found `new`.
fn longest_of_late(
    shown: Option<(Duration, Instant)>,
    new: Option<Duration>,
    now: Instant,
) -> Option<(Duration, Instant)> {
    let shown = shown.filter(|(_, since)| now.saturating_duration_since(*since) < SHOWN_FOR);
    shown.filter(|(wait, _)| new.is_none_or(|new| new < *wait)).or_else(|| new.map(|new| (new, now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_wait_is_shown_for_a_minute() {
        let (start, seconds) = (Instant::now(), Duration::from_secs);
        let looks =
            [(0, None), (5, Some(2)), (10, Some(1)), (15, None), (20, Some(3)), (79, None), (80, None)];
        let mut shown = None;
        let seen = looks.map(|(at, new)| {
            shown = longest_of_late(shown, new.map(seconds), start + seconds(at));
            shown.map(|(wait, _)| wait.as_secs())
        });
        assert_eq!(seen, [None, Some(2), Some(2), Some(2), Some(3), Some(3), None]);
        shown = longest_of_late(Some((seconds(9), start)), Some(seconds(1)), start + SHOWN_FOR);
        assert_eq!(shown.map(|(wait, _)| wait), Some(seconds(1)), "of before it is too old");
    }
}
