//! What is known of commands from the results topic: pure.
//!
//! The topic is the only memory. An attempt belongs to whoever's intent comes first in it, so that two processes that
//! both believe to own a partition carry a command out once: each reads the topic back before it acts.
//!
//! A command is known by its account and its id, which together are its name: writers of different accounts share no ids.

use schemas::reply::{CommandResult, Open, ResultStatus};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// What is known of one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CommandState {
    /// Nothing: nobody intended it.
    New,
    /// Somebody intends it, or did.
    Intended {
        /// Which attempt.
        attempt: u32,
        /// Partition and offset of the command's record.
        position: (i32, i64),
    },
    /// It has a result.
    Ended,
}

/// Names by the time of a record in milliseconds, the oldest first, in whatever order they came: partitions that are read back have an
/// order each, and none between them.
type OldestFirst = BinaryHeap<Reverse<(u64, Arc<str>)>>;

/// What is known of all commands of late.
#[derive(Debug)]
pub(crate) struct Ledger {
    known: HashMap<Arc<str>, Entry>,
    /// Commands with an intent, by the time of the intent.
    intended: OldestFirst,
    /// Those that were refused before anybody intended them, by the time of the result; they make room for others.
    refused: OldestFirst,
    window: Duration,
    most: usize,
}

#[derive(Debug)]
struct Entry {
    attempt: u32,
    /// None where nobody intended it.
    claim: Option<Arc<str>>,
    position: (i32, i64),
    ended: bool,
}

impl Ledger {
    /// Remembers commands for `window` at least, and is full with `most` that somebody intended.
    pub(crate) fn new(window: Duration, most: usize) -> Self {
        let (known, intended, refused) = (HashMap::new(), OldestFirst::new(), OldestFirst::new());
        Self { known, intended, refused, window, most }
    }

    /// Records a result that stands in the topic, in the order of its partition: `at` is the time of its record,
    /// `now` that of the clock, both in milliseconds since 1970.
    pub(crate) fn record(&mut self, result: &CommandResult<'_>, at: u64, now: u64) {
        self.forget(now);
        let (at, name) = (at.min(now), name(&result.account, &result.id).into());
        match result.status {
            Open::Known(ResultStatus::Intended) => self.intended(name, result, at),
            Open::Known(_) => self.ended(name, result, at),
            // A step between intent and end that comes later changes neither.
            Open::Other(_) => {}
        }
    }

    /// What is known of a command of this [`name`].
    pub(crate) fn state(&self, name: &str) -> CommandState {
        match self.known.get(name) {
            None => CommandState::New,
            Some(entry) if entry.ended => CommandState::Ended,
            Some(Entry { attempt, position, .. }) => {
                CommandState::Intended { attempt: *attempt, position: *position }
            }
        }
    }

    /// Whether what is known of the command of this [`name`] is about the record at this position, and not another one's.
    pub(crate) fn is_of(&self, name: &str, position: (i32, i64)) -> bool {
        self.known.get(name).is_some_and(|entry| entry.position == position)
    }

    /// Whose the attempt is, once anybody's intent was read; nobody's where the command was refused before.
    pub(crate) fn owner(&self, name: &str, attempt: u32) -> Option<Arc<str>> {
        let entry = self.known.get(name).filter(|entry| entry.attempt >= attempt)?;
        Some(entry.claim.clone().unwrap_or_default())
    }

    /// How many commands are remembered.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether no more commands can be remembered, so that none may be begun.
    pub(crate) fn is_full(&self) -> bool {
        self.intended.len() >= self.most
    }

    fn intended(&mut self, name: Arc<str>, result: &CommandResult<'_>, at: u64) {
        let known = self.known.get(&name);
        if known.is_none_or(|entry| result.attempt > entry.attempt) {
            let is_new = known.is_none_or(|entry| entry.claim.is_none());
            let claim = Arc::from(result.claim.as_deref().unwrap_or_default());
            self.put(&name, result, Some(claim), false);
            if is_new {
                self.intended.push(Reverse((at, name)));
                self.make_room();
            }
        }
    }

