//! Commands that are older than what is remembered, as after the group's offsets were reset: the topic knows what became of them.

use super::Replies;
use crate::command::Subject;
use crate::lateness;
use crate::outcome::Cause;
use crate::result::AttemptResult;
use crate::results_reader::history::{Former, History};
use runtime::consumer::{Failure, Output, Record, StallExemption, Wait};
use std::time::{Duration, SystemTime};

/// How long it may take to read the results topic back: it keeps them for days.
const READ_WITHIN: Duration = Duration::from_hours(1);

impl Replies {
    /// The results of a command of which nothing is remembered, and that is too old to be carried out; none where the topic knows none of
    /// it, so that it is refused in truth.
    pub(super) async fn former(
        &self,
        record: &Record,
        subject: &Subject,
        waits: &StallExemption,
    ) -> Result<Option<Vec<Output>>, Failure> {
        let now = SystemTime::now();
        if !lateness::is_old(record, &self.settings, now) {
            return Ok(None);
        }
        let look = async {
            let mut history = self.history.lock().await;
            if !history.as_ref().is_some_and(History::stands) {
                let until = now - self.settings.reply_max_age;
                let most = self.settings.remembered_commands;
                *history = Some(History::read(self.source.clone(), until, most).await?);
            }
            Ok(history.as_ref().map_or(Former::NotKnown, |history| history.of(&subject.name())))
        };
        let former = waits.on(Wait::Kafka, READ_WITHIN, look).await;
        let former =
            former.map_err(|error: crate::results_reader::ResultsError| Failure::of_kafka(&error))?;
        let unknown = |attempt, error| {
            let cause = Cause { reason: "too_late", error: String::from(error) };
            Some(vec![self.result(record, subject, attempt, &AttemptResult::Unknown(&cause))])
        };
        Ok(match former {
            Former::Nothing => None,
            Former::Ended => Some(Vec::new()),
            Former::Begun(attempt) => {
                unknown(attempt, "an attempt at it was begun, long ago, and has no end")
            }
            Former::NotKnown => unknown(
                1,
                "it may have been carried out: it is older than --reply-max-age allows, and there is more on the results topic than was looked \
                 through",
            ),
        })
    }
}
