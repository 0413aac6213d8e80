//! The thread that polls Kafka and alone touches the client.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use tokio_util::sync::CancellationToken;

use super::ConsumerError;
use super::callbacks::Callbacks;
use super::error::FirstError;
use super::reader::error::is_for_good;

/// How long the client may have nothing to say, which is also how long a shutdown may go unnoticed.
const POLL: Duration = Duration::from_millis(100);

/// The same while the queue of a partition is full, so that it gets more soon after it has room.
const POLL_FULL: Duration = Duration::from_millis(5);

/// How often done offsets are stored while records come in without a pause.
const STORE_EVERY: Duration = Duration::from_millis(50);

/// Polls until `end` or the first error, then drains the workers and stores what they did; `woken` is told when the client has something.
pub(super) fn poll(
    consumer: &Arc<BaseConsumer<Callbacks>>,
    woken: &Receiver<()>,
    end: &CancellationToken,
    first_error: &FirstError,
) -> Result<(), ConsumerError> {
    let context = consumer.client().context();
    context.attach(consumer);
    let polled = catch_unwind(AssertUnwindSafe(|| poll_until_end(consumer, woken, end, first_error)));
    // After a panic too: the queues of its partitions hold the client, which would not be closed and leave its group.
    context.assignment().close(consumer, context.finish_timeout());
    let polled = match polled {
        Ok(polled) => polled,
        Err(panic) => resume_unwind(panic),
    };
    first_error.get().cloned().map_or(polled, Err)
}

fn poll_until_end(
    consumer: &BaseConsumer<Callbacks>,
    woken: &Receiver<()>,
    end: &CancellationToken,
    first_error: &FirstError,
) -> Result<(), ConsumerError> {
    let context = consumer.client().context();
    let mut stored = Instant::now();
    while !end.is_cancelled() && first_error.get().is_none() {
        // Of no partition: rebalances, statistics, log lines, errors. One of them at a time.
        match consumer.poll(Duration::ZERO) {
            Some(Ok(_)) => return Err(ConsumerError::Unsorted),
            Some(Err(error)) => act_on(&error, context)?,
            None => {}
        }
        let mut assignment = context.assignment();
        let (errors, is_full) = (assignment.fill(), assignment.is_full());
        if stored.elapsed() >= STORE_EVERY {
            assignment.store(consumer);
            stored = Instant::now();
        }
        drop(assignment);
        for error in errors {
            act_on(&error, context)?;
        }
        // The client wakes nobody for what comes behind something that it has already.
        if !context.was_called() {
            let _woken = woken.recv_timeout(if is_full { POLL_FULL } else { POLL });
        }
    }
    Ok(())
}

fn act_on(error: &KafkaError, context: &Callbacks) -> Result<(), ConsumerError> {
    match error {
        KafkaError::MessageConsumptionFatal(code) => return Err(ConsumerError::Fatal(*code)),
        error if is_for_good(error) => context.cannot_read(error),
        error => context.failed(error),
    }
    Ok(())
}