    fn ended(&mut self, name: Arc<str>, result: &CommandResult<'_>, at: u64) {
        match self.known.get_mut(&name) {
            Some(entry) if entry.attempt == result.attempt && entry.position == position(result) => {
                entry.ended = true;
            }
            // Of a former attempt, or of another record of the same name, which says nothing of this one.
            Some(_) => {}
            // What was refused before anybody intended it.
            None => {
                self.put(&name, result, None, true);
                self.refused.push(Reverse((at, name)));
                self.make_room();
            }
        }
    }

    fn put(&mut self, name: &Arc<str>, result: &CommandResult<'_>, claim: Option<Arc<str>>, ended: bool) {
        let entry = Entry { attempt: result.attempt, claim, position: position(result), ended };
        self.known.insert(Arc::clone(name), entry);
    }

    /// What was never intended was not carried out, and can be forgotten first.
    fn make_room(&mut self) {
        while self.known.len() > self.most && self.forget_refused() {}
    }

    /// Forgets the oldest that was refused; false where there is none.
    fn forget_refused(&mut self) -> bool {
        let Some(Reverse((_, name))) = self.refused.pop() else { return false };
        if self.known.get(&name).is_some_and(|entry| entry.claim.is_none()) {
            self.known.remove(&name);
        }
        true
    }

    /// Forgets what is older than the window, as seen from `now`, in milliseconds since 1970.
    pub(crate) fn forget(&mut self, now: u64) {
        let window = u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX);
        let is_old = |(at, _): &(u64, Arc<str>)| at.saturating_add(window) < now;
        let has_old = |names: &OldestFirst| names.peek().is_some_and(|Reverse(oldest)| is_old(oldest));
        while has_old(&self.intended) {
            if let Some(Reverse((_, name))) = self.intended.pop() {
                self.known.remove(&name);
            }
        }
        while has_old(&self.refused) {
            self.forget_refused();
        }
    }
}

/// By what a command is known; neither part has a slash. Of what names no account that can be read it is that of no account.
pub(crate) fn name(account: &str, id: &str) -> String {
    format!("{account}/{id}")
}

