//! The task that works off one partition's queue.

use std::pin::pin;
use std::sync::Arc;

use super::prefetch_queue::PrefetchQueue;
use crate::consumer::error::{FirstError, Halt};
use crate::consumer::health::fatal_panic::fatal_if_it_panics;
use crate::consumer::record::attempt::attempt;
use crate::consumer::record::pipeline::Pipeline;
use crate::consumer::record::trace::carry_on;
use crate::consumer::wait::{Activity, Wait};
use crate::consumer::worker_context::WorkerContext;
use crate::consumer::{Handler, Record};
use crate::kafka::TopicPartition;
use crate::telemetry::spans;
use tracing::Instrument as _;

/// One partition in work.
pub(super) struct Worker<H: Handler> {
    pub(super) handler: Arc<H>,
    pub(super) name: TopicPartition,
    pub(super) prefetch_queue: PrefetchQueue<H>,
    pub(super) context: Arc<WorkerContext>,
}

impl<H: Handler> Worker<H> {
    /// Works until it is told to stop; what must end the whole consumer goes to `first_error`.
    pub(super) async fn run(mut self, first_error: Arc<FirstError>) {
        let what = format!("the worker of {} partition {}", self.name.topic, self.name.partition);
        let work = async {
            match self.work_off().await {
                Ok(()) | Err(Halt::Stopped) => None,
                Err(Halt::Failed(error)) => Some(error),
            }
        };
        fatal_if_it_panics(&what, first_error, work).await;
    }

    async fn work_off(&mut self) -> Result<(), Halt> {
        let mut pipeline = Pipeline::new(Arc::clone(&self.context), &self.name.topic);
        let mut state = None;
        let ended = self.follow_queue(&mut state, &mut pipeline).await;
        pipeline.drain().await;
        ended
    }

    async fn follow_queue(
        &mut self,
        state: &mut Option<H::State>,
        pipeline: &mut Pipeline,
    ) -> Result<(), Halt> {
        let room = self.context.shared.options.bounds.partition_pipeline.max(1);
        loop {
            let idle = if pipeline.len() == 0 { Activity::Idle } else { Activity::Waiting(Wait::Kafka) };
            self.context.progress.set_activity(idle);
            if self.context.stop.is_cancelled() {
                return Ok(());
            }
            let record = tokio::select! {
                biased;
                outcome = pipeline.oldest() => {
                    pipeline.settle(outcome).await?;
                    continue;
                }
                record = self.prefetch_queue.next(&*self.handler), if pipeline.len() < room => record,
                // Last, as whoever works seldom comes to wait for it.
                () = self.context.stop.cancelled() => return Ok(()),
            };
            match record {
                Some((record, prefetched)) => self.handle(record, prefetched, state, pipeline).await?,
                None => return Ok(()),
            }
        }
    }

    async fn handle(
        &mut self,
        record: Record,
        prefetched: Option<H::Prefetched>,
        state: &mut Option<H::State>,
        pipeline: &mut Pipeline,
    ) -> Result<(), Halt> {
        let span = record.span(&self.context.shared.options.group);
        let handled = {
            // It is large: pinned here, it is not moved from one to another.
            let attempt = attempt(&*self.handler, state, &record, prefetched, &self.context, pipeline);
            let attempt = pin!(attempt.instrument(span.clone()));
            self.prefetch_queue.alongside(&*self.handler, attempt).await?
        };
        match handled {
            Ok(mut outputs) => {
                let spans = carry_on(&record, &span, &mut outputs);
                pipeline.publish(record, outputs, spans).await
            }
            Err(cause) => {
                spans::failed(&span, cause.reason);
                pipeline.dead_letter(record, &cause).await
            }
        }
    }
}
