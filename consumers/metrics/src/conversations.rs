//! Which conversations wait for an answer, and since when. Pure.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// The open conversations of one partition, which holds all events of each of them.
#[derive(Debug)]
pub(crate) struct Conversations {
    most: usize,
    /// In milliseconds.
    window: u64,
    /// The time of the first message without an answer, in milliseconds since 1970.
    since: HashMap<Arc<str>, u64>,
    oldest: BTreeSet<(u64, Arc<str>)>,
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
        Self { most, window, since: HashMap::new(), oldest: BTreeSet::new() }
    }

    /// A customer wrote at `at`, in milliseconds; only the first message counts until there is an answer.
    pub(crate) fn asked(&mut self, conversation: &str, at: u64) -> GivenUp {
        let mut given_up = GivenUp::default();
        while let Some((since, _)) = self.oldest.first() {
            let is_late = since.saturating_add(self.window) < at;
            let is_full = self.since.len() >= self.most && !self.since.contains_key(conversation);
            if !is_late && !is_full {
                break;
            }
            given_up.window += u64::from(is_late);
            given_up.full += u64::from(!is_late);
            if let Some((_, conversation)) = self.oldest.pop_first() {
                self.since.remove(&conversation);
            }
        }
        if !self.since.contains_key(conversation) {
            let conversation: Arc<str> = Arc::from(conversation);
            self.since.insert(Arc::clone(&conversation), at);
            self.oldest.insert((at, conversation));
        }
        given_up
    }

    /// The account wrote at `at`: how long the customer waited, if one did. What was written before the message is
    /// no answer to it, and what comes after the window is none that counts.
    pub(crate) fn answered(&mut self, conversation: &str, at: u64) -> Option<Duration> {
        let since = *self.since.get(conversation)?;
        let waited = at.checked_sub(since)?;
        if let Some((conversation, _)) = self.since.remove_entry(conversation) {
            self.oldest.remove(&(since, conversation));
        }
        (waited <= self.window).then(|| Duration::from_millis(waited))
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
        assert_eq!(open.answered("a:2", 4_000), None, "of another conversation");
        assert_eq!(open.answered("a:1", 5_500), Some(Duration::from_millis(4_500)));
        assert_eq!(open.answered("a:1", 6_000), None, "the second one answers nothing");
    }

    #[test]
    fn what_was_written_before_the_message_is_no_answer() {
        let mut open = conversations(10);
        open.asked("a:1", 1_000);
        assert_eq!(open.answered("a:1", 999), None);
        assert_eq!(open.answered("a:1", 1_000), Some(Duration::ZERO));
    }

    #[test]
    fn after_the_window_nothing_is_waited_for() {
        let mut open = conversations(10);
        open.asked("a:1", 1_000);
        assert_eq!(open.answered("a:1", 11_001), None);
        open.asked("a:1", 20_000);
        assert_eq!(open.asked("a:2", 30_001), GivenUp { window: 1, full: 0 });
        assert_eq!(open.since.len(), 1);
    }

    #[test]
    fn where_there_is_no_room_the_one_that_waits_longest_is_given_up() {
        let mut open = conversations(2);
        open.asked("a:1", 1_000);
        open.asked("a:2", 2_000);
        assert_eq!(open.asked("a:1", 3_000), NONE, "it is open already");
        assert_eq!(open.asked("a:3", 3_000), GivenUp { window: 0, full: 1 });
        assert_eq!(open.answered("a:1", 3_000), None);
        assert_eq!(open.answered("a:2", 3_000), Some(Duration::from_secs(1)));
        for number in 0..1_000 {
            open.asked(&number.to_string(), 4_000);
        }
        assert_eq!((open.since.len(), open.oldest.len()), (2, 2));
    }
}
