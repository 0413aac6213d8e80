//! Reads the raw records of the range, and counts what splitting them gives.

use super::Replay;
use super::expected::Expected;
use crate::tool::Result;

impl Replay<'_> {
    /// Counts events, once each where they are `expected` to be compared.
    pub(super) fn survey(&mut self, mut expected: Option<&mut Expected>) -> Result<()> {
        let mut reading =
            self.source.open(&self.range)?.whole()?.showing("deliveries split", !self.settings.json);
        while let Some(record) = reading.next()? {
            let Some((reception, split)) = self.split(&record, true) else { continue };
            if let Some(expected) = &mut expected {
                expected.delivery(reception.delivery_id)?;
            }
            for event in split.events.iter().filter(|event| self.settings.scope.holds(event)) {
                let row = self.report.row(event.topic(), event.kind.to_string());
                let is_new = match &mut expected {
                    Some(expected) => expected.event(event.id.0, row)?,
                    None => true,
                };
                self.report.count(row, is_new);
            }
        }
        Ok(())
    }
}
