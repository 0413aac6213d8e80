//! Meta's timestamps, in seconds or milliseconds, as one instant.

use crate::json::{Token, token};
use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Below this a number counts seconds since 1970, up to the year 2099.
const SECONDS_BELOW: u64 = 4_100_000_000;
/// Below this, and from [`SECONDS_BELOW`] on, a number counts milliseconds since 1970, up to the year 2099.
const MILLIS_BELOW: u64 = 4_100_000_000_000;

/// An instant in milliseconds since 1970, UTC, which is the number that it is in JSON. Displays as RFC 3339 with milliseconds and `Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(from = "u64")]
pub struct Millis(u64);

impl From<u64> for Millis {
    fn from(millis: u64) -> Self {
        Self::since_epoch(millis)
    }
}

impl Millis {
    /// The instant `millis` milliseconds after 1970, as far as the year 9999.
    pub fn since_epoch(millis: u64) -> Self {
        Self(millis.min(253_402_300_799_999))
    }

    /// The instant of a clock; one before 1970 counts as 1970.
    pub fn of(time: SystemTime) -> Self {
        Self::since_epoch(millis(time.duration_since(UNIX_EPOCH).unwrap_or_default()))
    }

    /// Reads RFC 3339, in UTC or with an offset from it; its letters may be small ones.
    pub fn parse(rfc3339: &str) -> Option<Self> {
        // Small letters are rare.
        Self::of_capitals(rfc3339).or_else(|| Self::of_capitals(&rfc3339.to_ascii_uppercase()))
    }

    fn of_capitals(rfc3339: &str) -> Option<Self> {
        let utc = |text: &str| humantime::parse_rfc3339(text).ok().map(Self::of);
        let Some((local, sign, offset)) = local(rfc3339) else { return utc(rfc3339) };
        let there = utc(&format!("{local}Z"))?;
        Some(if *sign == b'+' { there.before(offset) } else { there.after(offset) })
    }

    /// Milliseconds since 1970.
    pub fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub fn as_secs(self) -> u64 {
        self.0 / 1_000
    }

    /// The time from `earlier` to this instant; zero where it is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The instant so long before this one; 1970 where that was earlier.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }

    /// The instant so long after this one, as far as the year 9999.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self::since_epoch(self.0.saturating_add(millis(duration)))
    }

    /// Reads a timestamp of Meta's: an integer or a string of digits, whose magnitude tells its unit.
    ///
    /// `entry.time` is in seconds beside `changes` and in milliseconds beside `messaging`; `timestamp` is in
    /// milliseconds but for lead events (seconds) and dashboard tests (a string of seconds). Zero, negative and larger
    /// numbers are unusable.
    pub(crate) fn of_meta(token: Option<Token<'_, '_>>) -> Option<Self> {
        let digits = token::string(token).or_else(|| token.map(|token| Cow::Borrowed(token.get())))?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        match digits.parse::<u64>().ok()? {
            0 => None,
            seconds if seconds < SECONDS_BELOW => Some(Self(seconds * 1_000)),
            millis if millis < MILLIS_BELOW => Some(Self(millis)),
            _ => None,
        }
    }
}

/// A local time, without its offset from UTC, and that: `+02:00` where its clock is ahead, `-02:00` where it is behind.
fn local(rfc3339: &str) -> Option<(&str, &u8, Duration)> {
    let (local, offset) = rfc3339.split_at_checked(rfc3339.len().checked_sub("+00:00".len())?)?;
    let [sign @ (b'+' | b'-'), hours @ .., b':', tens, ones] = offset.as_bytes() else { return None };
    let digit = |sum: u64, byte: &u8| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0'));
    let hours = hours.iter().try_fold(0, digit)?;
    let minutes = [tens, ones].into_iter().try_fold(0, digit)?;
    let is_local = local.ends_with(|character: char| character.is_ascii_digit());
    (is_local && hours < 24 && minutes < 60).then(|| (local, sign, Duration::from_mins(hours * 60 + minutes)))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Display for Millis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = UNIX_EPOCH + Duration::from_millis(self.0);
        humantime::format_rfc3339_millis(time).fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Text;

    fn of_meta(json: &str) -> Option<String> {
        Millis::of_meta(Some(Text::unindexed(json).value())).map(|time| time.to_string())
    }

    #[test]
    fn magnitude_tells_seconds_from_milliseconds() {
        assert_eq!(of_meta("1569262485349").as_deref(), Some("2019-09-23T18:14:45.349Z"));
        assert_eq!(of_meta("1520622968").as_deref(), Some("2018-03-09T19:16:08.000Z"));
        assert_eq!(of_meta(r#""1527459824""#).as_deref(), Some("2018-05-27T22:23:44.000Z"));
        assert_eq!(of_meta("4099999999").as_deref(), Some("2099-12-03T16:53:19.000Z"));
        assert_eq!(of_meta("4100000000").as_deref(), Some("1970-02-17T10:53:20.000Z"));
    }

    #[test]
    fn zero_negative_huge_and_other_values_are_unusable() {
        for json in
            ["0", "-1", "4100000000000", "1.5", "1e9", r#""""#, r#""2018-03-20""#, "true", "null", "{}"]
        {
            assert_eq!(of_meta(json), None, "{json}");
        }
    }

    #[test]
    fn no_instant_is_before_1970_or_after_the_year_9999() {
        let (first, last) = (Millis::since_epoch(0), Millis::since_epoch(u64::MAX));
        let second = Millis::since_epoch(1_000);
        assert_eq!(first.after(Duration::from_secs(1)), second);
        assert_eq!((second.before(Duration::from_secs(1)), second.before(Duration::MAX)), (first, first));
        assert_eq!(second.after(Duration::MAX), last);
        assert_eq!(last.to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!((second.since(first), first.since(second)), (Duration::from_secs(1), Duration::ZERO));
    }

    #[test]
    fn what_is_displayed_is_read_back() {
        let time = Millis::since_epoch(1_569_262_485_349);
        assert_eq!(Millis::parse(&time.to_string()), Some(time));
    }

    #[test]
    fn a_time_with_an_offset_is_the_instant_in_utc() {
        let read = |text| Millis::parse(text).map(|time| time.to_string());
        let in_utc = Some("2025-07-18T16:20:41.500Z".to_owned());
        for text in [
            "2025-07-18T16:20:41.5Z",
            "2025-07-18t16:20:41.5z",
            "2025-07-18T18:20:41.500+02:00",
            "2025-07-18t12:50:41.500000-03:30",
        ] {
            assert_eq!(read(text), in_utc, "{text}");
        }
        for text in [
            "2025-07-18T16:20:41+24:00",
            "2025-07-18T16:20:41+02:60",
            "2025-07-18T16:20:41+0200",
            "2025-07-18T16:20:41++1:00",
            "2025-07-18T16:20:41",
            "2025-07-18T16:20:41Z+02:00",
            "\u{e4}+02:00",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
