//! Which delivery is to blame for panics of the drain: one that is stored without having been split may be the first to meet
//! what is wrong with it there, and must not hold up those behind it.

use super::super::database::{RowKey, StoredRow};

/// The panics over one delivery.
#[derive(Debug, Default)]
pub(super) struct Panics {
    /// What is being split and published.
    at: Option<RowKey>,
    /// That over which the last panic was, and whether it was over the same twice.
    last: Option<RowKey>,
    is_blamed: bool,
}

impl Panics {
    pub(super) fn at(&mut self, stored: &StoredRow) {
        self.at = Some(stored.key());
    }

    /// All of the round were published.
    pub(super) fn passed(&mut self) {
        self.at = None;
    }

    pub(super) fn happened(&mut self) {
        let at = self.at.take();
        self.is_blamed = at.is_some() && at == self.last;
        self.last = at;
    }

    /// Whether the drain panicked over it twice in a row.
    pub(super) fn is_blamed(&self, stored: &StoredRow) -> bool {
        self.is_blamed && self.last.as_ref() == Some(&stored.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::sample;

    #[test]
    fn a_delivery_is_blamed_for_the_second_panic_in_a_row_and_nothing_else() {
        let text = include_bytes!("../../../../schemas/fixtures/message/text.json");
        let [one, other] = [1, 2].map(|seq| StoredRow { seq, row: sample(text).to_row(), parked: None });
        let mut panics = Panics::default();
        let mut panic_at = |stored: Option<&StoredRow>| {
            if let Some(stored) = stored {
                panics.at(stored);
            }
            panics.happened();
            [&one, &other].map(|stored| panics.is_blamed(stored))
        };
        assert_eq!(panic_at(Some(&one)), [false, false]);
        assert_eq!(panic_at(Some(&other)), [false, false]);
        assert_eq!(panic_at(Some(&one)), [false, false]);
        assert_eq!(panic_at(Some(&one)), [true, false]);
        assert_eq!(panic_at(None), [false, false]);
    }
}
