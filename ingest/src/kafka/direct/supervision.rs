//! Runs the tasks of the producer, connections among them. After a panic in one of them nobody knows what is true still: all of them
//! end, what waits is given back, and they begin anew.

use super::shared::Shared;
use super::{cluster_watch, expiry, renewal, sender};
use runtime::process::supervisor::Pauses;
use runtime::producer::ProducerMetrics;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::{AbortHandle, JoinSet};

/// Before they begin anew, or longer while one panic follows the other. Connections of before are gone by then.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// Runs until it is aborted; the connections end with it.
pub(super) async fn run(shared: Arc<Shared>, metrics: ProducerMetrics) {
    let (metrics, mut pauses) = (Arc::new(metrics), Pauses::default());
    let mut has_panicked = false;
    loop {
        let mut tasks = JoinSet::new();
        tasks.spawn(renewal::run(Arc::clone(&shared), has_panicked));
        tasks.spawn(expiry::run(Arc::clone(&shared), Arc::clone(&metrics)));
        tasks.spawn(cluster_watch::run(Arc::clone(&shared)));
        connect(&shared, &mut tasks).await;
        tasks.shutdown().await;
        has_panicked = true;
        shared.begin_anew();
        let pause = pauses.after_panic(Instant::now()).max(SHORTEST_PAUSE);
        tracing::error!(
            pause_seconds = pause.as_secs(),
            "a task of the direct producer panicked: its records are not acknowledged, restarting it"
        );
        tokio::time::sleep(pause).await;
    }
}

/// Has every broker connected to that the cluster names. Returns once one of the tasks has panicked; a connection's ends otherwise
/// where its broker is gone.
async fn connect(shared: &Arc<Shared>, tasks: &mut JoinSet<()>) {
    let (mut asked, mut connections) = (shared.metadata_result.subscribe(), BTreeMap::new());
    loop {
        let named: Vec<i32> = shared.lock().named().map(|(broker, _)| broker).collect();
        for broker in named {
            if connections.get(&broker).is_none_or(AbortHandle::is_finished) {
                connections.insert(broker, tasks.spawn(sender::run(Arc::clone(shared), broker)));
            }
        }
        tokio::select! {
            _ = asked.changed() => {}
            ended = tasks.join_next() => if matches!(ended, Some(Err(_))) { return },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::kafka::credentials::Credentials;
    use runtime::producer::ProducerOptions;
    use runtime::settings::KafkaSettings;
    use std::future::pending;

    #[tokio::test]
    async fn a_task_that_panics_is_noticed_beside_those_that_run_and_end() {
        let (kafka, options) = (KafkaSettings::plain("localhost:9092"), ProducerOptions::default());
        let shared = Arc::new(Shared::new(&kafka, &options, &[], Credentials::default()).unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async {});
        tasks.spawn(pending());
        tasks.spawn(async {
            panic!("on purpose");
        });
        tokio::time::timeout(Duration::from_mins(1), connect(&shared, &mut tasks)).await.unwrap();
    }
}
