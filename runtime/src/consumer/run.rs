//! From start to shutdown of one consumer.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::assignment::Assignment;
use super::board::Board;
use super::connection::{self, Connection};
use super::context::Context;
use super::metrics::ConsumerMetrics;
use super::rejects::Rejects;
use super::verdict::Verdict;
use super::watch::Watch;
use super::work::{SAY_EVERY, Work};
use super::{ConsumerError, ConsumerOptions, Handler, poll, slot};
use crate::kafka::topics;
use crate::process::Process;
use crate::process::health::Probe;
use crate::producer::{Producer, watchdog};
use crate::settings::KafkaSettings;
use crate::throttle::Throttle;

/// A client that was built anew and fails again within this time is not worth a third.
const MENDED_AFTER: Duration = Duration::from_mins(10);

/// Reads, handles and acknowledges until `process` shuts down.
///
/// Waits for the brokers and for every topic first; what it waits for is logged and shown by the start-up
/// check `kafka`. A partition that is stuck gets a new Kafka consumer once, and is an error when that does not help.
/// After too many dead letters in a row it stays, not ready and without work, until the shutdown, and returns the
/// error then. Dropping the future stops the work too, without waiting for it.
pub async fn run<H: Handler>(
    kafka: &KafkaSettings,
    options: ConsumerOptions,
    handler: H,
    process: &Process,
) -> Result<(), ConsumerError> {
    let check = process.health.check("kafka", Probe::Startup);
    let producer = Producer::new(kafka, &options.producer_options())?;
    process.shutdown.spawn(watchdog::watch(producer.clone(), process));
    let needed = options.all_topics();
    tokio::select! {
        () = process.shutdown.requested() => return Ok(()),
        () = topics::wait(&producer, &needed, &check, "waiting for it") => check.pass(),
    }
    let metrics = ConsumerMetrics::register(&process.registry);
    metrics.begin(&options.topics, handler.reasons());
    let rejects = Rejects::new(&options.topics, options.max_rejects_in_a_row);
    let buried = Throttle::new(SAY_EVERY);
    let work = Arc::new(Work { options, producer, metrics, rejects, buried });
    let handler = Arc::new(handler);
    let working = process.health.check("consumer", Probe::Readiness);
    working.pass();
    let mut rebuilt: Option<Instant> = None;
    loop {
        let error = match live(kafka, &work, &handler, process).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        if matches!(error, ConsumerError::Rejecting { .. }) {
            work.metrics.stopped.set(1);
            working.fail(error.to_string());
            tracing::error!("stopped: {error}");
            process.shutdown.requested().await;
            return Err(error);
        }
        if error.is_mended_by_a_new_client() && !process.shutdown.is_requested() {
            tracing::warn!("{error}: the Kafka consumer is built anew");
            if matches!(error, ConsumerError::Disconnected) {
                work.metrics.rebuilt.inc();
            }
            continue;
        }
        let is_first = rebuilt.is_none_or(|at| at.elapsed() > MENDED_AFTER);
        if process.shutdown.is_requested() || !error.asks_for_a_new_client() || !is_first {
            return Err(error);
        }
        tracing::error!("{error}; the Kafka consumer is built anew");
        work.metrics.rebuilt.inc();
        rebuilt = Some(Instant::now());
    }
}

/// The life of one Kafka consumer: until the shutdown, or the first error that ends it.
async fn live<H: Handler>(
    kafka: &KafkaSettings,
    work: &Arc<Work>,
    handler: &Arc<H>,
    process: &Process,
) -> Result<(), ConsumerError> {
    let options = &work.options;
    let renewals = process.credentials.renewals();
    let config = options.client_config(&process.credentials.latest(kafka));
    let verdict = Arc::new(Verdict::default());
    let board = Arc::new(Board::default());
    let end = process.shutdown.child();
    let _ends_when_dropped = end.clone().drop_guard();
    let start = slot::starter(Arc::clone(handler), Arc::clone(work), Arc::clone(&verdict), end.clone());
    let assignment = Assignment::new(start, work.metrics.clone(), Arc::clone(&board));
    let connection = Arc::new(Connection::default());
    let context = Context::new(assignment, options.drain_timeout, &work.metrics, Arc::clone(&connection));
    let consumer = config.create_with_context(context).map_err(create_error)?;
    subscribe(&consumer, &options.topics)?;
    let kept = connection::keep(connection, config.clone(), renewals, end.clone(), Arc::clone(&verdict));
    tokio::spawn(kept);
    let (topics, stall_timeout) = (options.topics.clone(), options.stall_timeout);
    let watch =
        Watch::new(config, board, work.metrics.clone(), topics, stall_timeout).map_err(create_error)?;
    tokio::spawn(watch.keep(end.clone(), Arc::clone(&verdict)));
    until(end, consumer, verdict, options.close_timeout).await
}

fn subscribe(consumer: &BaseConsumer<Context>, topics: &[String]) -> Result<(), ConsumerError> {
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    consumer.subscribe(&topics).map_err(create_error)
}

async fn until(
    end: CancellationToken,
    consumer: BaseConsumer<Context>,
    verdict: Arc<Verdict>,
    close_timeout: Duration,
) -> Result<(), ConsumerError> {
    let (polled, outcome) = oneshot::channel();
    let (closed, is_closed) = oneshot::channel::<()>();
    let thread = thread::Builder::new().name(String::from("kafka-poll"));
    let started = thread.spawn(move || {
        // Nobody listens any more when the future was dropped, which is as good as told.
        let _told = polled.send(poll::poll(&consumer, &end, &verdict));
        drop(consumer);
        drop(closed);
    });
    started.map_err(|error| ConsumerError::Thread { reason: error.to_string() })?;
    let outcome = outcome.await;
    // librdkafka's close waits for brokers without a limit of its own.
    if tokio::time::timeout(close_timeout, is_closed).await.is_err() {
        tracing::warn!("the Kafka consumer does not close, leaving it; the group notices by itself");
    }
    outcome.unwrap_or_else(|_| Err(ConsumerError::Thread { reason: String::from("it panicked") }))
}

#[expect(clippy::needless_pass_by_value, reason = "map_err passes the error by value")]
fn create_error(error: rdkafka::error::KafkaError) -> ConsumerError {
    ConsumerError::Create { reason: error.to_string() }
}
