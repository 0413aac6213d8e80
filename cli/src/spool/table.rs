//! Deliveries for people: a line each, in columns, without what people wrote.
//!
//! What is needed first fits 80 columns; app and time of receipt come after that.

use super::contents::Contents;
use super::quantity;
use crate::screen::{Cell, Columns, Screen, Tone, one_line};
use std::io;
use weir_ingest::spool::inspect::{DeliveryGroup, StoredDelivery};

const HEADINGS: [&str; 7] = ["ID", "AGE", "BYTES", "STATE", "EVENTS", "APP", "RECEIVED"];
const WAITING: &str = "waiting";
const ID: usize = 36;
const AGE: usize = 3;
const BYTES: usize = 5;
const APP: usize = 7;
/// What is left for events of 80 columns, with two spaces between each.
const STATE_AND_EVENTS: usize = 80 - (ID + 2 + AGE + 2 + BYTES + 2) - 2;
const LEAST_EVENTS: usize = 14;
const LONGEST_NAME: usize = 40;

/// A table that is printed line by line.
#[derive(Debug)]
pub(super) struct Deliveries {
    columns: Columns,
    /// The width of its events.
    events: usize,
    has_begun: bool,
}

impl Deliveries {
    /// A table for the states that there are; the other widths are given, since lines are printed as they are read.
    pub(super) fn fitting(groups: &[DeliveryGroup]) -> Self {
        let reasons = groups.iter().filter_map(|group| group.parked.as_ref());
        let longest = reasons.map(|reason| reason.as_str().chars().count()).max().unwrap_or_default();
        let state = longest.clamp(WAITING.len(), LONGEST_NAME);
        let events = STATE_AND_EVENTS.saturating_sub(state).max(LEAST_EVENTS);
        Self { columns: Columns::new([ID, AGE, BYTES, state, events, APP]), events, has_begun: false }
    }

    /// Prints a delivery, under the headings if it is the first.
    pub(super) fn print(&mut self, stored: &StoredDelivery, screen: &mut Screen) -> io::Result<()> {
        if !std::mem::replace(&mut self.has_begun, true) {
            screen.row(&self.columns, &HEADINGS.map(|heading| Cell::new(Tone::Faint, heading)))?;
        }
        screen.row(&self.columns, &row(stored, self.events))
    }
}

/// No cell is empty, and only EVENTS has spaces.
fn row(stored: &StoredDelivery, events: usize) -> [Cell; 7] {
    let (tone, state) = state(stored);
    [
        one_line(&stored.id, LONGEST_NAME).into(),
        quantity::age(stored.received).into(),
        quantity::size(stored.body.len() as u64).into(),
        Cell::new(tone, state),
        one_line(&Contents::of(&stored.body).sentence(), events).into(),
        one_line(&stored.app, LONGEST_NAME).into(),
        Cell::new(Tone::Faint, stored.received.to_string()),
    ]
}

/// What is corrupt is so whether ingest has met it or not.
pub(super) fn state(stored: &StoredDelivery) -> (Tone, String) {
    match &stored.parked {
        _ if !stored.is_intact => (Tone::Bad, "corrupt".to_owned()),
        Some(reason) => (Tone::Bad, one_line(reason.as_str(), LONGEST_NAME)),
        None => (Tone::Plain, WAITING.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use schemas::Millis;
    use weir_ingest::spool::inspect::ParkReason;

    #[test]
    fn what_matters_most_fits_80_columns_whatever_the_state() {
        let body = include_bytes!("../../../schemas/fixtures/batch/two-entries-four-items.json");
        for parked in [None, Some(ParkReason::TooLarge), Some(ParkReason::NotAuthorized)] {
            let stored = StoredDelivery {
                seq: 1,
                id: "019aa7f0-5c1e-7d3a-9f00-1c2d3e4f5a6b".to_owned(),
                received: Millis::of(std::time::SystemTime::now()),
                app: "shop".to_owned(),
                headers: "{}".to_owned(),
                body: Bytes::from_static(body),
                parked: parked.clone(),
                is_intact: true,
            };
            let oldest = stored.received;
            let table = Deliveries::fitting(&[DeliveryGroup { parked, deliveries: 1, bytes: 1, oldest }]);
            let line = table.columns.lay_out(&row(&stored, table.events), |_, text| text.to_owned());
            let app = line.chars().take_while(|character| *character != '…').count();
            assert!(app <= 80 && line.contains(&format!("…  shop     {oldest}")), "{line}");
        }
    }
}
