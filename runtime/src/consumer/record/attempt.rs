//! Tries a record until it is handled, given up, or the worker must stop.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::dead_letter::DeadLetterCause;
use super::pipeline::Pipeline;
use super::{Output, Record};
use crate::consumer::error::Halt;
use crate::consumer::handler::{Failure, Handler};
use crate::consumer::metrics::reason;
use crate::consumer::wait::{Activity, Wait};
use crate::consumer::worker_context::WorkerContext;

/// What follows a failed attempt.
enum AfterFailure {
    /// Another attempt, after the time that the failure says, else a growing one, and what is waited for.
    Retry(Option<Duration>, Wait),
    /// None.
    GiveUp(DeadLetterCause),
}

/// Why a handler's work gave nothing.
enum HandlerError {
    Failed(Failure),
    /// Be it before there was a future.
    Panicked,
}

/// The attempts at one record so far.
struct Attempts {
    /// Attempts that count against the limit.
    count: u32,
    first_failed: Option<SystemTime>,
}

/// Calls the handler until it succeeds, which gives what follows from the record, or its failure says that it never will.
///
/// Before it waits it lets what is on its way settle, so that a long wait holds back no other record.
pub(in crate::consumer) async fn attempt<H: Handler>(
    handler: &H,
    state: &mut Option<H::State>,
    record: &Record,
    mut prefetched: Option<H::Prefetched>,
    context: &WorkerContext,
    pipeline: &mut Pipeline,
) -> Result<Result<Vec<Output>, DeadLetterCause>, Halt> {
    let mut attempts = Attempts { count: 0, first_failed: None };
    let mut backoff = context.backoff();
    loop {
        let started = Instant::now();
        let result = handle(handler, state, record, &mut prefetched, context, pipeline).await?;
        context.progress.set_activity(Activity::Waiting(Wait::Kafka));
        context.shared.metrics.handle_seconds.observe(started.elapsed().as_secs_f64());
        let error = match result {
            Ok(outputs) => return Ok(Ok(outputs)),
            Err(error) => error,
        };
        if matches!(error, HandlerError::Panicked) {
            // What the panic left behind cannot be trusted.
            (*state, prefetched) = (None, None);
        }
        let (after, on) = match attempts.classify(error, record, context) {
            AfterFailure::Retry(after, on) => (after, on),
            AfterFailure::GiveUp(cause) => return Ok(Err(cause)),
        };
        pipeline.settle_all().await?;
        match after {
            Some(wait) => context.wait(wait, on).await?,
            None => context.back_off(&mut backoff, on).await?,
        }
        context.shared.metrics.retries.inc();
    }
}

/// Has the state made where there is none, then the record handled.
async fn handle<H: Handler>(
    handler: &H,
    state: &mut Option<H::State>,
    record: &Record,
    prefetched: &mut Option<H::Prefetched>,
    context: &WorkerContext,
    pipeline: &mut Pipeline,
) -> Result<Result<Vec<Output>, HandlerError>, Halt> {
    loop {
        let Some(state) = state else {
            context.progress.set_activity(Activity::Waiting(Wait::Kafka));
            // Once a partition; on the heap, it makes what is kept of each record no larger.
            let work = Box::pin(caught(async { handler.restore(record).await }));
            match droppable(work, context, pipeline).await? {
                Some(Ok(restored)) => *state = Some(restored),
                Some(Err(error)) => return Ok(Err(error)),
                None => {}
            }
            continue;
        };
        context.progress.set_activity(Activity::Handling);
        let work = caught(async { handler.handle(state, record, prefetched, &context.waits).await });
        if !H::CAN_BE_DROPPED {
            // As most are. It runs on until it ends, or `--finish-timeout` cuts the worker off (`AssignedPartition::join`).
            return Ok(pipeline.alongside(pin!(work)).await);
        }
        if let Some(done) = droppable(work, context, pipeline).await? {
            return Ok(done);
        }
    }
}

/// Awaits `work`, and drops it when the worker must stop ([`Halt`]), or when an output of an earlier record failed: that is then sent
/// again, and on `None` the caller begins the work anew.
async fn droppable<T>(
    work: impl Future<Output = T>,
    context: &WorkerContext,
    pipeline: &mut Pipeline,
) -> Result<Option<T>, Halt> {
    let error = tokio::select! {
        biased;
        // First, as it is mostly there at once.
        done = work => return Ok(Some(done)),
        () = context.stop.cancelled() => return Err(Halt::Stopped),
        error = pipeline.failed() => error,
    };
    pipeline.settle(Err(error)).await?;
    Ok(None)
}

fn caught<T>(
    work: impl Future<Output = Result<T, Failure>>,
) -> impl Future<Output = Result<T, HandlerError>> {
    let work = AssertUnwindSafe(work).catch_unwind();
    work.map(|done| done.map_or(Err(HandlerError::Panicked), |done| done.map_err(HandlerError::Failed)))
}

impl Attempts {
    fn classify(&mut self, error: HandlerError, record: &Record, context: &WorkerContext) -> AfterFailure {
        let first_failed = *self.first_failed.get_or_insert_with(SystemTime::now);
        let attempts = self.count + 1;
        let cause =
            |reason, error| DeadLetterCause { reason, error, attempts, first_failed, is_counted: true };
        match error {
            HandlerError::Failed(Failure::Reject { reason, error }) => {
                context.shared.metrics.failures.with_label_values(&["reject"]).inc();
                AfterFailure::GiveUp(cause(reason, error))
            }
            HandlerError::Failed(Failure::RejectUncounted { reason, error }) => {
                context.shared.metrics.failures.with_label_values(&["reject_uncounted"]).inc();
                AfterFailure::GiveUp(DeadLetterCause { is_counted: false, ..cause(reason, error) })
            }
            HandlerError::Failed(Failure::Retry { error }) => {
                context.failed("retry", record, &error);
                self.again_or(cause(reason::RETRIES_EXHAUSTED, error), context)
            }
            HandlerError::Panicked => {
                let error = String::from("the handler panicked, see the log");
                context.failed("panic", record, &error);
                self.again_or(cause(reason::PANIC, error), context)
            }
            HandlerError::Failed(Failure::Unavailable { error, wait, on }) => {
                context.failed("unavailable", record, &error);
                AfterFailure::Retry(wait, on)
            }
        }
    }

    /// One of a few attempts is used up.
    fn again_or(&mut self, cause: DeadLetterCause, context: &WorkerContext) -> AfterFailure {
        self.count = cause.attempts;
        if cause.attempts < context.shared.options.max_attempts {
            AfterFailure::Retry(None, Wait::Retry)
        } else {
            AfterFailure::GiveUp(cause)
        }
    }
}
