//! The forms that values take: each knows how to say what it expects and how to read it.

mod paths;

use std::fmt;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

pub use self::paths::{directory, directory_to_make, file, unseen};
use super::without_passwords;

type Parse<T> = Box<dyn Fn(&str) -> Option<T>>;
/// What more there is to say of a value that was refused.
type Why = fn(&str) -> Option<String>;

/// A form of value: a sentence for people and a parser.
pub struct Form<T> {
    expected: String,
    parse: Parse<T>,
    why: Why,
    secret: bool,
}

impl<T> Form<T> {
    /// A form of one's own: `expected` follows the word "expected", `parse` says no with `None`.
    pub fn new(expected: impl Into<String>, parse: impl Fn(&str) -> Option<T> + 'static) -> Self {
        Self { expected: expected.into(), parse: Box::new(parse), why: |_| None, secret: false }
    }

    /// The same form, where `why` may know more of a value that was refused than what is expected instead.
    #[must_use]
    pub fn because(self, why: fn(&str) -> Option<String>) -> Self {
        Self { why, ..self }
    }

    /// The same form of a value that no message may repeat.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Reads a value.
    pub fn parse(&self, value: &str) -> Option<T> {
        (self.parse)(value)
    }

    /// What is expected, for a message.
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// The value as a message may show it, with why it was refused.
    pub(crate) fn shown(&self, value: &str) -> String {
        if self.secret {
            return String::from("(hidden)");
        }
        let shown = without_passwords(value);
        (self.why)(value).map_or_else(|| format!("{shown:?}"), |why| format!("{shown:?} ({why})"))
    }
}

impl<T> fmt::Debug for Form<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Form").field("expected", &self.expected).finish_non_exhaustive()
    }
}

/// Any text that is not empty.
pub fn text() -> Form<String> {
    Form::new("some text", |value| (!value.trim().is_empty()).then(|| value.to_owned()))
}

/// Text that `accepts` accepts; `expected` says which that is.
pub fn matching(expected: &str, accepts: fn(&str) -> bool) -> Form<String> {
    Form::new(expected, move |value| accepts(value).then(|| value.to_owned()))
}

/// A duration with a unit, within `range`, such as `1s`, `250ms` or `1m 30s`.
pub fn duration(range: RangeInclusive<Duration>) -> Form<Duration> {
    let [from, to] = [range.start(), range.end()].map(|bound| format_duration(*bound));
    let bounds = if *range.end() == Duration::MAX {
        format!("of {from} or more")
    } else {
        format!("from {from} to {to}")
    };
    Form::new(format!("a duration with its unit, {bounds}"), move |value| {
        humantime::parse_duration(value).ok().filter(|duration| range.contains(duration))
    })
}

/// Days stay days, however many: of months and years nobody knows how long these are.
fn format_duration(duration: Duration) -> String {
    let days = duration.as_secs() / (24 * 60 * 60);
    if days > 1 && duration == Duration::from_hours(24 * days) {
        return format!("{days}days");
    }
    humantime::format_duration(duration).to_string()
}

/// A duration of some milliseconds, written as any duration.
pub fn millis(range: RangeInclusive<u64>) -> Form<Duration> {
    duration(Duration::from_millis(*range.start())..=Duration::from_millis(*range.end()))
}

/// A size in bytes within `range`, all of which fits into the number: plain, or with `KiB`, `MiB` or `GiB`.
pub fn bytes<N: TryFrom<u64> + 'static>(range: RangeInclusive<u64>) -> Form<N> {
    let [from, to] = [*range.start(), *range.end()].map(format_bytes);
    Form::new(format!("a size in bytes such as 4MiB, 512KiB or 1000, from {from} to {to}"), move |value| {
        parse_bytes(value).filter(|bytes| range.contains(bytes))?.try_into().ok()
    })
}

/// A whole number within `range`, all of which fits into it.
pub fn count<N: TryFrom<u64> + 'static>(range: RangeInclusive<u64>) -> Form<N> {
    Form::new(format!("a whole number from {} to {}", range.start(), range.end()), move |value| {
        value.trim().parse().ok().filter(|count| range.contains(count))?.try_into().ok()
    })
}

