//! Whose clock is wrong. Pure.

use super::check::{Judged, span};
use std::time::{Duration, SystemTime};

/// A date is of the second, and its way here takes a moment; beyond it ages, windows and certificates are judged wrongly.
const TOLERATED: u64 = 5;

const OWN: &str = "\
Let a time service (chrony, systemd-timesyncd) set the clock of this machine, and look at the others too: ages, the window for \
answers and certificates are judged by it.";
const THEIRS: &str = "\
Let a time service set the clock of the machine that answers there, the edge or ingest: records would have wrong times.";

/// A time that another machine told, and how late that was on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) date: SystemTime,
    /// By this machine's clock.
    pub(super) heard: SystemTime,
}

impl Told {
    /// Seconds by which its clock is ahead of this machine's.
    fn ahead(self) -> i64 {
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        match self.date.duration_since(self.heard) {
            Ok(ahead) => seconds(ahead),
            Err(behind) => -seconds(behind.duration()),
        }
    }
}

/// This machine's clock, by Meta's.
pub(super) fn own(meta: Option<Told>) -> Judged {
    let Some(meta) = meta else {
        return Judged::unknown("nobody told the time", "It is compared with the Graph API's: give --file.");
    };
    judge(-meta.ahead(), OWN)
}

/// The clock behind the address, by Meta's, or by this machine's where Meta tells no time.
pub(super) fn theirs(address: Option<Told>, meta: Option<Told>) -> Judged {
    let Some(address) = address else { return Judged::unknown("it told no time", "") };
    judge(address.ahead() - meta.map_or(0, Told::ahead), THEIRS)
}

fn judge(ahead: i64, advice: &str) -> Judged {
    let off = ahead.unsigned_abs();
    if off <= TOLERATED {
        return Judged::pass("right to the second or so");
    }
    let off = span(Duration::from_secs(off));
    Judged::fail(format!("{off} {}", if ahead > 0 { "fast" } else { "slow" }), advice)
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict::{Fail, Pass, Unknown};
    use super::*;
    use std::time::UNIX_EPOCH;

    fn told(ahead: i64) -> Told {
        let heard = UNIX_EPOCH + Duration::from_hours(1);
        let by = Duration::from_secs(ahead.unsigned_abs());
        Told { date: if ahead < 0 { heard - by } else { heard + by }, heard }
    }

    #[test]
    fn a_clock_is_fast_or_slow_by_metas() {
        assert_eq!(own(Some(told(-3))).verdict, Pass);
        assert_eq!((own(Some(told(-90))).verdict, &*own(Some(told(-90))).found), (Fail, "1m 30s fast"));
        assert_eq!(own(Some(told(90))).found, "1m 30s slow");
        assert_eq!(own(None).verdict, Unknown);
    }

    #[test]
    fn the_address_is_not_blamed_for_this_machines_clock() {
        assert_eq!(theirs(Some(told(90)), Some(told(90))).verdict, Pass);
        assert_eq!(theirs(Some(told(90)), Some(told(0))).found, "1m 30s fast");
        assert_eq!(theirs(Some(told(90)), None).verdict, Fail);
    }
}
