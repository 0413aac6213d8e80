//! Throttled log lines about refused deliveries and handshakes: when it begins, now and then meanwhile, when it is over.

use crate::http::response::Unavailable;
use crate::signature::SignatureFault;
use runtime::throttle::Throttle;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// After as long without a 503, an outage is over.
const OVER_AFTER: Duration = Duration::from_mins(1);

/// The current incidents, each logged at most once a minute.
#[derive(Default)]
pub(crate) struct IncidentLog {
    outage: Mutex<Option<Outage>>,
    unavailable: Throttle,
    unsigned: Throttle,
    handshakes: Throttle,
}

/// Deliveries are answered 503, some or all of them.
struct Outage {
    since: Instant,
    latest: Instant,
    deliveries: u64,
}

impl IncidentLog {
    /// A delivery was not made durable.
    pub(crate) fn unavailable(&self, why: Unavailable, now: Instant) {
        // Anybody can cause this, so it is no outage; the limit has logged it.
        if [Unavailable::BodyBytes, Unavailable::SignatureTime].contains(&why) {
            return;
        }
        let mut outage = runtime::mutex::lock(&self.outage);
        let outage = outage.get_or_insert(Outage { since: now, latest: now, deliveries: 0 });
        outage.latest = now;
        outage.deliveries += 1;
        if let Some(suppressed) = self.unavailable.pass(now) {
            let explanation = why.texts().log;
            tracing::error!(reason = why.as_str(), suppressed, "deliveries are answered 503: {explanation}");
        }
    }

    /// A delivery was made durable.
    pub(crate) fn acknowledged(&self) {
        if let Some(Outage { since, latest, deliveries }) = self.ended(Instant::now()) {
            let seconds = latest.saturating_duration_since(since).as_secs();
            tracing::info!(seconds, deliveries, "recovered: no delivery was answered 503 for a minute");
        }
    }

    /// The outage, once its last 503 is [`OVER_AFTER`] ago; one that comes and goes is one.
    fn ended(&self, now: Instant) -> Option<Outage> {
        let mut outage = runtime::mutex::lock(&self.outage);
        outage.take_if(|outage| now.saturating_duration_since(outage.latest) >= OVER_AFTER)
    }

    /// A delivery was answered 401.
    pub(crate) fn unsigned(&self, fault: SignatureFault) {
        if let Some(suppressed) = self.unsigned.pass(Instant::now()) {
            let advice = "if Meta sent them, check that the secret is the app's (Instagram Login has its own) and that no proxy re-encodes bodies";
            tracing::warn!(signature = fault.as_str(), suppressed, "deliveries are answered 401; {advice}");
        }
    }

    /// A handshake was answered 403.
    pub(crate) fn handshake(&self, why: &str) {
        if let Some(suppressed) = self.handshakes.pass(Instant::now()) {
            tracing::warn!(why, suppressed, "a handshake was answered 403");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_that_comes_and_goes_is_one_and_over_after_a_minute_without_a_503() {
        let (log, start) = (IncidentLog::default(), Instant::now());
        let mut now = start;
        for _ in 0..990 {
            now += Duration::from_millis(240);
            log.unavailable(Unavailable::Late, now);
            assert!(log.ended(now).is_none());
        }
        assert!(log.ended(now + OVER_AFTER / 2).is_none());
        let outage = log.ended(now + OVER_AFTER).unwrap();
        assert_eq!(
            (outage.deliveries, outage.latest - outage.since),
            (990, Duration::from_millis(240 * 989))
        );
        assert!(log.ended(now + OVER_AFTER).is_none());
    }
}
