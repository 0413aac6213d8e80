//! Shows what the producer does, under the names that the other one has.

use super::shared::Shared;
use runtime::producer::ProducerMetrics;
use std::sync::Arc;
use std::time::Duration;

/// As often as the other producer is looked at.
const SHOW_EVERY: Duration = Duration::from_secs(1);
/// Every so many times the round trips begin anew: their window is 5 s, as librdkafka's. One without requests shows 0, not what
/// was true of an earlier one.
const WINDOW: u32 = 5;

/// Runs until it is aborted.
pub(super) async fn show(shared: Arc<Shared>, metrics: Arc<ProducerMetrics>) {
    let mut tick = tokio::time::interval(SHOW_EVERY);
    for look in 0_u32.. {
        tick.tick().await;
        let shown = shared.lock().shown(look.is_multiple_of(WINDOW));
        metrics.show(&shown);
    }
}
