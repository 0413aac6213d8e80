//! Instants on a command line: RFC 3339 in UTC, or how long ago.

use super::{Flag, flag};
use runtime::settings::{Form, Reader};
use schemas::Millis;
use std::time::SystemTime;

/// The instant from which on something is meant.
pub(crate) fn since() -> Flag<Millis> {
    past("since")
}

/// The instant before which something is meant.
pub(crate) fn until() -> Flag<Millis> {
    flag("until", "TIME", end(Millis::of(SystemTime::now()))).with_dashes()
}

/// Notes a period in which nothing can be.
pub(crate) fn check_period(since: Option<Millis>, until: Option<Millis>, reader: &mut Reader<'_>) {
    if until.is_some_and(|until| since.is_some_and(|since| since >= until)) {
        reader.problem("until", "a time after --since");
    }
}

/// An instant that has been.
pub(crate) fn past(id: &'static str) -> Flag<Millis> {
    flag(id, "TIME", form(Millis::of(SystemTime::now()))).with_dashes()
}

/// What is yet to come is mostly a time of another zone, and that nothing is found from then on would say nothing.
fn form(now: Millis) -> Form<Millis> {
    let expected = "a time in UTC that has been, such as 2026-11-21T18:30:00Z, or how long ago with its unit, such as 2h or 30m";
    Form::new(expected, move |value| parse(value.trim(), now).filter(|at| *at <= now)).because(is_of_months)
}

/// What is yet to come is now: nobody has looked at what comes until then.
fn end(now: Millis) -> Form<Millis> {
    let expected =
        "a time in UTC such as 2026-11-21T18:30:00Z, or how long ago with its unit, such as 2h or 30m";
    Form::new(expected, move |value| parse(value.trim(), now).map(|at| at.min(now))).because(is_of_months)
}

/// Whether it has the one unit that differs from another by a capital: who writes `30M` means minutes, and would get years.
fn is_of_months(value: &str) -> Option<String> {
    let is_amount = value.contains('M') && humantime::parse_duration(value.trim()).is_ok();
    is_amount.then(|| "M are months: write m for minutes, or months".to_owned())
}

fn parse(value: &str, now: Millis) -> Option<Millis> {
    if is_of_months(value).is_some() {
        return None;
    }
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
    fn what_is_yet_to_come_is_no_beginning_and_as_an_end_it_is_now() {
        let now = Millis::parse("2026-11-21T18:30:00Z").unwrap();
        assert_eq!(read("2026-11-21T18:30:00Z").as_deref(), Some("2026-11-21T18:30:00.000Z"));
        assert_eq!(read("2026-11-21T20:30:00Z"), None);
        assert_eq!(end(now).parse("2026-11-21T20:30:00Z"), Some(now));
        assert_eq!(end(now).parse("1h"), form(now).parse("1h"));
    }

    #[test]
    fn months_are_written_out() {
        let now = Millis::parse("2026-11-21T18:30:00Z").unwrap();
        for value in ["5M", "1h 30M"] {
            assert_eq!((form(now).parse(value), end(now).parse(value)), (None, None), "{value}");
        }
        assert!(is_of_months("5M").unwrap().contains("write m for minutes"));
        assert!(read("1month") < read("5m"));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for value in ["", "2", "yesterday", "2026-11-21", "17:00", "2026-13-21T17:00:00Z", "-2h"] {
            assert_eq!(read(value), None, "{value}");
        }
    }
}
