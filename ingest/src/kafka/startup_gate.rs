//! The startup gate: no delivery is sent to Kafka before the brokers and every topic have been seen once.
//!
//! Before that, a record would wait in the producer's queue for a broker or a topic that may never appear. Afterwards an
//! outage shows only in acknowledgements, so that it never flips readiness.

use super::Kafka;
use runtime::kafka::topics;
use runtime::process::health::{Check, Health, Probe};
use runtime::process::shutdown::Shutdown;
use runtime::process::supervisor::Supervisor;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Open once Kafka and the topics have been seen.
#[derive(Debug)]
pub(crate) struct StartupGate {
    is_open: AtomicBool,
    check: Check,
}

impl StartupGate {
    /// A closed gate. Until it opens, the startup probe fails, unless there is a spool for deliveries meanwhile.
    pub(crate) fn closed(health: &Health, has_spool: bool) -> Self {
        let probe = if has_spool { Probe::Informational } else { Probe::Startup };
        Self { is_open: AtomicBool::new(false), check: health.check("kafka", probe) }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }
}

/// Opens the gate once the brokers and topics have been seen, unless shutdown comes first.
pub(crate) async fn open_when_ready(kafka: Arc<Kafka>, topics: Vec<String>, shutdown: Shutdown) {
    let (gate, producers) = (&kafka.gate, &kafka.publisher.producers);
    let meanwhile = if kafka.has_spool {
        "every delivery goes to the spool until then"
    } else {
        "every delivery is answered 503 until then"
    };
    let settle = || async {
        for writer in [&producers.usual, &producers.large] {
            topics::wait(|| writer.check_topics(&topics), &gate.check, meanwhile).await;
        }
        tokio::time::sleep(producers.usual.settles_within()).await;
    };
    let mut supervisor = Supervisor::new("the startup gate");
    let settled = async { while supervisor.catches_panic_of(settle()).await {} };
    if shutdown.run_until_requested(settled).await.is_some() {
        gate.is_open.store(true, Ordering::Relaxed);
        gate.check.pass();
        tracing::info!(
            topics = topics.len(),
            "Kafka and all topics are available: sending deliveries to Kafka"
        );
    }
}
