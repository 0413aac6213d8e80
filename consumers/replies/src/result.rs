//! The records of results.

use crate::command::Subject;
use crate::outcome::{CallOutcome, Cause};
use runtime::consumer::{Output, Record};
use schemas::reply::{CommandResult, ResultStatus};
use schemas::{Millis, raw};
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::SystemTime;

/// No key of a command is longer: two ids of up to 128 digits, and what is between them.
const LONGEST_KEY: usize = 257;

/// What became of an attempt at a command.
#[derive(Clone, Debug)]
pub(crate) enum AttemptResult<'a> {
    Intended { claim: &'a str },
    Done(Option<&'a RawValue>),
    Refused(&'a Cause),
    Unknown(&'a Cause),
}

impl<'a> AttemptResult<'a> {
    /// The result that an outcome is whatever comes; none where the call did nothing and another may.
    pub(crate) fn of(outcome: &'a CallOutcome, attempt: u32) -> Option<Self> {
        match outcome {
            CallOutcome::Done(answer) => Some(Self::Done(answer.as_deref())),
            CallOutcome::Refused(cause) => Some(Self::refused(attempt, cause)),
            CallOutcome::Unknown(cause) => Some(Self::Unknown(cause)),
            CallOutcome::TokenRefused(_) | CallOutcome::Throttled | CallOutcome::TryLater(_) => None,
        }
    }

    /// Of an attempt that was refused; of any but the first, `unknown`: an earlier one may have been carried out.
    pub(crate) const fn refused(attempt: u32, cause: &'a Cause) -> Self {
        if attempt == 1 { Self::Refused(cause) } else { Self::Unknown(cause) }
    }

    pub(crate) const fn status(&self) -> ResultStatus {
        match self {
            Self::Intended { .. } => ResultStatus::Intended,
            Self::Done(_) => ResultStatus::Done,
            Self::Refused(_) => ResultStatus::Refused,
            Self::Unknown(_) => ResultStatus::Unknown,
        }
    }
}

/// The same results without the Graph API's answers, for a topic that takes none that large; none where there is no answer.
pub(crate) fn without_answers(outputs: &[Output]) -> Option<Vec<Output>> {
    let shorter = |output: &Output| {
        let mut result: CommandResult<'_> = serde_json::from_slice(&output.value).ok()?;
        result.answer.take()?;
        Some(Output { value: serde_json::to_vec(&result).ok()?, ..output.clone() })
    };
    let shortened: Vec<_> = outputs.iter().map(shorter).collect();
    let is_shorter = shortened.iter().any(Option::is_some);
    let all = || {
        shortened.into_iter().zip(outputs).map(|(shorter, output)| shorter.unwrap_or_else(|| output.clone()))
    };
    is_shorter.then(|| all().collect())
}

/// The record of a result, on `topic`, with the key of the command's record, whose partition and offset are `position`. A key longer
/// than [`LONGEST_KEY`] is left out (no valid command has one): it may be larger than the topic takes, and a result that is never taken
/// would block its partition.
///
/// # Panics
///
/// Never: a result is made of what JSON can hold.
pub(crate) fn output(
    topic: &Arc<str>,
    record: &Record,
    position: (i32, i64),
    subject: &Subject,
    attempt: u32,
    result: &AttemptResult<'_>,
) -> Output {
    let status = result.status();
    let cause = match result {
        AttemptResult::Refused(cause) | AttemptResult::Unknown(cause) => Some(*cause),
        AttemptResult::Intended { .. } | AttemptResult::Done(_) => None,
    };
    let value = CommandResult {
        id: (&*subject.id).into(),
        account: subject.account.as_str().into(),
        action: subject.action.clone(),
        status: status.into(),
        at: Millis::of(SystemTime::now()).to_string().into(),
        attempt,
        claim: if let AttemptResult::Intended { claim } = result { Some((*claim).into()) } else { None },
        answer: if let AttemptResult::Done(answer) = result { *answer } else { None },
        reason: cause.map(|cause| cause.reason.into()),
        error: cause.map(|cause| cause.error.as_str().into()),
        partition: position.0,
        offset: position.1,
    };
    Output {
        topic: Arc::clone(topic),
        key: record.key.clone().filter(|key| key.len() <= LONGEST_KEY),
        value: serde_json::to_vec(&value).expect("a result is made of strings, numbers and JSON"),
        headers: vec![
            ("content-type".into(), raw::CONTENT_TYPE.into()),
            ("weir_command".into(), subject.id.as_bytes().into()),
            ("weir_status".into(), status.as_str().into()),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::consumer::Headers;
    use schemas::reply::{Action, Open};

    #[test]
    fn a_result_that_is_too_large_says_all_but_the_answer() {
        let command = Record {
            topic: Arc::from("replies"),
            partition: 3,
            offset: 42,
            timestamp: None,
            key: Some(b"1784:1".to_vec()),
            value: None,
            headers: Headers::default(),
        };
        let subject = Subject {
            id: Arc::from("c-1"),
            account: String::from("1784"),
            action: Open::Known(Action::Message),
        };
        let answer = RawValue::from_string(String::from(r#"{"message_id":"m"}"#)).unwrap();
        let cause = Cause { reason: "timed_out", error: String::from("silence") };
        let topic = Arc::from("results");
        let of = |attempt, result| output(&topic, &command, (3, 42), &subject, attempt, &result);
        let outputs = [of(1, AttemptResult::Unknown(&cause)), of(2, AttemptResult::Done(Some(&answer)))];
        let shorter = without_answers(&outputs).unwrap();
        assert_eq!((shorter.len(), &shorter[0]), (2, &outputs[0]));
        let done: CommandResult<'_> = serde_json::from_slice(&shorter[1].value).unwrap();
        assert_eq!((done.status, done.attempt, done.answer.is_none()), (ResultStatus::Done.into(), 2, true));
        assert_eq!((&shorter[1].key, &shorter[1].headers), (&outputs[1].key, &outputs[1].headers));
        assert_eq!(without_answers(&shorter), None);
    }
}
