//! Names many partitions in one short line.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// `in 0-2 5, out 7`: each topic with its partitions, those in a row as a span.
pub(super) fn spans<'a>(partitions: impl Iterator<Item = (&'a str, i32)>) -> String {
    let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for (topic, partition) in partitions {
        topics.entry(topic).or_default().push(partition);
    }
    let mut line = String::new();
    for (topic, mut numbers) in topics {
        numbers.sort_unstable();
        line.push_str(if line.is_empty() { "" } else { ", " });
        line.push_str(topic);
        for row in numbers.chunk_by(|one, next| one + 1 == *next) {
            let written = match row {
                [first, .., last] => write!(line, " {first}-{last}"),
                [only] => write!(line, " {only}"),
                [] => Ok(()),
            };
            written.expect("writing to a string does not fail");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_in_a_row_are_a_span() {
        let partitions = [("out", 7), ("in", 2), ("in", 0), ("in", 1), ("in", 5)];
        assert_eq!(spans(partitions.into_iter()), "in 0-2 5, out 7");
        assert_eq!(spans(std::iter::empty()), "");
    }
}
