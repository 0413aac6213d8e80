//! Whether a command comes too late to be carried out: pure.

use crate::command::Command;
use crate::outcome::Cause;
use crate::settings::ReplySettings;
use runtime::consumer::Record;
use runtime::kafka::dead_letter::RetryHistory;
use schemas::Millis;
use std::time::{Duration, SystemTime};

/// The largest clock skew between writers, Kafka and this process. A record may claim to be that far in the future, and commands are
/// remembered that much longer than `--reply-max-age`: that none is carried out twice needs both to be the same.
pub(crate) const MAX_CLOCK_SKEW: Duration = Duration::from_hours(1);

/// Whether a command comes in time, or why it is too late for it.
///
/// One that is older than commands are remembered might have been carried out, and one that claims to be from the future
/// would be taken for young for too long. One that was put back from the dead letters is as old as its first record.
pub(crate) fn check(
    command: &Command,
    record: &Record,
    settings: &ReplySettings,
    now: SystemTime,
) -> Result<(), Cause> {
    command.expiry(now).map_or(Ok(()), Err)?;
    if is_old(record, settings, now) {
        let limit = humantime::format_duration(settings.reply_max_age).to_string().replace("day", " day");
        return Err(too_late(format!("it is older than {limit}, which --reply-max-age allows")));
    }
    ahead(record, now).map_or(Ok(()), |ahead| Err(too_late(ahead)))
}

/// Where a record claims to be from the future: which clocks differ, and by how much. Nobody can tell which of them is wrong: commands do
/// not say who wrote them, and all may be of one writer.
pub(crate) fn ahead(record: &Record, now: SystemTime) -> Option<String> {
    let written = record.timestamp.unwrap_or(now);
    let ahead = written.duration_since(now).ok().filter(|ahead| *ahead > MAX_CLOCK_SKEW)?;
    Some(format!(
        "its record, written at {}, lies {} in the future by the clock of weir-replies, {}: set the clock that is wrong, the writer's or that \
         of the host of weir-replies",
        humantime::format_rfc3339_seconds(written),
        humantime::format_duration(Duration::from_secs(ahead.as_secs())),
        humantime::format_rfc3339_seconds(now)
    ))
}

/// Whether a command is older than `--reply-max-age` allows.
pub(crate) fn is_old(record: &Record, settings: &ReplySettings, now: SystemTime) -> bool {
    let written = record.timestamp.unwrap_or(now);
    let first =
        RetryHistory::read(|name| record.header(name)).oldest().map_or(written, |first| first.min(written));
    now.duration_since(first).unwrap_or_default() > settings.reply_max_age
}

impl Command {
    /// Why the command has expired by its own members (`not_after`, its window); `None` while it has not.
    pub fn expiry(&self, now: SystemTime) -> Option<Cause> {
        if self.not_after.is_some_and(|not_after| Millis::of(now) > not_after) {
            return Some(too_late(String::from("its not_after has passed")));
        }
        // By the slowest clock, so that nothing is refused that Meta might take.
        let now_on_slowest_clock = Millis::of(now - MAX_CLOCK_SKEW);
        let error = self.window.and_then(|window| window.closed(now_on_slowest_clock))?;
        Some(Cause { reason: "window_closed", error })
    }
}

