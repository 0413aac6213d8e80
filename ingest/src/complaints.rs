//! What an operator has to hear of, said when it begins, when it is over, and now and then in between.

use crate::answer::{SignatureFault, Unavailable};
use runtime::throttle::Throttle;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often the same trouble is said again.
const SAY_EVERY: Duration = Duration::from_mins(1);

/// Trouble with deliveries, as it comes and goes.
#[derive(Debug)]
pub(crate) struct Complaints {
    /// Whether there is an outage: what the many good deliveries look at, instead of the lock.
    is_out: AtomicBool,
    outage: Mutex<Option<Outage>>,
    unavailable: Throttle,
    unsigned: Throttle,
    handshakes: Throttle,
}

/// Deliveries are answered 503.
#[derive(Debug)]
struct Outage {
    since: Instant,
    deliveries: u64,
}

impl Complaints {
    pub(crate) fn new() -> Self {
        let throttle = || Throttle::new(SAY_EVERY);
        Self {
            is_out: AtomicBool::new(false),
            outage: Mutex::default(),
            unavailable: throttle(),
            unsigned: throttle(),
            handshakes: throttle(),
        }
    }

    /// A delivery was not made durable.
    pub(crate) fn unavailable(&self, why: Unavailable) {
        // Anybody can cause this, so it is no outage; the limit has said it.
        if why == Unavailable::BodyBytes {
            return;
        }
        let now = Instant::now();
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        outage.get_or_insert(Outage { since: now, deliveries: 0 }).deliveries += 1;
        self.is_out.store(true, Ordering::Relaxed);
        if let Some(suppressed) = self.unavailable.pass(now) {
            tracing::error!(
                reason = why.as_str(),
                suppressed,
                "deliveries are answered 503: {}",
                why.explanation()
            );
        }
    }

    /// A delivery was made durable.
    pub(crate) fn acknowledged(&self) {
        if !self.is_out.load(Ordering::Relaxed) {
            return;
        }
        let over = self.outage.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.is_out.store(false, Ordering::Relaxed);
        if let Some(Outage { since, deliveries }) = over {
            tracing::info!(
                seconds = since.elapsed().as_secs(),
                deliveries,
                "deliveries are acknowledged again; these many were answered 503"
            );
        }
    }

    /// A delivery was answered 401.
    pub(crate) fn unsigned(&self, fault: SignatureFault) {
        if let Some(suppressed) = self.unsigned.pass(Instant::now()) {
            let advice = "if Meta sent them: is the secret that of the app (Instagram Login has one of its own), and does nothing in front re-encode bodies?";
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
