//! Which alerts fire, second by second.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, ensure};
use weir_tests::prometheus::Prometheus;

/// What has to fire, and nothing else: Kafka is away. Events that waited for it are late, and no second page.
pub(crate) const EXPECTED: [&str; 2] = ["WeirBreakerOpen", "WeirBrokersUnreachable"];
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// No alert fires any more when none has for so long: the five minutes in which a burn rate sees what came late, and its patience.
const QUIET: Duration = Duration::from_mins(8);
const CLEAR_WITHIN: Duration = Duration::from_mins(20);

pub(crate) struct Watch<'a> {
    prometheus: &'a Prometheus,
    start: SystemTime,
    stopped: SystemTime,
    back: SystemTime,
    alerts: BTreeMap<String, (SystemTime, SystemTime)>,
}

/// What was seen.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) start: SystemTime,
    /// Kafka was told to stop.
    pub(crate) stopped: SystemTime,
    /// Kafka answered again.
    pub(crate) back: SystemTime,
    pub(crate) end: SystemTime,
    /// When each alert fired first and last.
    pub(crate) alerts: BTreeMap<String, (SystemTime, SystemTime)>,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(prometheus: &'a Prometheus) -> Self {
        let now = SystemTime::now();
        Self { prometheus, start: now, stopped: now, back: now, alerts: BTreeMap::new() }
    }

    pub(crate) fn kafka_stopped(&mut self) {
        self.stopped = SystemTime::now();
    }

    pub(crate) fn kafka_is_back(&mut self) {
        self.back = SystemTime::now();
    }

    pub(crate) async fn for_a_while(&mut self, time: Duration) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < time {
            self.look().await?;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Until no alert has fired for a while.
    pub(crate) async fn until_clear(&mut self) -> Result<()> {
        let start = Instant::now();
        let mut quiet = Instant::now();
        while quiet.elapsed() < QUIET || !self.has_seen_all() {
            if self.look().await? {
                quiet = Instant::now();
            }
            ensure!(
                start.elapsed() < CLEAR_WITHIN,
                "alerts after {CLEAR_WITHIN:?}: {:?}",
                self.alerts.keys()
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    pub(crate) fn end(self) -> Seen {
        let Self { start, stopped, back, alerts, .. } = self;
        Seen { start, stopped, back, end: SystemTime::now(), alerts }
    }

    fn has_seen_all(&self) -> bool {
        EXPECTED.iter().all(|alert| self.alerts.contains_key(*alert))
    }

    /// Whether an alert fires.
    async fn look(&mut self) -> Result<bool> {
        let firing = self.prometheus.firing().await?;
        let now = SystemTime::now();
        for alert in &firing {
            if !self.alerts.contains_key(alert) {
                crate::say(&format!("{alert} fires"));
            }
            self.alerts.entry(alert.clone()).or_insert((now, now)).1 = now;
        }
        Ok(!firing.is_empty())
    }
}

impl Seen {
    /// Exactly the alerts that should fire did, and none before Kafka was stopped.
    pub(crate) fn is_as_expected(&self) -> Result<()> {
        let fired: Vec<&str> = self.alerts.keys().map(String::as_str).collect();
        ensure!(fired == EXPECTED, "{fired:?} fired, not {EXPECTED:?}");
        let early = self.alerts.iter().find(|(_, (first, _))| *first < self.stopped);
        ensure!(early.is_none(), "{early:?} before Kafka was stopped");
        Ok(())
    }
}
