//! What is due by the clock: records that have waited for too long are given back, and what the producer does is shown, under the names
//! that the other one has.

use super::shared::Shared;
use runtime::producer::ProducerMetrics;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often records are checked for having waited too long.
const EXPIRE_EVERY: Duration = Duration::from_millis(100);
/// The metrics are updated every 10 checks (1 s), as often as those of the other producer.
const SHOW_EVERY: u32 = 10;
/// The round-trip window is reset every 5 s, as librdkafka does it. One without requests shows 0, not what was true of an earlier one.
const WINDOW: u32 = 5 * SHOW_EVERY;

/// Runs until it is aborted.
pub(super) async fn run(shared: Arc<Shared>, metrics: Arc<ProducerMetrics>) {
    let mut tick = tokio::time::interval(EXPIRE_EVERY);
    for look in 0_u32.. {
        tick.tick().await;
        let ended = shared.lock().expire(Instant::now());
        shared.report(ended);
        if look.is_multiple_of(SHOW_EVERY) {
            let snapshot = shared.lock().snapshot(look.is_multiple_of(WINDOW));
            metrics.show(&snapshot);
        }
    }
}
