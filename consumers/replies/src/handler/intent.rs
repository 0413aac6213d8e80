//! The intent of an attempt: written, acknowledged and read back before the call is made, and given back where none did anything.

use super::{INTENDED_WITHIN, READ_BACK, Replies};
use crate::claims::AttemptEnd;
use crate::command::Subject;
use crate::ledger::{Ledger, given_back};
use crate::outcome::CallOutcome;
use crate::pending::{Intent, Pending, new_claim};
use crate::result::{AttemptResult, output};
use crate::results_reader::{ResultsError, ResultsReader};
use runtime::consumer::{Failure, Output, Record, StallExemption, Wait};
use runtime::mutex::lock;
use runtime::producer::Outgoing;
use runtime::telemetry::{TRACEPARENT, TraceContext};
use tracing::Span;

impl Replies {
    /// Writes the intent and reads it back; whether the attempt is ours.
    pub(super) async fn intend(
        &self,
        pending: &mut Pending,
        record: &Record,
        subject: &Subject,
    ) -> Result<bool, Failure> {
        let reader = self.results_reader().await?;
        let name = subject.name();
        if pending.intent == Intent::GivingBack {
            self.publish_given_back(pending, record, subject).await?;
        }
        if matches!(pending.intent, Intent::None | Intent::Again) {
            if !self.claim(pending, reader, &name) {
                return Ok(false);
            }
            let intended = AttemptResult::Intended { claim: &pending.claim };
            self.publish(&self.result(record, subject, pending.attempt, &intended), record).await?;
            pending.intent = Intent::Written;
        }
        if pending.intent == Intent::Written {
            let before = pending.given_back.as_deref();
            let owner = reader.owner(&name, pending.attempt, before, READ_BACK).await.map_err(|error| {
                // Should it be lost, or what gives the claim before it back, both are written again; a second one of the same claim
                // changes nothing. What cannot be read says nothing of that, and may last.
                if matches!(error, ResultsError::Behind) {
                    pending.intent = if before.is_some() { Intent::GivingBack } else { Intent::Again };
                }
                Failure::of_kafka(&error)
            })?;
            if *owner == *pending.claim {
                pending.intent = Intent::First;
            }
        }
        Ok(pending.intent == Intent::First)
    }

    /// Whether the attempt is nobody's yet, as far as the topic was read: a process that was stopped for a while and goes on writes
    /// no intent behind another's result. Then the claim is remembered, unless it was given back.
    fn claim(&self, pending: &Pending, reader: &ResultsReader, name: &str) -> bool {
        let ledger = reader.ledger();
        is_free(&ledger, pending, name)
            && lock(&self.claims).intend(&pending.claim, pending.given_back.as_deref(), name, &ledger)
    }

    /// Whether the call may be made, which counts as made then: the attempt is still ours by the topic, and no other one of this
    /// process has gone on with it.
    pub(super) async fn may_call(&self, pending: &Pending, subject: &Subject) -> Result<bool, Failure> {
        let reader = self.results_reader().await?;
        let is_ours = reader.ledger().is_owned_by(&subject.name(), pending.attempt, &pending.claim);
        Ok(is_ours && lock(&self.claims).call(&pending.claim))
    }

    /// Remembers what the call came to.
    pub(super) fn remember(
        &self,
        pending: &Pending,
        record: &Record,
        subject: &Subject,
        outcome: &CallOutcome,
    ) {
        match AttemptResult::of(outcome, pending.attempt) {
            Some(result) => {
                self.end(pending, record, subject, &result);
            }
            None => lock(&self.claims).undone(&pending.claim),
        }
    }

    /// Remembers how the attempt ends, in case that its result is lost on its way; whether it is ours to end.
    pub(super) fn end(
        &self,
        pending: &Pending,
        record: &Record,
        subject: &Subject,
        result: &AttemptResult<'_>,
    ) -> bool {
        let is_unknown = matches!(result, AttemptResult::Unknown(_));
        let result = self.record_of(record, subject, pending.attempt, result);
        lock(&self.claims).end(&pending.claim, AttemptEnd { result, is_unknown })
    }

    /// Gives the attempt back where it is ours, or may be, and the command has to wait: whoever has its partition next begins it again,
    /// and knows that nothing was done. Where Kafka does not take that now, it is written before the next intent.
    pub(super) async fn give_back(
        &self,
        pending: &mut Pending,
        record: &Record,
        subject: &Subject,
        waits: &StallExemption,
    ) {
        // A claim that was not to be written yet is not remembered, so that there is nothing to give back.
        if pending.intent == Intent::Overtaken || !lock(&self.claims).give_back(&pending.claim) {
            return;
        }
        pending.give_back();
        let given_back = self.publish_given_back(pending, record, subject);
        if let Err(error) = waits.on(Wait::Kafka, INTENDED_WITHIN, given_back).await {
            tracing::debug!(?error, "an attempt is not given back yet");
        }
    }

    /// Writes behind all results of the command that a broker has, though not enough replicas had them yet: they are read by nobody until
    /// then. It gives back a claim that nobody has, which changes nothing.
    pub(super) async fn write_barrier(
        &self,
        record: &Record,
        subject: &Subject,
        attempt: u32,
    ) -> Result<(), Failure> {
        let claim = given_back(&new_claim());
        let barrier = self.record_of(record, subject, attempt, &AttemptResult::Intended { claim: &claim });
        self.publish(&barrier, record).await
    }

    /// Nothing is written where another has the attempt, or ended it: what is to be done is looked up at the next intent.
    async fn publish_given_back(
        &self,
        pending: &mut Pending,
        record: &Record,
        subject: &Subject,
    ) -> Result<(), Failure> {
        let reader = self.results_reader().await?;
        if is_free(&reader.ledger(), pending, &subject.name()) {
            let claim = given_back(pending.given_back.as_deref().unwrap_or_default());
            let result =
                self.record_of(record, subject, pending.attempt, &AttemptResult::Intended { claim: &claim });
            self.publish(&result, record).await?;
        }
        pending.intent = Intent::Again;
        Ok(())
    }

    /// The record of a result of this record's command.
    pub(super) fn record_of(
        &self,
        record: &Record,
        subject: &Subject,
        attempt: u32,
        result: &AttemptResult<'_>,
    ) -> Output {
        output(&self.source.topic, record, (record.partition, record.offset), subject, attempt, result)
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

/// Whether the attempt is nobody's yet, or ours, as far as the topic was read.
fn is_free(ledger: &Ledger, pending: &Pending, name: &str) -> bool {
    let is_ours = |claim: &str| ledger.is_owned_by(name, pending.attempt, claim);
    ledger.owner(name, pending.attempt).is_none()
        || is_ours(&pending.claim)
        || pending.given_back.as_deref().is_some_and(is_ours)
}
