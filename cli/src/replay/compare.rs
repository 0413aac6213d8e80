//! Looks for the expected events in the typed topics.

use super::Replay;
use super::expected::{Expected, number};
use crate::tool::Result;
use runtime::consumer::Record;
use schemas::{Topic, TypedEvent};
use std::time::Duration;

/// Typed records are written after the raw one of their delivery, by the same clock; unless that was set back.
const EARLIER: Duration = Duration::from_mins(1);

impl Replay<'_> {
    /// Reads every typed topic that is meant, from the beginning of the range to the topic's end: an event may have been
    /// published late, out of a spool or by a replay.
    pub(super) fn compare(&mut self, expected: &mut Expected) -> Result<()> {
        self.report.compared = true;
        let mut hidden = None;
        let since = self.settings.period.since.before(EARLIER);
        for topic in self.settings.scope.topics() {
            let name = topic.name(&self.settings.scope.topic_prefix);
            let range = self.source.range(&name, Some(since), None)?;
            let mut reading = self.source.open(&range)?.showing("records compared", !self.settings.json);
            hidden = hidden.or(reading.leave_out_hidden());
            while let Some(record) = reading.next()? {
                self.look_at(topic, &record, expected);
            }
        }
        // What is missing may be among what could not be read.
        match hidden {
            Some(error) if self.report.missing() > 0 => Err(error),
            _ => Ok(()),
        }
    }

    fn look_at(&mut self, topic: Topic, record: &Record, expected: &mut Expected) {
        let id = record.header("ce_id").and_then(|id| std::str::from_utf8(id).ok()).and_then(number);
        match id.and_then(|id| expected.find(id)) {
            Some((row, is_first)) => self.report.rows[row].present += u64::from(is_first),
            None => self.look_whether_extra(topic, record, expected),
        }
    }

    /// An event of a delivery of the range that splitting does not give any more.
    fn look_whether_extra(&mut self, topic: Topic, record: &Record, expected: &Expected) {
        let Ok(event) = TypedEvent::read(record.value.as_deref()) else { return };
        if expected.has_delivery(&event.deliveryid) && self.settings.scope.holds_typed(&event) {
            let kind =
                event.kind().map_or_else(|| "(unknown to this version)".to_owned(), |kind| kind.to_string());
            let row = self.report.row(topic, kind);
            self.report.rows[row].extra += 1;
        }
    }
}
