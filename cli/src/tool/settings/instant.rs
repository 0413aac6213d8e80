//! Instants on a command line: RFC 3339 in UTC, or how long ago.

use super::{Flag, Given, flag};
use runtime::settings::Form;
use schemas::Millis;
use std::time::SystemTime;

/// The instant from which on something is meant.
pub(crate) fn since() -> Flag<Millis> {
    instant("since")
}

/// The instant before which something is meant.
pub(crate) fn until() -> Flag<Millis> {
    instant("until")
}

/// Notes a period in which nothing can be.
pub(crate) fn check_period(since: Option<Millis>, until: Option<Millis>, given: &mut Given<'_>) {
    if until.is_some_and(|until| since.is_some_and(|since| since >= until)) {
        given.reader.problem("until", "a time after --since");
    }
}

pub(crate) fn instant(id: &'static str) -> Flag<Millis> {
    flag(id, "TIME", form(Millis::of(SystemTime::now())))
}

fn form(now: Millis) -> Form<Millis> {
    let expected =
        "a time in UTC such as 2026-11-21T18:30:00Z, or how long ago with its unit, such as 2h or 30m";
    Form::new(expected, move |value| parse(value.trim(), now))
}

fn parse(value: &str, now: Millis) -> Option<Millis> {
    if let Ok(ago) = humantime::parse_duration(value) {
        return Some(now.before(ago));
    }
    humantime::parse_rfc3339_weak(value).ok().map(Millis::of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<String> {
        let now = Millis::parse("2026-11-21T18:30:00Z")?;
        form(now).parse(value).map(|time| time.to_string())
    }

    #[test]
    fn an_instant_is_absolute_or_how_long_ago() {
        assert_eq!(read("2026-11-21T17:00:00Z").as_deref(), Some("2026-11-21T17:00:00.000Z"));
        assert_eq!(read("2026-11-21 17:00:00.5").as_deref(), Some("2026-11-21T17:00:00.500Z"));
        assert_eq!(read("2h").as_deref(), Some("2026-11-21T16:30:00.000Z"));
        assert_eq!(read("1d 30m").as_deref(), Some("2026-11-20T18:00:00.000Z"));
        assert_eq!(read("3000years").as_deref(), Some("1970-01-01T00:00:00.000Z"));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for value in ["", "2", "yesterday", "2026-11-21", "17:00", "2026-13-21T17:00:00Z", "-2h"] {
            assert_eq!(read(value), None, "{value}");
        }
    }
}
