//! The thread that polls Kafka and alone touches the client.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use tokio_util::sync::CancellationToken;

use super::ConsumerError;
use super::callbacks::Callbacks;
use super::error::FirstError;
use super::reader::error::is_for_good;

/// How long a poll waits for a record, which is also how long a shutdown may go unnoticed.
const POLL: Duration = Duration::from_millis(100);

/// The same while a partition is paused, so that it is resumed soon after its queue has room.
const POLL_PAUSED: Duration = Duration::from_millis(5);

/// How often done offsets are stored while records come in without a pause.
const STORE_EVERY: Duration = Duration::from_millis(50);

/// Polls until `end` or the first error, then drains the workers and stores what they did.
pub(super) fn poll(
    consumer: &BaseConsumer<Callbacks>,
    end: &CancellationToken,
    first_error: &FirstError,
) -> Result<(), ConsumerError> {
    let context = consumer.client().context();
    let polled = poll_until_end(consumer, end, first_error);
    context.assignment().close(consumer, context.finish_timeout());
    first_error.get().cloned().map_or(polled, Err)
}

fn poll_until_end(
    consumer: &BaseConsumer<Callbacks>,
    end: &CancellationToken,
    first_error: &FirstError,
) -> Result<(), ConsumerError> {
    let context = consumer.client().context();
    let mut stored = Instant::now();
    let mut waiting = false;
    while !end.is_cancelled() && first_error.get().is_none() {
        match consumer.poll(if waiting { POLL_PAUSED } else { POLL }) {
            Some(Ok(message)) => waiting |= context.assignment().dispatch(consumer, &message),
            Some(Err(KafkaError::MessageConsumptionFatal(code))) => return Err(ConsumerError::Fatal(code)),
            Some(Err(error)) if is_for_good(&error) => context.cannot_read(&error),
            Some(Err(error)) => context.failed(&error),
            None => {}
        }
        if stored.elapsed() >= if waiting { POLL_PAUSED } else { STORE_EVERY } {
            let mut assignment = context.assignment();
            assignment.resume_and_store(consumer);
            waiting = assignment.is_waiting();
            stored = Instant::now();
        }
    }
    Ok(())
}
