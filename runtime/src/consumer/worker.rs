//! The task that works off one partition's queue.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use super::attempt::{Outcome, attempt};
use super::pipeline::Pipeline;
use super::progress::Activity;
use super::traced::carry_on;
use super::verdict::{Halt, Verdict};
use super::window::Window;
use super::work::Desk;
use super::{ConsumerError, Handler, Record, Wait};
use crate::telemetry::spans;
use futures_util::FutureExt as _;
use tracing::Instrument as _;

/// One partition in work.
pub(super) struct Worker<H> {
    pub(super) handler: Arc<H>,
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    pub(super) window: Window,
    pub(super) desk: Desk,
}

impl<H: Handler> Worker<H> {
    /// Works until it is told to stop; what must end the whole consumer goes to `verdict`.
    pub(super) async fn run(mut self, verdict: Arc<Verdict>) {
        match AssertUnwindSafe(self.work_off()).catch_unwind().await {
            Ok(Ok(()) | Err(Halt::Stopped)) => {}
            Ok(Err(Halt::Failed(error))) => verdict.fail(error),
            Err(_) => verdict.fail(ConsumerError::Panicked {
                topic: self.topic.to_string(),
                partition: self.partition,
                offset: self.desk.progress.in_work(),
            }),
        }
    }

    async fn work_off(&mut self) -> Result<(), Halt> {
        let mut pipeline = Pipeline::new(&self.desk, &self.topic);
        let mut state = self.handler.assigned(&self.topic, self.partition);
        let ended = self.follow_queue(&mut state, &mut pipeline).await;
        pipeline.drain().await;
        ended
    }

    async fn follow_queue(&mut self, state: &mut H::State, pipeline: &mut Pipeline) -> Result<(), Halt> {
        let room = self.desk.work.options.pipeline_records.max(1);
        loop {
            let idle = if pipeline.len() == 0 { Activity::Idle } else { Activity::Waiting(Wait::Kafka) };
            self.desk.progress.does(idle);
            let record = tokio::select! {
                biased;
                () = self.desk.stop.cancelled() => return Ok(()),
                outcome = pipeline.oldest() => {
                    pipeline.settle(outcome, &self.desk).await?;
                    continue;
                }
                record = self.window.next(&*self.handler), if pipeline.len() < room => record,
            };
            match record {
                Some(record) => self.handle(record, state, pipeline).await?,
                None => return Ok(()),
            }
        }
    }

    async fn handle(
        &mut self,
        record: Record,
        state: &mut H::State,
        pipeline: &mut Pipeline,
    ) -> Result<(), Halt> {
        self.desk.progress.working(record.offset);
        let span = record.span(&self.desk.work.options.group);
        let attempt = attempt(&*self.handler, state, &record, &self.desk, pipeline).instrument(span.clone());
        let outcome = self.window.alongside(&*self.handler, attempt).await?;
        self.desk.progress.does(Activity::Waiting(Wait::Kafka));
        match outcome {
            Outcome::Handled(mut outputs) => {
                let spans = carry_on(&record, &span, &mut outputs);
                pipeline.publish(record, outputs, spans, &self.desk).await
            }
            Outcome::Dead(burial) => {
                spans::failed(&span, burial.reason);
                pipeline.bury(record, &burial, &self.desk).await
            }
        }
    }
}
