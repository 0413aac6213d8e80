//! What became of the dead letters, or would: counted for people, one by one for programs.

use super::dead_letter::DeadLetter;
use super::decision::Decision;
use crate::screen::{Cell, Screen, Table, Tone};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;

/// A dead letter and the decision on it, as a JSON object.
#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    #[serde(flatten)]
    dead_letter: &'a DeadLetter,
    /// `back`, `published`, `before`, `duplicate` or `stays`.
    fate: &'static str,
    /// The topic that it goes back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    /// Why it stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    /// Whether it was done, or only would be.
    applied: bool,
}

impl<'a> Line<'a> {
    pub(super) fn of(dead_letter: &'a DeadLetter, decision: &'a Decision, applied: bool) -> Self {
        let (word, to, why) = match decision {
            Decision::Redrive(topic) => ("back", Some(topic.as_str()), None),
            Decision::Publish => ("published", None, None),
            Decision::AlreadyRedriven => ("before", None, None),
            Decision::Duplicate => ("duplicate", None, None),
            Decision::Keep(why) => ("stays", None, Some(why.as_str())),
        };
        let does = matches!(decision, Decision::Redrive(_) | Decision::Publish);
        Self { dead_letter, fate: word, to, why, applied: applied && does }
    }
}

/// How many dead letters of a topic and a reason there are by what was decided.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: BTreeMap<(String, Decision, String), u64>,
    pub(super) sums: Sums,
}

/// The sums over all topics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Sums {
    /// Dead letters that were put back, or would be.
    pub(super) back: u64,
    /// Events of bodies that were published, or would be.
    pub(super) events: u64,
    /// Dead letters that were put back before.
    pub(super) before: u64,
    /// Dead letters of a record that goes back once for all consumers that gave it up.
    pub(super) duplicates: u64,
    /// Dead letters that stay.
    pub(super) stays: u64,
    /// Dead letters beyond --limit.
    pub(super) left: u64,
}

impl Tally {
    /// Counts a dead letter, and the events of its body.
    pub(super) fn add(&mut self, dead_letter: &DeadLetter, decision: &Decision, events: usize) {
        match decision {
            Decision::Redrive(_) | Decision::Publish => self.sums.back += 1,
            Decision::AlreadyRedriven => self.sums.before += 1,
            Decision::Duplicate => self.sums.duplicates += 1,
            Decision::Keep(_) => self.sums.stays += 1,
        }
        self.sums.events += events as u64;
        let key = (dead_letter.position.topic.clone(), decision.clone(), dead_letter.reason.clone());
        *self.counts.entry(key).or_default() += 1;
    }

    /// Prints the counts, topic by topic.
    pub(super) fn print(&self, applied: bool, screen: &mut Screen) -> io::Result<()> {
        let (mut table, mut last) = (Table::default(), None);
        for ((topic, decision, reason), count) in &self.counts {
            if last.replace(topic) != Some(topic) {
                table.text(Tone::Strong, topic.as_str());
            }
            table.row(row(decision, reason, *count, applied));
        }
        table.print(screen)
    }
}

fn row(decision: &Decision, reason: &str, count: u64, applied: bool) -> [Cell; 4] {
    let would = if applied { "" } else { "would " };
    let (mark, tone, text) = match decision {
        Decision::Redrive(topic) => ("+", Tone::Good, format!("{would}go back to {topic}")),
        Decision::Publish => ("+", Tone::Good, format!("{would}give events; can be read by now")),
        Decision::AlreadyRedriven => ("=", Tone::Faint, "put back before".to_owned()),
        Decision::Duplicate => {
            ("=", Tone::Faint, format!("{would}go back once, with another's of the same record"))
        }
        Decision::Keep(why) => ("!", Tone::Warn, format!("stay: {why}")),
    };
    [Cell::new(tone, mark), format!("{count:>5}").into(), reason.into(), Cell::new(tone, text)]
}

#[cfg(test)]
mod tests {
    use super::super::dead_letter::tests::record;
    use super::*;

    #[test]
    fn dead_letters_are_counted_by_topic_fate_and_reason() {
        let dead_letter = DeadLetter::of(&record(Some("meta.comments.v1"), 5));
        let mut tally = Tally::default();
        tally.add(&dead_letter, &Decision::Redrive("meta.comments.v1".to_owned()), 0);
        tally.add(&dead_letter, &Decision::Redrive("meta.comments.v1".to_owned()), 0);
        tally.add(&dead_letter, &Decision::Keep("tried too often".to_owned()), 0);
        tally.add(&dead_letter, &Decision::Publish, 3);
        assert_eq!(tally.counts.values().copied().collect::<Vec<_>>(), [2, 1, 1]);
        assert_eq!(tally.sums, Sums { back: 3, events: 3, before: 0, duplicates: 0, stays: 1, left: 0 });
    }

    #[test]
    fn a_line_says_what_was_done_and_not_what_only_would_be() {
        let dead_letter = DeadLetter::of(&record(Some("meta.comments.v1"), 5));
        let json = |decision: &Decision, applied| {
            serde_json::to_value(Line::of(&dead_letter, decision, applied)).unwrap()
        };
        let back = Decision::Redrive("meta.comments.v1".to_owned());
        assert_eq!(json(&back, true)["applied"], true);
        assert_eq!(json(&back, false)["applied"], false);
        assert_eq!(json(&back, true)["to"], "meta.comments.v1");
        let stays = json(&Decision::Keep("nothing says where it came from".to_owned()), true);
        assert_eq!((&stays["applied"], &stays["fate"]), (&false.into(), &"stays".into()));
        assert_eq!(stays["why"], "nothing says where it came from");
    }
}