/// Partition and offset of the command's record.
fn position(result: &CommandResult<'_>) -> (i32, i64) {
    (result.partition, result.offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::reply::Action;

    const WINDOW: Duration = Duration::from_secs(100);

    fn result(id: &str, status: ResultStatus, attempt: u32, claim: &str) -> CommandResult<'static> {
        CommandResult {
            id: id.to_owned().into(),
            account: "1784".into(),
            action: Action::Message.into(),
            status: status.into(),
            at: "2025-07-18T10:35:13.000Z".into(),
            attempt,
            claim: (!claim.is_empty()).then(|| claim.to_owned().into()),
            answer: None,
            reason: None,
            error: None,
            partition: 3,
            offset: 42,
        }
    }

    fn ledger(results: &[(ResultStatus, u32, &str)]) -> Ledger {
        let mut ledger = Ledger::new(WINDOW, 3);
        for (status, attempt, claim) in results {
            ledger.record(&result("a", *status, *attempt, claim), 0, 0);
        }
        ledger
    }

    use ResultStatus::{Done, Intended, Refused, Unknown};

    #[test]
    fn the_first_intent_of_an_attempt_owns_it() {
        let ledger = ledger(&[(Intended, 1, "one"), (Intended, 1, "two")]);
        assert_eq!(ledger.owner("1784/a", 1).as_deref(), Some("one"));
        let position = (3, 42);
        assert_eq!(ledger.state("1784/a"), CommandState::Intended { attempt: 1, position });
        assert_eq!((ledger.owner("1784/a", 2), ledger.owner("1784/b", 1)), (None, None));
    }

    #[test]
    fn a_result_ends_the_attempt_that_it_is_about() {
        for status in [Done, Refused, Unknown] {
            assert_eq!(ledger(&[(Intended, 1, "one"), (status, 1, "")]).state("1784/a"), CommandState::Ended);
        }
        let again = ledger(&[(Intended, 1, "one"), (Intended, 2, "two"), (Unknown, 1, "")]);
        assert!(matches!(again.state("1784/a"), CommandState::Intended { attempt: 2, .. }));
        assert_eq!(ledger(&[(Refused, 1, "")]).state("1784/a"), CommandState::Ended);
    }

    #[test]
    fn an_end_is_not_undone_by_a_late_intent() {
        let ledger = ledger(&[(Intended, 1, "one"), (Done, 1, ""), (Intended, 1, "two")]);
        assert_eq!(ledger.state("1784/a"), CommandState::Ended);
        assert_eq!(ledger.owner("1784/a", 1).as_deref(), Some("one"));
    }

    #[test]
    fn what_became_of_another_record_of_the_same_id_ends_nothing() {
        let mut ledger = ledger(&[(Intended, 1, "one")]);
        ledger.record(&CommandResult { partition: 4, ..result("a", Refused, 1, "") }, 0, 0);
        assert_eq!(ledger.state("1784/a"), CommandState::Intended { attempt: 1, position: (3, 42) });
    }

    #[test]
    fn what_is_older_than_the_window_is_forgotten_and_nothing_younger_is() {
        let mut ledger = Ledger::new(WINDOW, 2);
        for (id, at) in [("a", 0), ("b", 100_000)] {
            ledger.record(&result(id, Intended, 1, "one"), at, at);
            ledger.record(&result(id, Done, 1, ""), at, at);
        }
        assert_eq!(ledger.state("1784/a"), CommandState::Ended);
        assert!(ledger.is_full());
        ledger.record(&result("c", Refused, 1, ""), 999_999, 100_001);
        let states = ["1784/a", "1784/b"].map(|name| ledger.state(name));
        assert_eq!(states, [CommandState::New, CommandState::Ended]);
        assert!(!ledger.is_full() && ledger.len() == 2);
        ledger.record(&result("d", Intended, 1, "one"), 100_002, 100_002);
        assert!(ledger.is_full());
        ledger.forget(200_001);
        assert!(!ledger.is_full(), "time alone makes room");
        ledger.forget(300_000);
        assert_eq!(ledger.len(), 0);
    }

    #[test]
    fn what_is_read_back_behind_younger_ones_is_forgotten_at_its_age() {
        let now = 100_000;
        let mut ledger = Ledger::new(WINDOW, 4);
        for (id, at) in [("young", now), ("old", 0)] {
            ledger.record(&result(id, Intended, 1, "one"), at, now);
        }
        for (id, at) in [("young and refused", now), ("old and refused", 0)] {
            ledger.record(&result(id, Refused, 1, ""), at, now);
        }
        ledger.forget(now + 1);
        for id in ["old", "old and refused"] {
            assert_eq!(ledger.state(&name("1784", id)), CommandState::New, "{id}");
        }
        assert_eq!(ledger.len(), 2);
    }

    #[test]
    fn refused_commands_make_room_and_never_fill_it() {
        let mut ledger = Ledger::new(WINDOW, 3);
        ledger.record(&result("a", Intended, 1, "one"), 0, 0);
        for id in ["b", "c", "d"] {
            ledger.record(&result(id, Refused, 1, ""), 0, 0);
        }
        assert!(!ledger.is_full() && ledger.len() == 3);
        let states = ["b", "c", "d"].map(|id| ledger.state(&name("1784", id)));
        assert_eq!(states, [CommandState::New, CommandState::Ended, CommandState::Ended]);
        // Refused after it was intended: Meta was asked, so that it is remembered.
        for id in ["e", "f"] {
            ledger.record(&result(id, Intended, 1, "one"), 0, 0);
            ledger.record(&result(id, Refused, 1, ""), 0, 0);
        }
        assert!(ledger.is_full() && ledger.len() == 3);
        assert_eq!(ledger.state("1784/e"), CommandState::Ended);
    }
}
