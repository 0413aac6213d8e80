//! From start to shutdown of one consumer.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::callbacks::Callbacks;
use super::error::FirstError;
use super::health::client_watchdog;
use super::health::connection::Connection;
use super::health::fatal_panic::fatal_if_it_panics;
use super::health::resets::Resets;
use super::health::watch::PartitionWatch;
use super::metrics::ConsumerMetrics;
use super::partition::assignment::{Assignment, PartitionRegistry};
use super::worker_context::SharedContext;
use super::{ConsumerError, ConsumerOptions, Handler, partition, poll};
use crate::kafka::last_reason::LastReason;
use crate::kafka::log::KafkaLog;
use crate::kafka::topics;
use crate::process::Process;
use crate::process::health::Probe;
use crate::producer::{Producer, watchdog};
use crate::settings::KafkaSettings;
use crate::throttle::Throttle;

/// Reads, handles and acknowledges until `process` shuts down.
///
/// Waits for the brokers and for every topic first; what it waits for is logged and shown by the start-up
/// check `kafka`. The client is replaced as often as no broker or its coordinator answers it, the credentials change or a log ends before
/// where it stands. It is replaced too where a partition is stuck, the client failed for good or gave a record past its queue; where that has mended nothing, the error is returned,
/// with which the process ends (exit code 1).
/// After too many dead letters in a row it stays, not ready and without work, until the shutdown, and returns the
/// error then. Dropping the future stops the work too, without waiting for it.
pub async fn run<H: Handler>(
    kafka: &KafkaSettings,
    options: ConsumerOptions,
    handler: H,
    process: &Process,
) -> Result<(), ConsumerError> {
    let Some(shared) = prepare(kafka, options, handler.reasons(), process).await? else { return Ok(()) };
    let handler = Arc::new(handler);
    let working = process.health.check("consumer", Probe::Readiness);
    working.pass();
    process.health.check("brokers", Probe::Informational).pass();
    let (replaced_log, stall_timeout) = (Throttle::default(), shared.options.bounds.stall_timeout);
    let mut replaced: Option<Instant> = None;
    loop {
        let Err(error) = run_client(kafka, &shared, &handler, process).await else { return Ok(()) };
        match Next::after(&error, replaced.map(|at| at.elapsed()), stall_timeout) {
            Next::Stay => {
                shared.metrics.stopped.set(1);
                working.fail(error.to_string());
                tracing::error!("stopped: {error}");
                process.shutdown.requested().await;
                return Err(error);
            }
            _ if process.shutdown.is_requested() => return Err(error),
            Next::End => return Err(error),
            Next::Replace => {
                if let Some(suppressed) = replaced_log.pass(Instant::now()) {
                    tracing::warn!(suppressed, "{error}: replacing the Kafka client");
                }
            }
            Next::ReplaceOnce => {
                tracing::error!("{error}; replacing the Kafka client");
                replaced = Some(Instant::now());
            }
        }
        if !matches!(error, ConsumerError::Renewed) {
            shared.metrics.rebuilt.inc();
        }
    }
}

/// What all clients of a consumer share, once the brokers have every topic; `None` where the process is to end before.
async fn prepare(
    kafka: &KafkaSettings,
    options: ConsumerOptions,
    reasons: &[&'static str],
    process: &Process,
) -> Result<Option<Arc<SharedContext>>, ConsumerError> {
    let check = process.health.check("kafka", Probe::Startup);
    let producer = Producer::new(kafka, &options.producer_options())?;
    process.shutdown.spawn(watchdog::watch(producer.clone(), process, &process.registry));
    let needed = options.all_topics();
    let find = || producer.check_topics(&needed, topics::CHECK_TIMEOUT);
    tokio::select! {
        () = process.shutdown.requested() => return Ok(None),
        () = topics::wait(find, &check, "waiting for it") => check.pass(),
    }
    let metrics = ConsumerMetrics::register(&process.registry);
    metrics.begin(&options.topics, reasons);
    let counters = options.topics.iter().map(|topic| (topic.clone(), Arc::default())).collect();
    let (dead_letter_log, kafka_log) = (Throttle::default(), KafkaLog::default());
    Ok(Some(Arc::new(SharedContext {
        options,
        producer,
        metrics,
        consecutive_dead_letters: counters,
        dead_letter_log,
        kafka_log,
        resets: Resets::default(),
        group_refusal: LastReason::default(),
    })))
}

/// What follows when a client has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// A new client is known to mend this, however often it happens.
    Replace,
    /// A new client may mend this.
    ReplaceOnce,
    /// A person has to mend this: the consumer stays, does nothing and says so.
    Stay,
    /// The consumer ends: a new client has not mended this, or would not.
    End,
}

impl Next {
    /// `replaced` is how long ago a client was replaced that a new one may have mended. A partition that the new one cannot move either
    /// is known to be stuck before it counts as mended.
    fn after(error: &ConsumerError, replaced: Option<Duration>, stall_timeout: Duration) -> Self {
        let mended_after = Duration::from_mins(10).max(3 * stall_timeout);
        match error {
            ConsumerError::TooManyDeadLetters { .. } => Self::Stay,
            ConsumerError::Disconnected
            | ConsumerError::Uncoordinated
            | ConsumerError::LeftOut { .. }
            | ConsumerError::Renewed
            | ConsumerError::PastEnd { .. } => Self::Replace,
            ConsumerError::Stuck { .. } | ConsumerError::Fatal(_) | ConsumerError::Unsorted => {
                if replaced.is_none_or(|age| age > mended_after) { Self::ReplaceOnce } else { Self::End }
            }
            _ => Self::End,
        }
    }
}

