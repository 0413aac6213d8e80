//! Whose clock is wrong. Pure.

use super::check::{CheckResult, span};
use std::time::{Duration, SystemTime};

/// A date is of the second, and its way here takes a moment; beyond it ages, windows and certificates are judged wrongly.
const TOLERATED: u64 = 5;

const OWN: &str = "\
Let a time service (chrony, systemd-timesyncd) set the clock of this machine, and look at the others too: ages, the window for \
answers and certificates are judged by it.";
const THEIRS: &str = "\
Let a time service set the clock of the machine that answers there, the edge or ingest: records would have wrong times.";

/// Seconds by which a clock is ahead of this machine's that told this date, when that was `heard` here.
pub(super) fn ahead(date: SystemTime, heard: SystemTime) -> i64 {
    let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    match date.duration_since(heard) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    }
}

/// This machine's clock, by how far Meta's is ahead.
pub(super) fn own(meta: Option<i64>) -> CheckResult {
    let Some(meta) = meta else {
        return CheckResult::unknown(
            "nobody told the time",
            "It is compared with the Graph API's: give --file, or see above why that does not answer.",
        );
    };
    result_of(-meta, OWN)
}

/// The clock behind the address, by Meta's, or by this machine's where Meta tells no time.
pub(super) fn theirs(address: Option<i64>, meta: Option<i64>) -> CheckResult {
    let Some(address) = address else { return CheckResult::unknown("it told no time", "") };
    result_of(address - meta.unwrap_or(0), THEIRS)
}

fn result_of(ahead: i64, advice: &str) -> CheckResult {
    let off = ahead.unsigned_abs();
    if off <= TOLERATED {
        return CheckResult::pass("right to the second or so");
    }
    let off = span(Duration::from_secs(off));
    CheckResult::fail(format!("{off} {}", if ahead > 0 { "fast" } else { "slow" }), advice)
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict::{Fail, Pass, Unknown};
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn a_clock_is_ahead_by_the_date_that_it_told_when_that_was_heard() {
        let (heard, by) = (UNIX_EPOCH + Duration::from_hours(1), Duration::from_secs(90));
        assert_eq!((ahead(heard + by, heard), ahead(heard - by, heard)), (90, -90));
    }

    #[test]
    fn a_clock_is_fast_or_slow_by_metas() {
        assert_eq!(own(Some(-3)).verdict, Pass);
        assert_eq!((own(Some(-90)).verdict, &*own(Some(-90)).found), (Fail, "1m 30s fast"));
        assert_eq!(own(Some(90)).found, "1m 30s slow");
        assert_eq!(own(None).verdict, Unknown);
        assert!(own(None).advice.contains("does not answer"), "--file may have been given");
    }

    #[test]
    fn the_address_is_not_blamed_for_this_machines_clock() {
        assert_eq!(theirs(Some(90), Some(90)).verdict, Pass);
        assert_eq!(theirs(Some(90), Some(0)).found, "1m 30s fast");
        assert_eq!(theirs(Some(90), None).verdict, Fail);
    }
}
