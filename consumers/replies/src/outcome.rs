//! What a call that carries out a command came to: the table from answers to results.

use runtime::process::chain;
use serde_json::value::RawValue;
use weir_graph::{CallError, Outcome, RefusalClass};

/// What is known after a call.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It was carried out; with what the Graph API said.
    Done(Box<RawValue>),
    /// It was not, and another call would not change that.
    Refused(Why),
    /// It was not: the token is of no use, and another one may be there.
    NewToken(Why),
    /// It was not: there were too many calls.
    WhenAllowed,
    /// It was not: nobody answers.
    WhenReachable(Why),
    /// It may have been.
    Unknown(Why),
}

/// The reason, in a word and in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Why {
    pub(crate) reason: &'static str,
    pub(crate) error: String,
}

impl Verdict {
    pub(crate) fn of(result: Result<Outcome, CallError>) -> Self {
        let error = match result {
            Ok(Outcome::Found(answer)) => return Self::Done(answer),
            Ok(Outcome::Gone(_)) => {
                let error = String::from("what was to be answered is gone, or the token may not see it");
                return Self::Refused(Why { reason: "gone", error });
            }
            Err(error) => error,
        };
        let why = Why { reason: error.class(), error: chain(&error) };
        if !error.is_undone() {
            return Self::Unknown(why);
        }
        match &error {
            CallError::Refused(refusal) => match refusal.class {
                RefusalClass::Token => Self::NewToken(why),
                RefusalClass::Throttled => Self::WhenAllowed,
                _ => Self::Refused(why),
            },
            _ => Self::WhenReachable(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use weir_graph::Refusal;

    fn of(class: RefusalClass) -> &'static str {
        let refusal = Refusal { class, status: 400, code: None, subcode: None, trace: None };
        word(Err(CallError::Refused(refusal)))
    }

    fn word(result: Result<Outcome, CallError>) -> &'static str {
        match Verdict::of(result) {
            Verdict::Done(_) => "done",
            Verdict::Refused(_) => "refused",
            Verdict::NewToken(_) => "new token",
            Verdict::WhenAllowed => "when allowed",
            Verdict::WhenReachable(_) => "when reachable",
            Verdict::Unknown(_) => "unknown",
        }
    }

    #[test]
    fn what_no_other_call_would_change_is_refused() {
        for class in [
            RefusalClass::WindowClosed,
            RefusalClass::NotReachable,
            RefusalClass::Permission,
            RefusalClass::Invalid,
            RefusalClass::Blocked,
            RefusalClass::Redirected,
        ] {
            assert_eq!(of(class), "refused", "{class:?}");
        }
        assert_eq!(word(Ok(Outcome::Gone(None))), "refused");
    }

    #[test]
    fn silence_and_metas_own_trouble_leave_it_open() {
        assert_eq!(of(RefusalClass::Transient), "unknown");
        assert_eq!(of(RefusalClass::Malformed), "unknown");
        assert_eq!(word(Err(CallError::TimedOut { limit: Duration::from_secs(1) })), "unknown");
        assert_eq!(word(Err(CallError::TooLarge { limit: 1 })), "unknown");
    }

    #[test]
    fn tokens_and_limits_may_change() {
        assert_eq!(of(RefusalClass::Token), "new token");
        assert_eq!(of(RefusalClass::Throttled), "when allowed");
    }
}
