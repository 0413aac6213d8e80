//! Tries a record until it is handled, given up, or the worker must stop.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::bury::Burial;
use super::metrics::reason;
use super::pipeline::Pipeline;
use super::progress::Activity;
use super::verdict::Halt;
use super::work::Desk;
use super::{Failure, Handler, Output, Record, Wait, Waits};

/// What became of a record.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Handled: these follow from it.
    Handled(Vec<Output>),
    /// It goes to the dead letters.
    Dead(Burial),
}

/// What to do after a failed attempt.
enum Next {
    GiveUp(Burial),
    Again { after: Option<Duration>, on: Wait },
}

/// How an attempt failed.
enum Failed {
    Said(Failure),
    Panicked,
}

/// The attempts at one record so far.
struct Attempts {
    /// Attempts that count against the limit.
    count: u32,
    first_failed: Option<SystemTime>,
}

/// Calls the handler until it succeeds or its failure says that it never will.
///
/// Before it waits it lets what is on its way settle, so that a long wait holds back no other record.
pub(super) async fn attempt<H: Handler>(
    handler: &H,
    state: &mut H::State,
    record: &Record,
    desk: &Desk,
    pipeline: &mut Pipeline,
) -> Result<Outcome, Halt> {
    let mut attempts = Attempts { count: 0, first_failed: None };
    let mut backoff = desk.backoff();
    let waits = Waits::of(Arc::clone(&desk.progress));
    loop {
        let started = Instant::now();
        let result = match prepare(handler, state, record, desk, pipeline, &waits).await? {
            Ok(Ok(())) => {
                desk.progress.does(Activity::Handling);
                // A handler may panic before it gives a future, too.
                let attempted = AssertUnwindSafe(async { handler.handle(state, record, &waits).await });
                pipeline.alongside(attempted.catch_unwind()).await
            }
            Ok(Err(failure)) => Ok(Err(failure)),
            Err(panic) => Err(panic),
        };
        desk.progress.does(Activity::Waiting(Wait::Kafka));
        desk.work.metrics.handle_seconds.observe(started.elapsed().as_secs_f64());
        let failed = match result {
            Ok(Ok(outputs)) => return Ok(Outcome::Handled(outputs)),
            Ok(Err(failure)) => Failed::Said(failure),
            Err(_) => {
                // What the panic left behind cannot be trusted.
                *state = handler.assigned(&record.topic, record.partition);
                Failed::Panicked
            }
        };
        let (after, on) = match attempts.judge(failed, record, desk) {
            Next::GiveUp(burial) => return Ok(Outcome::Dead(burial)),
            Next::Again { after, on } => (after, on),
        };
        pipeline.settle_all(desk).await?;
        match after {
            Some(wait) => desk.wait(wait, on).await?,
            None => desk.back_off(&mut backoff, on).await?,
        }
        desk.work.metrics.retries.inc();
    }
}

/// Nothing is begun before a record is prepared: a partition that is taken away need not wait for that, and neither need
/// outputs of the records before that have to be sent again.
async fn prepare<H: Handler>(
    handler: &H,
    state: &mut H::State,
    record: &Record,
    desk: &Desk,
    pipeline: &mut Pipeline,
    waits: &Waits,
) -> Result<thread::Result<Result<(), Failure>>, Halt> {
    loop {
        desk.progress.does(Activity::Waiting(Wait::Kafka));
        let prepared = AssertUnwindSafe(async { handler.prepare(state, record, waits).await });
        let outcome = tokio::select! {
            biased;
            () = desk.stop.cancelled() => return Err(Halt::Stopped),
            prepared = prepared.catch_unwind() => return Ok(prepared),
            outcome = pipeline.failed() => outcome,
        };
        pipeline.settle(Err(outcome), desk).await?;
    }
}

impl Attempts {
    fn judge(&mut self, failed: Failed, record: &Record, desk: &Desk) -> Next {
        let first_failed = *self.first_failed.get_or_insert_with(SystemTime::now);
        let attempts = self.count + 1;
        match failed {
            Failed::Said(Failure::Reject { reason, error }) => {
                desk.work.metrics.failures.with_label_values(&["reject"]).inc();
                Next::GiveUp(Burial { reason, error, attempts, first_failed })
            }
            Failed::Said(Failure::Retry { error }) => {
                desk.failed("retry", record, &error);
                let burial = Burial { reason: reason::RETRIES_EXHAUSTED, error, attempts, first_failed };
                self.again_or(burial, desk)
            }
            Failed::Panicked => {
                let error = String::from("the handler panicked, see the log");
                desk.failed("panic", record, &error);
                self.again_or(Burial { reason: reason::PANIC, error, attempts, first_failed }, desk)
            }
            Failed::Said(Failure::Unavailable { error, wait, on }) => {
                desk.failed("unavailable", record, &error);
                Next::Again { after: wait, on }
            }
        }
    }

    /// One of a few attempts is used up.
    fn again_or(&mut self, burial: Burial, desk: &Desk) -> Next {
        self.count = burial.attempts;
        if burial.attempts < desk.work.options.max_attempts {
            Next::Again { after: None, on: Wait::Retry }
        } else {
            Next::GiveUp(burial)
        }
    }
}