const fn too_late(error: String) -> Cause {
    Cause { reason: "too_late", error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::read;
    use std::sync::Arc;
    use weir_graph::{Account, Login};

    fn settings() -> ReplySettings {
        read(&["--access-tokens", env!("CARGO_MANIFEST_DIR")]).unwrap()
    }

    /// Why a command is too late whose record was written, and whose time ends, some seconds after `now`.
    fn late(written: i64, not_after: Option<i64>) -> Option<String> {
        late_with(written, not_after, None)
    }

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 50)
    }

    fn at(seconds: i64) -> SystemTime {
        let by = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 { now() - by } else { now() + by }
    }

    /// The same of one that was put back from the dead letters, with a header of the time of its first life.
    fn late_with(written: i64, not_after: Option<i64>, former: Option<(&str, i64)>) -> Option<String> {
        let not_after = not_after.map_or_else(String::new, |seconds| {
            format!(r#","not_after":"{}""#, humantime::format_rfc3339_millis(at(seconds)))
        });
        judged(written, &not_after, former).map(|cause| cause.error)
    }

    /// Why a command with more members is too late.
    fn judged(written: i64, members: &str, former: Option<(&str, i64)>) -> Option<Cause> {
        let value = format!(r#"{{"id":"a","account":"1","action":"message","to":"2","text":"x"{members}}}"#);
        let record = Record {
            topic: Arc::from("meta.replies.v1"),
            partition: 0,
            offset: 0,
            timestamp: Some(at(written)),
            key: Some(b"1:2".to_vec()),
            value: Some(value.into_bytes()),
            headers: former
                .map(|(name, seconds)| {
                    let time = humantime::format_rfc3339_millis(at(seconds)).to_string();
                    (name.to_owned(), Some(time.into_bytes()))
                })
                .into_iter()
                .collect(),
        };
        let command = Command::read(&record, |id| Account::new(id.clone(), Login::Facebook, None)).unwrap();
        check(&command, &record, &settings(), now()).err()
    }

    /// Reason and sentence for a command whose window ended so many hours ago.
    fn closed(hours: i64, members: &str) -> Option<(&'static str, String)> {
        let ends = humantime::format_rfc3339_millis(at(-3_600 * hours));
        let cause = judged(0, &format!(r#","window_ends_at":"{ends}"{members}"#), None);
        cause.map(|cause| (cause.reason, cause.error))
    }

    #[test]
    fn what_is_surely_behind_its_window_is_refused_with_the_tag_that_would_do() {
        for members in ["", r#","messaging_type":"RESPONSE""#, r#","messaging_type":"UPDATE""#] {
            assert_eq!(closed(1, members), None, "clocks may differ");
            let (reason, error) = closed(2, members).unwrap();
            assert_eq!(reason, "window_closed");
            assert!(error.contains("HUMAN_AGENT would do until 2019-12-25T22:00:00.000Z"), "{error}");
        }
        let human_agent = r#","tag":"HUMAN_AGENT""#;
        assert_eq!(closed(6 * 24 + 1, human_agent), None);
        for members in ["", human_agent] {
            let (reason, error) = closed(6 * 24 + 2, members).unwrap();
            assert_eq!(reason, "window_closed");
            assert!(error.contains("no tag would do"), "{error}");
        }
    }

    #[test]
    fn what_meta_decides_by_another_rule_is_left_to_it() {
        for members in [r#","tag":"ACCOUNT_UPDATE""#, r#","messaging_type":"UTILITY""#] {
            assert_eq!(closed(1_000, members), None, "{members}");
        }
    }

    #[test]
    fn a_command_may_be_a_day_old_and_no_older() {
        assert_eq!(late(-86_400, None), None);
        let error = late(-86_401, None).unwrap();
        assert_eq!(error, "it is older than 1 day, which --reply-max-age allows");
    }

    #[test]
    fn a_command_that_was_put_back_is_as_old_as_its_first_record() {
        for header in ["weir_dlq_first_written", "weir_dlq_first_failed"] {
            assert_eq!(late_with(0, None, Some((header, -86_400))), None);
            assert!(late_with(0, None, Some((header, -86_401))).unwrap().contains("--reply-max-age"));
        }
        let younger = late_with(-86_401, None, Some(("weir_dlq_first_written", 0)));
        assert!(younger.is_some(), "no header makes it younger");
    }

    #[test]
    fn its_own_time_may_end_before() {
        assert_eq!(late(-1, Some(0)), None);
        assert!(late(-1, Some(-1)).unwrap().contains("not_after"));
    }

    #[test]
    fn clocks_differ_but_not_by_hours() {
        assert_eq!(late(3_600, None), None);
        let error = late(3_600 * 5, None).unwrap();
        assert!(error.contains("written at 2019-12-20T05:00:00Z, lies 5h in the future by"), "{error}");
        assert!(
            error.contains("of weir-replies, 2019-12-20T00:00:00Z: set the clock that is wrong"),
            "{error}"
        );
        assert!(late(3_601, None).unwrap().contains("1h 1s in the future"));
    }
}
