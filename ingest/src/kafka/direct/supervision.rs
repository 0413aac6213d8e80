//! Runs the tasks of the producer. After a panic in one of them nobody knows what is true still: all of them end, what waits is
//! given back, and they begin anew.

use super::shared::Shared;
use super::{cluster_watch, metrics, renewal};
use runtime::backoff::Backoff;
use runtime::producer::ProducerMetrics;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Before they begin anew; it doubles while one panic follows the other. Connections of before are gone by then.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));
/// How often it is looked whether records have waited for too long.
const EXPIRE_EVERY: Duration = Duration::from_millis(100);

/// Runs until it is aborted; the connections end with it.
pub(super) async fn run(shared: Arc<Shared>, metrics: ProducerMetrics) {
    let (metrics, mut backoff) = (Arc::new(metrics), Backoff::new(PAUSES.0, PAUSES.1));
    let mut has_panicked = false;
    loop {
        let (mut tasks, began) = (JoinSet::new(), Instant::now());
        tasks.spawn(expire(Arc::clone(&shared)));
        tasks.spawn(renewal::keep_up(Arc::clone(&shared), has_panicked));
        tasks.spawn(metrics::show(Arc::clone(&shared), Arc::clone(&metrics)));
        tasks.spawn(cluster_watch::keep_up(Arc::clone(&shared)));
        // None of them ends but by a panic, its own or that of a connection.
        drop(tasks.join_next().await);
        tasks.shutdown().await;
        has_panicked = true;
        shared.begin_anew();
        if began.elapsed() > PAUSES.1 {
            backoff.reset();
        }
        let pause = backoff.next_delay(1.0);
        tracing::error!(
            pause_seconds = pause.as_secs(),
            "a task of the direct producer panicked: what it had is not acknowledged, and it begins anew"
        );
        tokio::time::sleep(pause).await;
    }
}

/// Gives records back that have waited for too long.
async fn expire(shared: Arc<Shared>) {
    let mut tick = tokio::time::interval(EXPIRE_EVERY);
    loop {
        tick.tick().await;
        let ended = shared.lock().state.expire(Instant::now());
        shared.report(ended);
    }
}