/// The life of one Kafka consumer: until the shutdown, or the first error that ends it.
async fn run_client<H: Handler>(
    kafka: &KafkaSettings,
    shared: &Arc<SharedContext>,
    handler: &Arc<H>,
    process: &Process,
) -> Result<(), ConsumerError> {
    let options = &shared.options;
    let changes = process.credentials.changes();
    let config = options.client_config(&process.credentials.latest(kafka));
    let first_error = Arc::new(FirstError::default());
    let registry = Arc::new(PartitionRegistry::default());
    let end = process.shutdown.child();
    let _ends_when_dropped = end.clone().drop_guard();
    let start =
        partition::starter(Arc::clone(handler), Arc::clone(shared), Arc::clone(&first_error), end.clone());
    let (wake, woken) = sync_channel(1);
    let assignment = Assignment::new(start, wake.clone(), shared.metrics.clone(), Arc::clone(&registry));
    let (check, quota) =
        (process.health.check("brokers", Probe::Informational), Arc::clone(&shared.metrics.quota));
    let connection = Arc::new(Connection::new(check, shared.kafka_log.clone(), quota));
    let callbacks = Callbacks::new(assignment, Arc::clone(shared), Arc::clone(&connection));
    let mut consumer: BaseConsumer<Callbacks> = config.create_with_context(callbacks)?;
    consumer.set_nonempty_callback(move || {
        let _told = wake.try_send(());
    });
    let topics: Vec<&str> = options.topics.iter().map(String::as_str).collect();
    consumer.subscribe(&topics)?;
    let asked = (config.clone(), options.topics.first().cloned().unwrap_or_default());
    let watching = client_watchdog::watch(connection, asked, changes, end.clone());
    tokio::spawn(fatal_if_it_panics("the watch of the connection", Arc::clone(&first_error), watching));
    let watch = PartitionWatch::new(config, registry, Arc::clone(shared), process.health.clone())?;
    tokio::spawn(fatal_if_it_panics(
        "the watch of the partitions",
        Arc::clone(&first_error),
        watch.run(end.clone()),
    ));
    poll_until(end, (consumer, woken), first_error, options.close_timeout).await
}

async fn poll_until(
    end: CancellationToken,
    (consumer, woken): (BaseConsumer<Callbacks>, Receiver<()>),
    first_error: Arc<FirstError>,
    close_timeout: Duration,
) -> Result<(), ConsumerError> {
    let (polled, outcome) = oneshot::channel();
    let (closed, is_closed) = oneshot::channel::<()>();
    let thread = thread::Builder::new().name(String::from("kafka-poll"));
    let started = thread.spawn(move || {
        let consumer = Arc::new(consumer);
        // Nobody listens any more when the future was dropped, which is as good.
        let _sent = polled.send(poll::poll(&consumer, &woken, &end, &first_error));
        drop(consumer);
        drop(closed);
    });
    started.map_err(|error| ConsumerError::Thread(error.to_string()))?;
    let outcome = outcome.await;
    // librdkafka's close waits for brokers without a limit of its own.
    if tokio::time::timeout(close_timeout, is_closed).await.is_err() {
        tracing::warn!(
            "the Kafka consumer did not close in time and is abandoned; its group will notice by the session timeout"
        );
    }
    outcome.unwrap_or_else(|_| Err(ConsumerError::Thread(String::from("the poll thread panicked"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_is_stuck_as_soon_as_that_can_be_known_has_mended_nothing() {
        for minutes in [1, 10, 60] {
            let stall_timeout = Duration::from_mins(minutes);
            let after = |age| Next::after(&ConsumerError::Unsorted, age, stall_timeout);
            assert_eq!(after(None), Next::ReplaceOnce);
            assert_eq!(after(Some(stall_timeout + Duration::from_mins(1))), Next::End, "{minutes}");
            assert_eq!(after(Some(stall_timeout * 12)), Next::ReplaceOnce, "{minutes}");
        }
    }

    #[test]
    fn a_client_that_is_disconnected_is_replaced_however_lately_another_was() {
        let after = |error: &ConsumerError| Next::after(error, Some(Duration::ZERO), Duration::from_mins(1));
        assert_eq!(after(&ConsumerError::Disconnected), Next::Replace);
        assert_eq!(after(&ConsumerError::Uncoordinated), Next::Replace);
        assert_eq!(after(&ConsumerError::Renewed), Next::Replace);
        assert_eq!(after(&ConsumerError::LeftOut { group: String::from("a") }), Next::Replace);
        let made_again = |offset| ConsumerError::PastEnd { topic: String::from("in"), partition: 0, offset };
        assert_eq!([after(&made_again(7)), after(&made_again(9))], [Next::Replace; 2]);
        assert_eq!(after(&ConsumerError::Thread(String::new())), Next::End);
    }
}
