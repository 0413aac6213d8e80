//! What is known of commands from the results topic: pure.
//!
//! The topic is the only memory. An attempt belongs to whoever's intent comes first in it, so that two processes that
//! both believe to own a partition carry a command out once: each reads the topic back before it acts. Whose intent it was may give the
//! attempt back, before a call or behind one that did nothing; from then on it makes none under that claim, and the next claim owns it.
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
        /// Whose the attempt is; nobody's where it was given back.
        claim: Option<Arc<str>>,
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
    owner: Owner,
    position: (i32, i64),
    ended: bool,
}

/// Whose an attempt is.
#[derive(Debug, PartialEq, Eq)]
enum Owner {
    /// Nobody intended it.
    Nobody,
    /// The first who intended it.
    Claim(Arc<str>),
    /// Who did gave it back, and whoever intends it next has it.
    GivenBack,
}

impl Owner {
    fn claim(&self) -> Option<&Arc<str>> {
        if let Self::Claim(claim) = self { Some(claim) } else { None }
    }
}

/// What stands before a claim in the record that gives it back: who reads it without knowing that takes it for an intent that came late.
const GIVEN_BACK: &str = "given_back:";

/// The claim of a record that gives this one back. It names it, so that one which comes late gives no later claim back.
pub(crate) fn given_back(claim: &str) -> String {
    format!("{GIVEN_BACK}{claim}")
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
        let (at, name) = (at.min(now), Arc::<str>::from(name(&result.account, &result.id)));
        match result.status {
            Open::Known(ResultStatus::Intended) => {
                let claim = result.claim.as_deref().unwrap_or_default();
                match claim.strip_prefix(GIVEN_BACK) {
                    Some(claim) => self.give_back(&name, result.attempt, claim),
                    None => self.intended(name, result, claim, at),
                }
            }
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
            Some(Entry { attempt, position, owner, .. }) => CommandState::Intended {
                attempt: *attempt,
                position: *position,
                claim: owner.claim().cloned(),
            },
        }
    }

    /// Whether what is known of the command of this [`name`] is about the record at this position, and not another one's.
    pub(crate) fn is_of(&self, name: &str, position: (i32, i64)) -> bool {
        self.known.get(name).is_some_and(|entry| entry.position == position)
    }

    /// Whose the attempt is, once anybody's intent was read and while it is not given back; nobody's where the command was refused before.
    pub(crate) fn owner(&self, name: &str, attempt: u32) -> Option<Arc<str>> {
        let entry = self.known.get(name).filter(|entry| entry.attempt >= attempt)?;
        let is_free = entry.owner == Owner::GivenBack && entry.attempt == attempt && !entry.ended;
        (!is_free).then(|| entry.owner.claim().cloned().unwrap_or_default())
    }

    /// Whether the attempt is this claim's, and under way.
    pub(crate) fn is_owned_by(&self, name: &str, attempt: u32, claim: &str) -> bool {
        let is_it = |entry: &Entry| entry.owner.claim().is_some_and(|owner| **owner == *claim);
        self.known.get(name).is_some_and(|entry| entry.attempt == attempt && !entry.ended && is_it(entry))
    }

    /// How many commands are remembered.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether no more commands can be remembered, so that none may be begun.
    pub(crate) fn is_full(&self) -> bool {
        self.intended.len() >= self.most
    }

    fn intended(&mut self, name: Arc<str>, result: &CommandResult<'_>, claim: &str, at: u64) {
        let known = self.known.get(&name);
        let is_free = |entry: &Entry| {
            let is_given_back = entry.owner == Owner::GivenBack && !entry.ended;
            result.attempt > entry.attempt || (result.attempt == entry.attempt && is_given_back)
        };
        if known.is_none_or(is_free) {
            let is_new = known.is_none_or(|entry| entry.owner == Owner::Nobody);
            self.put(&name, result, Owner::Claim(Arc::from(claim)), false);
            if is_new {
                self.intended.push(Reverse((at, name)));
                self.make_room();
            }
        }
    }

    /// An attempt is nobody's any more, where it was this claim's.
    fn give_back(&mut self, name: &str, attempt: u32, claim: &str) {
        if self.is_owned_by(name, attempt, claim)
            && let Some(entry) = self.known.get_mut(name)
        {
            entry.owner = Owner::GivenBack;
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
                self.put(&name, result, Owner::Nobody, true);
                self.refused.push(Reverse((at, name)));
                self.make_room();
            }
        }
    }

    fn put(&mut self, name: &Arc<str>, result: &CommandResult<'_>, owner: Owner, ended: bool) {
        let entry = Entry { attempt: result.attempt, owner, position: position(result), ended };
        self.known.insert(Arc::clone(name), entry);
    }

    /// What was never intended was not carried out, and can be forgotten first.
    fn make_room(&mut self) {
        while self.known.len() > self.most && self.forget_refused() {}
    }

    /// Forgets the oldest that was refused; false where there is none.
    fn forget_refused(&mut self) -> bool {
        let Some(Reverse((_, name))) = self.refused.pop() else { return false };
        if self.known.get(&name).is_some_and(|entry| entry.owner == Owner::Nobody) {
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
mod tests;
