//! Remembers the events that a partition brought lately, to publish each once: for `--dedupe-window`, and at most `--dedupe-events`.

use runtime::consumer::ByHash;
use schemas::EventId;
use std::collections::VecDeque;

/// Stands for the offset of a record that is not known, of an event that was found in the output.
const PUBLISHED: i64 = -1;

/// How much is remembered of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// For how many seconds an event is remembered.
    pub window: u64,
    /// How many events are remembered at most; the one that came first is forgotten first.
    pub most: usize,
}

/// The latest events of one partition, as far as the bounds go.
#[derive(Clone, Debug)]
pub struct RecentEvents {
    bounds: Bounds,
    /// By event, the offset of the record that brought it first.
    offsets: ByHash<EventId, i64>,
    /// With the second at which each came.
    order: VecDeque<(EventId, u64)>,
    forgotten_early: u64,
}

/// What is known of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// No other record brought it lately.
    New,
    /// Another record of this partition brought it, whose output is published or on its way, or is a dead letter.
    Again,
    /// It was found in the output.
    Published,
}

impl RecentEvents {
    /// Remembers nothing yet; takes memory only as events come.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, offsets: ByHash::default(), order: VecDeque::new(), forgotten_early: 0 }
    }

    /// Looks the event `id` of the record at `offset` up, and remembers it where it is new; `now` is in seconds.
    ///
    /// The same record may come again before it is done, and is no duplicate of itself.
    pub fn note(&mut self, id: EventId, offset: i64, now: u64) -> Seen {
        match self.offsets.get(&id) {
            Some(&PUBLISHED) => Seen::Published,
            Some(first) if *first != offset => Seen::Again,
            Some(_) => Seen::New,
            None => {
                self.remember(id, offset, now, now);
                Seen::New
            }
        }
    }

    /// Remembers an event that was found in the output, published in the second `at`.
    pub fn found(&mut self, id: EventId, at: u64, now: u64) {
        let is_old = at.saturating_add(self.bounds.window) < now;
        if !is_old && !self.offsets.contains_key(&id) {
            self.remember(id, PUBLISHED, at, now);
        }
    }

    /// How many events were forgotten before their time since this was last asked, as there was no room for them.
    pub fn take_forgotten_early(&mut self) -> u64 {
        std::mem::take(&mut self.forgotten_early)
    }

    fn remember(&mut self, event: EventId, offset: i64, at: u64, now: u64) {
        while let Some((_, came)) = self.order.front() {
            let is_old = came.saturating_add(self.bounds.window) < now;
            if !is_old && self.order.len() < self.bounds.most {
                break;
            }
            self.forgotten_early += u64::from(!is_old);
            if let Some((oldest, _)) = self.order.pop_front() {
                self.offsets.remove(&oldest);
            }
        }
        self.offsets.insert(event, offset);
        self.order.push_back((event, at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> EventId {
        EventId(number.to_be_bytes())
    }

    fn up_to(most: usize) -> RecentEvents {
        RecentEvents::new(Bounds { window: 100, most })
    }

    #[test]
    fn an_event_of_another_record_is_new_only_once() {
        let mut recent = up_to(10);
        assert_eq!(recent.note(id(1), 100, 0), Seen::New);
        assert_eq!(recent.note(id(1 << 64), 101, 0), Seen::New);
        assert_eq!(recent.note(id(1), 102, 0), Seen::Again);
        assert_eq!(recent.note(id(1 << 64), 103, 0), Seen::Again);
    }

    #[test]
    fn a_record_is_no_duplicate_of_itself() {
        let mut recent = up_to(10);
        assert_eq!(recent.note(id(1), 100, 0), Seen::New);
        assert_eq!(recent.note(id(1), 100, 0), Seen::New);
    }

    #[test]
    fn what_the_output_holds_is_published_whichever_record_brings_it() {
        let mut recent = up_to(10);
        recent.found(id(1), 50, 60);
        recent.found(id(1), 55, 60);
        assert_eq!(recent.note(id(1), 0, 60), Seen::Published);
        assert_eq!((recent.offsets.len(), recent.order.len()), (1, 1));
    }

    #[test]
    fn an_event_is_forgotten_after_the_window() {
        let mut recent = up_to(10);
        recent.found(id(1), 50, 151);
        assert_eq!(recent.note(id(1), 100, 151), Seen::New, "it was too old when it was found");
        assert_eq!(recent.note(id(2), 101, 251), Seen::New);
        assert_eq!(recent.note(id(1), 102, 251), Seen::Again, "100 seconds are within the window");
        assert_eq!(recent.note(id(3), 103, 252), Seen::New);
        assert_eq!(recent.note(id(1), 104, 252), Seen::New);
        assert_eq!(recent.take_forgotten_early(), 0);
    }

    #[test]
    fn without_room_the_oldest_event_is_forgotten_and_counted() {
        let mut recent = up_to(2);
        assert_eq!(recent.note(id(1), 100, 0), Seen::New);
        assert_eq!(recent.note(id(2), 101, 0), Seen::New);
        assert_eq!(recent.note(id(1), 102, 0), Seen::Again);
        assert_eq!(recent.take_forgotten_early(), 0);
        assert_eq!(recent.note(id(3), 103, 0), Seen::New);
        assert_eq!(recent.note(id(2), 104, 0), Seen::Again, "the second is still remembered");
        assert_eq!(recent.note(id(1), 105, 0), Seen::New, "the first is forgotten, though it was seen again");
        assert_eq!(recent.take_forgotten_early(), 2);
        assert_eq!(recent.take_forgotten_early(), 0);
    }

    #[test]
    fn no_more_is_remembered_than_the_limit() {
        let mut recent = up_to(100);
        for number in 0..10_000 {
            assert_eq!(recent.note(id(number), 0, 0), Seen::New);
        }
        assert_eq!((recent.offsets.len(), recent.order.len()), (100, 100));
    }
}
