//! From start to shutdown of one consumer.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::assignment::Assignment;
use super::context::Context;
use super::metrics::ConsumerMetrics;
use super::verdict::Verdict;
use super::work::{SAY_EVERY, Work};
use super::{ConsumerError, ConsumerOptions, Handler, poll, slot};
use crate::health::Probe;
use crate::process::Process;
use crate::producer::{Producer, watchdog};
use crate::settings::KafkaSettings;
use crate::throttle::Throttle;
use crate::topics;

/// Reads, handles and acknowledges until `process` shuts down.
///
/// Waits for the brokers and for every topic first; what it waits for is logged and shown by the start-up
/// check `kafka`. Dropping the future stops the work too, without waiting for it.
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
    let config = options.client_config(kafka);
    let verdict = Arc::new(Verdict::default());
    let (drain_timeout, close_timeout) = (options.drain_timeout, options.close_timeout);
    let names = options.topics.clone();
    let buried = Throttle::new(SAY_EVERY);
    let work = Arc::new(Work { options, producer, metrics: metrics.clone(), buried });
    let end = process.shutdown.child();
    let _ends_when_dropped = end.clone().drop_guard();
    let start = slot::starter(handler, work, Arc::clone(&verdict), end.clone());
    let context = Context::new(Assignment::new(start, metrics), drain_timeout);
    let consumer = config.create_with_context(context).map_err(create_error)?;
    subscribe(&consumer, &names)?;
    until(end, consumer, verdict, close_timeout).await
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
