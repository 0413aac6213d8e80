//! When requests are due at a fixed rate, whether or not earlier ones are answered: a server that stalls is not spared what would
//! have come meanwhile (coordinated omission).

use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{Receiver, channel};

/// Says when a request is due, at that moment: tokio's own clock ticks in milliseconds, which is longer than many an answer takes.
#[expect(clippy::disallowed_methods, reason = "a thread of its own, for the finer clock")]
pub(super) fn begin(start: Instant, rate: u32, time: Duration) -> Receiver<Instant> {
    // There is room for all of them, so that it never waits for anything but the time.
    let all = time.as_secs().saturating_add(1).saturating_mul(rate.into());
    let (due, queue) = channel(usize::try_from(all).unwrap_or(usize::MAX >> 3).max(1));
    thread::spawn(move || {
        for number in 0.. {
            let at = start + Duration::from_secs(1) * number / rate;
            if at >= start + time {
                return;
            }
            thread::sleep(at.saturating_duration_since(Instant::now()));
            if due.blocking_send(at).is_err() {
                return;
            }
        }
    });
    queue
}
