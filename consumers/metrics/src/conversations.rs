//! Which conversations wait for an answer, and since when. Pure.

use runtime::consumer::ByHash;
use std::collections::{BTreeSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// The open conversations of one partition, which holds all events of each of them.
///
/// A hash of a conversation's key is enough for a count.
#[derive(Debug)]
pub(crate) struct Conversations {
    most: usize,
    /// In milliseconds.
    window: u64,
    hashes: RandomState,
    /// The time of the first message without an answer, in milliseconds since 1970.
    since: ByHash<u64, u64>,
    /// By that time.
    oldest: BTreeSet<(u64, u64)>,
    answers: Answers,
}

/// When the account wrote last, in as many conversations: Meta promises no order, so an answer may come before its message.
#[derive(Debug, Default)]
struct Answers {
    latest: ByHash<u64, u64>,
    /// The one that was noted first is forgotten first.
    order: VecDeque<u64>,
}

/// How many conversations were given up, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct GivenUp {
    /// No answer came in time.
    pub(crate) window: u64,
    /// There was no room for more.
    pub(crate) full: u64,
}

impl Conversations {
    /// Waits for an answer in up to `most` conversations, for as long as `window`.
    pub(crate) fn new(most: usize, window: Duration) -> Self {
        let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        Self {
            most,
            window,
            hashes: RandomState::new(),
            since: ByHash::default(),
            oldest: BTreeSet::new(),
            answers: Answers::default(),
        }
    }

    /// A customer wrote at `at`, in milliseconds; only the first message counts until there is an answer. One whose
    /// answer came before it waits for none; how long it waited is not known, as the account may have written more than once.
    pub(crate) fn asked(&mut self, conversation: &str, at: u64) -> GivenUp {
        let window = self.give_up_late(at);
        let conversation = self.hashes.hash_one(conversation);
        let is_answered = self.answers.latest.get(&conversation).is_some_and(|latest| *latest >= at);
        if is_answered || self.since.contains_key(&conversation) {
            return GivenUp { window, full: 0 };
        }
        let full = u64::from(self.since.len() >= self.most && self.give_up_oldest());
        self.since.insert(conversation, at);
        self.oldest.insert((at, conversation));
        GivenUp { window, full }
    }

    /// The account wrote at `at`: how long the customer waited, if one did. What was written before the message is
    /// no answer to it, and what comes after the window is none that counts: it is given up, as all that wait so long.
    pub(crate) fn answered(&mut self, conversation: &str, at: u64) -> (GivenUp, Option<Duration>) {
        let given_up = GivenUp { window: self.give_up_late(at), full: 0 };
        (given_up, self.waited(conversation, at))
    }

    fn waited(&mut self, conversation: &str, at: u64) -> Option<Duration> {
        let conversation = self.hashes.hash_one(conversation);
        self.answers.note(conversation, at, self.most);
        let since = *self.since.get(&conversation)?;
        let waited = at.checked_sub(since)?;
        self.since.remove(&conversation);
        self.oldest.remove(&(since, conversation));
        Some(Duration::from_millis(waited))
    }

    /// Gives up those whose window is over at `at`: how many.
    fn give_up_late(&mut self, at: u64) -> u64 {
        let mut late = 0;
        while self.oldest.first().is_some_and(|(since, _)| since.saturating_add(self.window) < at) {
            late += u64::from(self.give_up_oldest());
        }
        late
    }

    /// Gives up the one that waits longest, if any does.
    fn give_up_oldest(&mut self) -> bool {
        let oldest = self.oldest.pop_first();
        oldest.is_some_and(|(_, conversation)| self.since.remove(&conversation).is_some())
    }
}

impl Answers {
    fn note(&mut self, conversation: u64, at: u64, most: usize) {
        if let Some(latest) = self.latest.get_mut(&conversation) {
            *latest = at.max(*latest);
            return;
        }
        if self.order.len() >= most
            && let Some(first) = self.order.pop_front()
        {
            self.latest.remove(&first);
        }
        self.latest.insert(conversation, at);
        self.order.push_back(conversation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: GivenUp = GivenUp { window: 0, full: 0 };

    fn conversations(most: usize) -> Conversations {
        Conversations::new(most, Duration::from_secs(10))
    }

    #[test]
    fn the_first_answer_to_the_first_message_counts() {
        let mut open = conversations(10);
        assert_eq!(open.asked("a:1", 1_000), NONE);
        assert_eq!(open.asked("a:1", 3_000), NONE);
        assert_eq!(open.answered("a:2", 4_000), (NONE, None), "of another conversation");
        assert_eq!(open.answered("a:1", 5_500), (NONE, Some(Duration::from_millis(4_500))));
        assert_eq!(open.answered("a:1", 6_000), (NONE, None), "the second one answers nothing");
    }

    #[test]
    fn what_was_written_before_the_message_is_no_answer() {
        let mut open = conversations(10);
        open.asked("a:1", 1_000);
        assert_eq!(open.answered("a:1", 999), (NONE, None));
        assert_eq!(open.answered("a:1", 1_000), (NONE, Some(Duration::ZERO)));
    }

    #[test]
    fn a_message_that_comes_behind_its_answer_waits_for_none() {
        let mut open = conversations(10);
        assert_eq!(open.answered("a:1", 1_000), (NONE, None));
        open.asked("a:1", 990);
        assert_eq!(open.answered("a:1", 2_000), (NONE, None), "it was answered at 1,000");
        open.asked("a:1", 2_500);
        assert_eq!(open.answered("a:1", 2_600), (NONE, Some(Duration::from_millis(100))));
        open.asked("a:1", 2_400);
        assert_eq!(open.answered("a:1", 3_000), (NONE, None), "the answer of 2,600 was to this one too");
    }

    #[test]
    fn of_no_more_conversations_than_the_limit_is_known_when_the_account_wrote() {
        let mut open = conversations(10);
        for number in 0..1_000 {
            open.answered(&number.to_string(), 1_000);
        }
        assert_eq!((open.answers.latest.len(), open.answers.order.len()), (10, 10));
    }

    #[test]
    fn after_the_window_nothing_is_waited_for() {
        let mut open = conversations(10);
        let late = GivenUp { window: 1, full: 0 };
        open.asked("a:1", 1_000);
        assert_eq!(open.answered("a:1", 11_001), (late, None));
        open.asked("a:1", 20_000);
        assert_eq!(open.asked("a:2", 30_001), late);
        assert_eq!((open.since.len(), open.oldest.len()), (1, 1));
        assert_eq!(open.answered("a:2", 40_001), (NONE, Some(Duration::from_secs(10))), "the last moment");
    }

    #[test]
    fn where_there_is_no_room_the_one_that_waits_longest_is_given_up() {
        let mut open = conversations(2);
        open.asked("a:1", 1_000);
        open.asked("a:2", 2_000);
        assert_eq!(open.asked("a:1", 3_000), NONE, "it is open already");
        assert_eq!(open.asked("a:3", 3_000), GivenUp { window: 0, full: 1 });
        assert_eq!(open.answered("a:1", 3_000), (NONE, None));
        assert_eq!(open.answered("a:2", 3_000), (NONE, Some(Duration::from_secs(1))));
        for number in 0..1_000 {
            open.asked(&number.to_string(), 4_000);
        }
        assert_eq!((open.since.len(), open.oldest.len()), (2, 2));
    }
}
