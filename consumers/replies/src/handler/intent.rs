//! The intent of an attempt: written, acknowledged and read back before the call is made.

use super::{READ_BACK, Replies};
use crate::command::Command;
use crate::follower::FollowError;
use crate::pending::{Intent, Pending};
use crate::result::AttemptResult;
use runtime::consumer::{Failure, Output, Record};
use runtime::producer::Outgoing;
use runtime::telemetry::{TRACEPARENT, TraceContext};
use tracing::Span;

impl Replies {
    /// Writes the intent and reads it back; whether the attempt is ours.
    pub(super) async fn intend(
        &self,
        pending: &mut Pending,
        record: &Record,
        command: &Command,
    ) -> Result<bool, Failure> {
        let (subject, follower) = (&command.subject, self.follower().await?);
        if pending.intent == Intent::None {
            let intended = AttemptResult::Intended { claim: &pending.claim };
            self.publish(&self.result(record, subject, pending.attempt, &intended), record).await?;
            pending.intent = Intent::Written;
        }
        let owner = follower.owner(&subject.name(), pending.attempt, READ_BACK).await.map_err(|error| {
            // Should it be lost, it is written again; a second one of the same claim changes nothing. What cannot be read says
            // nothing of that, and may last.
            if matches!(error, FollowError::Behind) {
                pending.intent = Intent::None;
            }
            Failure::of_kafka(&error)
        })?;
        if *owner == *pending.claim {
            pending.intent = Intent::First;
        }
        Ok(pending.intent == Intent::First)
    }

    /// Returns once all replicas have the result.
    pub(super) async fn publish(&self, result: &Output, record: &Record) -> Result<(), Failure> {
        let trace = TraceContext::of(&Span::current()).or_else(|| record.trace());
        let trace = trace.map(|trace| trace.header());
        let mut headers: Vec<(&str, &[u8])> =
            result.headers.iter().map(|(name, value)| (name.as_ref(), value.as_slice())).collect();
        headers.extend(trace.as_ref().map(|trace| (TRACEPARENT, trace.as_bytes())));
        let mut batch = self.producer.batch();
        batch
            .send(Outgoing {
                topic: &result.topic,
                key: result.key.as_deref(),
                value: &result.value,
                headers: &headers,
            })
            .map_err(|error| Failure::of_kafka(&error))?;
        batch.finish().await.map_err(|error| Failure::of_kafka(&error))
    }
}
