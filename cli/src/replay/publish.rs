//! Publishes the events of the range.

use super::Replay;
use super::expected::Expected;
use crate::kafka::{RecordPosition, Settled, Sink, Typed};
use crate::tool::Result;
use schemas::{Millis, Reception, Split};

/// What was published of one delivery.
struct Sent {
    /// Where its raw record lies, and when Kafka got it.
    position: RecordPosition,
    at: Option<Millis>,
    /// The row of the report of each event.
    rows: Vec<usize>,
}

impl Replay<'_> {
    /// Publishes everything, or `only` what was not found; a missing event that several deliveries carry goes once.
    pub(super) fn publish(&mut self, only: Option<&mut Expected>) -> Result<()> {
        let mut sink = Sink::open(self.session, &self.settings.kafka, self.settings.rate)?;
        let outcome = self.deliveries(&mut sink, only);
        let reached = self.report.reached;
        let written = sink.finish();
        self.note(&mut sink)?;
        if outcome.is_err() || written.is_err() {
            // Something before the last that was acknowledged may not have been.
            self.report.reached = reached;
        }
        outcome.and(written)
    }

    fn deliveries(&mut self, sink: &mut Sink<'_, Sent>, mut only: Option<&mut Expected>) -> Result<()> {
        // What is published without a comparison was not counted yet.
        let is_counted = only.is_none();
        let mut reading =
            self.source.open(&self.range)?.whole()?.showing("deliveries read", !self.settings.json);
        while let Some(record) = reading.next()? {
            if self.session.must_stop() {
                self.report.stopped = true;
                break;
            }
            if let Some((reception, split)) = self.split(&record, is_counted) {
                let (events, rows) = self.due(reception, &split, only.as_deref_mut());
                if !events.is_empty() {
                    let records: Vec<_> =
                        events.iter().map(|event| event.outgoing(&self.report.run)).collect();
                    let (position, at) = (RecordPosition::of(&record), record.timestamp.map(Millis::of));
                    sink.send(&records, Sent { position, at, rows })?;
                }
            }
            self.note(sink)?;
        }
        Ok(())
    }

    /// The events of a delivery that are to be published, each with its row of the report.
    fn due(
        &mut self,
        reception: Reception<'_>,
        split: &Split<'_>,
        mut only: Option<&mut Expected>,
    ) -> (Vec<Typed>, Vec<usize>) {
        let (mut events, mut rows) = (Vec::new(), Vec::new());
        for event in split.events.iter().filter(|event| self.settings.scope.holds(event)) {
            let row = if let Some(expected) = &mut only {
                // Others are on their topic, or go with an earlier delivery.
                let Some((row, true)) = expected.find(event.id.0) else { continue };
                row
            } else {
                let row = self.report.row(event.topic(), event.kind.to_string());
                self.report.count(row, true);
                row
            };
            rows.push(row);
            events.push(Typed::of(event, reception, &self.settings.scope.topic_prefix));
        }
        (events, rows)
    }

    fn note(&mut self, sink: &mut Sink<'_, Sent>) -> Result<()> {
        for Settled { what: Sent { position, at, rows }, refused } in sink.settled()? {
            for row in &rows {
                self.report.rows[*row].published += 1;
            }
            for (index, error) in refused {
                let row = &mut self.report.rows[rows[index]];
                tracing::warn!(delivery = %position, kind = row.kind, %error, "the topic refuses an event of the delivery");
                row.published -= 1;
                self.report.not_taken += 1;
            }
            self.report.reached = at.max(self.report.reached);
        }
        Ok(())
    }
}
