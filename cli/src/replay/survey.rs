//! Reads the raw records of the range, and counts what splitting them gives.

use super::Replay;
use super::expected::Expected;
use crate::ToolError;

impl Replay<'_> {
    /// Counts events, once each where they are `expected` to be compared.
    pub(super) fn survey(&mut self, mut expected: Option<&mut Expected>) -> Result<(), ToolError> {
        let mut reading = self.source.open(&self.range)?;
        while let Some(record) = reading.next()? {
            let split = self.split(&record, true);
            let (done, all) = (self.report.deliveries, self.range.at_most());
            self.progress.show(|| format!("splitting: {done} of {all} deliveries"));
            let Some((receipt, split)) = split else { continue };
            if let Some(expected) = &mut expected {
                expected.delivery(receipt.delivery_id)?;
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
