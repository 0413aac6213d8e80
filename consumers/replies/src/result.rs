//! The records of results.

use crate::order::Order;
use crate::verdict::Why;
use runtime::consumer::{Output, Record};
use schemas::Millis;
use schemas::reply::{CommandResult, ResultStatus};
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::SystemTime;

/// What is said of an attempt at a command.
#[derive(Clone, Debug)]
pub(crate) enum Said<'a> {
    Intended { claim: &'a str },
    Done(&'a RawValue),
    Refused(&'a Why),
    Unknown(&'a Why),
}

impl Said<'_> {
    pub(crate) const fn status(&self) -> ResultStatus {
        match self {
            Self::Intended { .. } => ResultStatus::Intended,
            Self::Done(_) => ResultStatus::Done,
            Self::Refused(_) => ResultStatus::Refused,
            Self::Unknown(_) => ResultStatus::Unknown,
        }
    }
}

/// The record that says it, on `topic`, with the key of the command's record.
///
/// # Panics
///
/// Never: a result is made of what JSON can say.
pub(crate) fn output(
    topic: &Arc<str>,
    record: &Record,
    order: &Order,
    attempt: u32,
    said: &Said<'_>,
) -> Output {
    let status = said.status();
    let why = match said {
        Said::Refused(why) | Said::Unknown(why) => Some(*why),
        Said::Intended { .. } | Said::Done(_) => None,
    };
    let result = CommandResult {
        id: (&*order.id).into(),
        account: order.account.as_str().into(),
        action: order.action().into(),
        status: status.into(),
        at: Millis::of(SystemTime::now()).to_string().into(),
        attempt,
        claim: if let Said::Intended { claim } = said { Some((*claim).into()) } else { None },
        answer: if let Said::Done(answer) = said { Some(answer) } else { None },
        reason: why.map(|why| why.reason.into()),
        error: why.map(|why| why.error.as_str().into()),
        partition: record.partition,
        offset: record.offset,
    };
    Output {
        topic: Arc::clone(topic),
        key: record.key.clone(),
        value: serde_json::to_vec(&result).expect("a result is made of strings, numbers and JSON"),
        headers: vec![
            ("content-type".into(), CommandResult::CONTENT_TYPE.into()),
            ("weir_command".into(), order.id.as_bytes().into()),
            ("weir_status".into(), status.as_str().into()),
        ],
    }
}