/// An address to listen on, `IP:port`.
pub fn address() -> Form<SocketAddr> {
    Form::new("an address to listen on, IP:port, such as 0.0.0.0:8080", |value| value.trim().parse().ok())
}

/// One word of a closed set.
pub fn choice<T: Copy + 'static>(choices: &'static [(&'static str, T)]) -> Form<T> {
    let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
    Form::new(format!("one of {}", words.join(", ")), |value| {
        choices.iter().find(|(word, _)| *word == value.trim()).map(|(_, choice)| *choice)
    })
}

/// What is switched: on or off.
pub fn on_off() -> Form<bool> {
    choice(&[("on", true), ("off", false)])
}

/// Kafka allows 249 characters in a topic's name; the longest suffix needs some of them.
const LONGEST_PREFIX: usize = 200;

/// First part of every topic's name.
pub fn topic_prefix() -> Form<String> {
    matching("lower-case letters, digits, '.' and '-', at most 200, such as meta", |value| {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
        !value.is_empty() && value.len() <= LONGEST_PREFIX && value.bytes().all(allowed)
    })
}

const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

fn parse_bytes(value: &str) -> Option<u64> {
    let value = value.trim();
    let with_unit =
        UNITS.iter().find_map(|(unit, factor)| value.strip_suffix(unit).map(|number| (number, *factor)));
    let (number, factor) = with_unit.unwrap_or((value, 1));
    number.trim().parse::<u64>().ok()?.checked_mul(factor)
}

fn format_bytes(bytes: u64) -> String {
    let whole = UNITS.iter().find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor));
    whole.map_or_else(|| bytes.to_string(), |(unit, factor)| format!("{}{unit}", bytes / factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_come_plain_or_with_a_binary_unit() {
        let form = bytes::<u64>(1..=8 << 30);
        assert_eq!(form.parse("4MiB"), Some(4 << 20));
        assert_eq!(form.parse("512 KiB"), Some(512 << 10));
        assert_eq!(form.parse("1GiB"), Some(1 << 30));
        assert_eq!(form.parse("1000"), Some(1000));
    }

    #[test]
    fn sizes_out_of_range_or_of_unknown_units_are_refused() {
        let form = bytes::<u64>(1024..=1 << 20);
        for value in ["", "4MB", "-1", "1023", "2MiB", "99999999999999999999GiB", "4.5MiB"] {
            assert_eq!(form.parse(value), None, "{value}");
        }
        assert_eq!(form.expected(), "a size in bytes such as 4MiB, 512KiB or 1000, from 1KiB to 1MiB");
    }

    #[test]
    fn durations_need_a_unit_and_a_place_in_the_range() {
        let form = duration(Duration::from_millis(10)..=Duration::from_secs(4));
        assert_eq!(form.parse("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(form.parse("1"), None);
        assert_eq!(form.parse("5s"), None);
        assert_eq!(form.expected(), "a duration with its unit, from 10ms to 4s");
        let long = duration(Duration::from_secs(1)..=Duration::MAX);
        assert_eq!(long.expected(), "a duration with its unit, of 1s or more");
        assert_eq!(long.parse("3days"), Some(Duration::from_hours(72)));
        let days = duration(Duration::from_hours(24)..=Duration::from_hours(365 * 24));
        assert_eq!(days.expected(), "a duration with its unit, from 1day to 365days");
        assert_eq!(days.parse("365days"), Some(Duration::from_hours(365 * 24)));
        assert_eq!(days.parse("366days"), None);
    }

    #[test]
    fn a_choice_names_its_words() {
        let form = on_off();
        assert_eq!(form.parse("off"), Some(false));
        assert_eq!(form.parse("maybe"), None);
        assert_eq!(form.expected(), "one of on, off");
    }

    #[test]
    fn counts_and_addresses_are_read() {
        assert_eq!(count::<u64>(1..=9).parse("9"), Some(9));
        assert_eq!(count::<u64>(1..=9).parse("0"), None);
        assert!(address().parse("[::1]:80").is_some());
        assert!(address().parse("localhost:80").is_none());
    }
}
