//! Publishes the events of the range.

use super::Replay;
use super::expected::Expected;
use crate::ToolError;
use crate::kafka::request::RequestError;
use crate::kafka::sink::{OutgoingRecord, Sink};
use crate::kafka::typed::Typed;
use runtime::consumer::Record;
use schemas::{Event, Millis, Topic};

/// What was published of one delivery.
struct Sent {
    /// When Kafka got the delivery.
    at: Option<Millis>,
    /// The row of the report of each event.
    rows: Vec<usize>,
}

impl Replay<'_> {
    /// Publishes everything, or `only` what was not found; a missing event that several deliveries carry goes once.
    pub(super) fn publish(&mut self, only: Option<&mut Expected>) -> Result<(), ToolError> {
        let mut sink = Sink::open(self.session, &self.settings.kafka, self.settings.rate)?;
        let outcome = self.deliveries(&mut sink, only);
        let reached = self.report.reached;
        let written = sink.finish();
        self.note(&mut sink)?;
        if outcome.is_err() || written.is_err() {
            // Something before the last that was acknowledged may not have been.
            self.report.reached = reached;
        }
        outcome?;
        Ok(written?)
    }

    fn deliveries(
        &mut self,
        sink: &mut Sink<'_, Sent>,
        mut only: Option<&mut Expected>,
    ) -> Result<(), ToolError> {
        let mut reading = self.source.open(&self.range)?;
        let mut read = 0_u64;
        while let Some(record) = reading.next()? {
            if self.session.must_stop() {
                self.report.stopped = true;
                break;
            }
            read += 1;
            let (all, published) = (self.range.at_most(), self.report.published());
            self.progress.show(|| format!("publishing: {read} of {all} deliveries, {published} events"));
            self.delivery(&record, sink, only.as_deref_mut())?;
            self.note(sink)?;
        }
        Ok(())
    }

    fn delivery(
        &mut self,
        record: &Record,
        sink: &mut Sink<'_, Sent>,
        mut only: Option<&mut Expected>,
    ) -> Result<(), RequestError> {
        // What is published without a comparison was not counted yet.
        let surveyed = only.is_some();
        let Some((receipt, split)) = self.split(record, !surveyed) else { return Ok(()) };
        let name = |topic: Topic| topic.name(&self.settings.meant.topic_prefix);
        let mut is_due = |event: &&Event<'_>| {
            self.settings.meant.holds(event)
                && only
                    .as_mut()
                    .is_none_or(|expected| expected.find(event.id.0).is_some_and(|(_, is_first)| is_first))
        };
        let (mut events, mut rows) = (Vec::new(), Vec::new());
        for event in split.events.iter().filter(|event| is_due(event)) {
            let row = self.report.row(event.topic(), event.kind.to_string());
            if !surveyed {
                self.report.count(row, true);
            }
            rows.push(row);
            events.push(Typed::of(event, receipt, name));
        }
        if events.is_empty() {
            return Ok(());
        }
        let records: Vec<OutgoingRecord<'_>> =
            events.iter().map(|event| event.outgoing(&self.report.run)).collect();
        sink.send(&records, Sent { at: record.timestamp.map(Millis::of), rows })
    }

    fn note(&mut self, sink: &mut Sink<'_, Sent>) -> Result<(), RequestError> {
        for Sent { at, rows } in sink.acknowledged()? {
            for row in rows {
                self.report.rows[row].published += 1;
            }
            self.report.reached = at.max(self.report.reached);
        }
        Ok(())
    }
}
