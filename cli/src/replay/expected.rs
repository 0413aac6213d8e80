//! The events that splitting gives, by id, and which of them were found.

use crate::tool::Result;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// The event was found, or published.
const FOUND: u16 = 1 << 15;

/// What is remembered: 16 bytes an event and 16 a delivery, beside what the hash tables take.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    max_ids: usize,
    /// The row of the report that an event belongs to, and [`FOUND`].
    events: HashMap<[u8; 16], u16>,
    deliveries: HashSet<[u8; 16]>,
}

impl Expected {
    /// Remembers up to `max_ids` events and deliveries together.
    pub(super) fn new(max_ids: usize) -> Self {
        Self { max_ids, events: HashMap::new(), deliveries: HashSet::new() }
    }

    /// A delivery of the range.
    pub(super) fn delivery(&mut self, id: &str) -> Result<()> {
        if let Some(id) = number(id) {
            self.deliveries.insert(id);
        }
        self.within()
    }

    /// An event of the range; whether it is a new one.
    pub(super) fn event(&mut self, id: [u8; 16], row: usize) -> Result<bool> {
        let row = u16::try_from(row).unwrap_or(FOUND - 1).min(FOUND - 1);
        let is_new = self.events.insert(id, row).is_none();
        self.within()?;
        Ok(is_new)
    }

    /// Marks an event as found: its row of the report, and whether it was not found before; none where it is not expected.
    pub(super) fn find(&mut self, id: [u8; 16]) -> Option<(usize, bool)> {
        let row = self.events.get_mut(&id)?;
        let found = (usize::from(*row & !FOUND), *row & FOUND == 0);
        *row |= FOUND;
        Some(found)
    }

    /// Whether a delivery is one of the range.
    pub(super) fn has_delivery(&self, id: &str) -> bool {
        number(id).is_some_and(|id| self.deliveries.contains(&id))
    }

    fn within(&self) -> Result<()> {
        let Self { max_ids, events, deliveries } = self;
        if events.len() + deliveries.len() <= *max_ids {
            return Ok(());
        }
        Err(format!(
            "the range has more than {max_ids} events and deliveries together, which is what --max-ids allows; narrow the \
             range, allow more (about 40 bytes each), or give --no-diff"
        )
        .into())
    }
}

/// 32 hex digits as bytes, of an event's id, or with hyphens of a delivery's.
pub(super) fn number(hex: &str) -> Option<[u8; 16]> {
    Uuid::try_parse(hex).ok().map(Uuid::into_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_new_once_and_found_once() {
        let mut expected = Expected::new(10);
        assert!(expected.event([1; 16], 3).unwrap());
        assert!(!expected.event([1; 16], 3).unwrap());
        assert_eq!(expected.find([1; 16]), Some((3, true)));
        assert_eq!(expected.find([1; 16]), Some((3, false)));
        assert_eq!(expected.find([2; 16]), None);
    }

    #[test]
    fn memory_has_a_limit() {
        let mut expected = Expected::new(2);
        expected.delivery("0198a5b0-7c1e-7d2a-9f00-1234567890ab").unwrap();
        assert!(expected.event([1; 16], 0).unwrap());
        let said = expected.event([2; 16], 0).unwrap_err().to_string();
        assert!(said.contains("more than 2 events and deliveries"), "{said}");
    }

    #[test]
    fn ids_are_32_hex_digits() {
        assert_eq!(number("00000000-0000-0000-0000-0000000000ff").map(|id| id[15]), Some(255));
        assert!(number("ff").is_none() && number(&"+".repeat(32)).is_none());
        let expected = Expected::new(2);
        assert!(!expected.has_delivery("delivery"));
    }
}
