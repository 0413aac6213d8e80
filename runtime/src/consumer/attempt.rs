//! Tries a record until it is handled, given up, or the worker must stop.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::bury::Burial;
use super::pipeline::Pipeline;
use super::verdict::Halt;
use super::work::Desk;
use super::{Failure, Handler, Output, Record};

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
    Again(Option<Duration>),
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
    loop {
        let started = Instant::now();
        let result = pipeline.alongside(handler.handle(state, record)).await;
        desk.work.metrics.handle_seconds.observe(started.elapsed().as_secs_f64());
        let failure = match result {
            Ok(outputs) => return Ok(Outcome::Handled(outputs)),
            Err(failure) => failure,
        };
        let wait = match attempts.judge(failure, record, desk) {
            Next::GiveUp(burial) => return Ok(Outcome::Dead(burial)),
            Next::Again(wait) => wait,
        };
        pipeline.settle_all(desk).await?;
        match wait {
            Some(wait) => desk.wait(wait).await?,
            None => desk.back_off(&mut backoff).await?,
        }
        desk.work.metrics.retries.inc();
    }
}

impl Attempts {
    fn judge(&mut self, failure: Failure, record: &Record, desk: &Desk) -> Next {
        let first_failed = *self.first_failed.get_or_insert_with(SystemTime::now);
        let attempts = self.count + 1;
        match failure {
            Failure::Reject { reason, error } => {
                desk.work.metrics.failures.with_label_values(&["reject"]).inc();
                Next::GiveUp(Burial { reason, error, attempts, first_failed })
            }
            Failure::Retry { error } => {
                self.count = attempts;
                desk.failed("retry", record, &error);
                if attempts < desk.work.options.max_attempts {
                    return Next::Again(None);
                }
                Next::GiveUp(Burial { reason: "retries_exhausted", error, attempts, first_failed })
            }
            Failure::Unavailable { error, wait } => {
                desk.failed("unavailable", record, &error);
                Next::Again(wait)
            }
        }
    }
}
