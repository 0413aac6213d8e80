//! Whose the next request is: pure.

use std::collections::BTreeMap;

/// What calls have in common that are sent together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row<K> {
    pub(super) app: K,
    /// Calls of one request, at most.
    pub(super) batch_size: usize,
    /// Whose calls they are, where they go one by one.
    pub(super) alone: Option<K>,
}

/// Who has which requests under way. Of those who wait the app has the next one that has the fewest under way, and of several the
/// one that had none for longest; so have, within an app, the calls of each batch size, and of those that go one by one each
/// account's.
///
/// So a host that is silent takes no more from others than its share: of S silent ones each has one turn, at most, before an app
/// that waits has its own. Whose calls came first does not count: where all are silent that have come first, none is answered.
#[derive(Debug)]
pub(super) struct Turns<K> {
    turns: BTreeMap<Row<K>, Turn>,
    given: u64,
}

/// Less is earlier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    under_way: usize,
    last: u64,
}

impl<K: Clone> Row<K> {
    /// From all of its app to this row alone, which is none of its own where its calls go together.
    fn groups(&self) -> [Option<Self>; 3] {
        let of_size = |batch_size| Some(Self { app: self.app.clone(), batch_size, alone: None });
        [of_size(0), of_size(self.batch_size), self.alone.is_some().then(|| self.clone())]
    }
}

impl<K: Clone + Ord> Turns<K> {
    pub(super) const fn new() -> Self {
        Self { turns: BTreeMap::new(), given: 0 }
    }

    /// When it is the row's turn.
    pub(super) fn of(&self, row: &Row<K>) -> [Turn; 3] {
        row.groups().map(|group| group.and_then(|group| self.turns.get(&group).copied()).unwrap_or_default())
    }

    /// A request of the row is made.
    pub(super) fn begin(&mut self, row: &Row<K>) {
        self.given += 1;
        for group in row.groups().into_iter().flatten() {
            let turn = self.turns.entry(group).or_default();
            *turn = Turn { under_way: turn.under_way + 1, last: self.given };
        }
    }

    /// A request of the row has ended. Who had the last turn is remembered: there are as many as apps and accounts.
    pub(super) fn end(&mut self, row: &Row<K>) {
        for group in row.groups().into_iter().flatten() {
            if let Some(turn) = self.turns.get_mut(&group) {
                turn.under_way -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests;
