//! What becomes of an event whose lookup came to nothing: the table from what went wrong to what is done.

use crate::graph::{CallError, RefusalClass};
use runtime::consumer::Failure;
use runtime::process::chain;
use std::time::Duration;

/// Meta counts calls over a rolling hour, so that some are free again after a minute.
const THROTTLED_WAIT: Duration = Duration::from_mins(1);
/// A block is lifted by people or after hours; asking on prolongs it.
const BLOCKED_WAIT: Duration = Duration::from_mins(15);

/// The failure that the consumer loop acts on.
///
/// Rejected events go to the dead letters with the class as reason; retried ones do so after a few attempts;
/// unavailable ones wait, and the events behind them, so that order is kept.
pub fn failure(error: &CallError) -> Failure {
    let text = chain(error);
    match error {
        CallError::Refused(refusal) => match refusal.class {
            RefusalClass::Token | RefusalClass::Permission | RefusalClass::Invalid => {
                Failure::Reject { reason: refusal.class.as_str(), error: text }
            }
            RefusalClass::Throttled => Failure::Unavailable { error: text, wait: Some(THROTTLED_WAIT) },
            RefusalClass::Blocked => Failure::Unavailable { error: text, wait: Some(BLOCKED_WAIT) },
            RefusalClass::Transient | RefusalClass::Malformed | RefusalClass::Redirected => {
                Failure::Retry { error: text }
            }
        },
        CallError::Unreachable { .. } | CallError::TimedOut { .. } => {
            Failure::Unavailable { error: text, wait: None }
        }
        CallError::Interrupted { .. } => Failure::Retry { error: text },
        CallError::TooLarge { .. } => Failure::Reject { reason: error.class(), error: text },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Refusal;

    fn refused(class: RefusalClass) -> Failure {
        failure(&CallError::Refused(Refusal { class, status: 400, code: None, subcode: None, trace: None }))
    }

    #[test]
    fn tokens_permissions_and_invalid_calls_are_dead_letters() {
        for (class, word) in [
            (RefusalClass::Token, "token"),
            (RefusalClass::Permission, "permission"),
            (RefusalClass::Invalid, "invalid_call"),
        ] {
            let Failure::Reject { reason, error } = refused(class) else {
                panic!("{class:?} is no dead letter")
            };
            assert_eq!(reason, word);
            assert!(error.starts_with("the Graph API answered 400: "), "{error}");
        }
    }

    #[test]
    fn throttling_waits_and_a_block_waits_longer() {
        let wait = |class| match refused(class) {
            Failure::Unavailable { wait, .. } => wait,
            other => panic!("{other:?}"),
        };
        assert!(wait(RefusalClass::Throttled) < wait(RefusalClass::Blocked));
        assert!(wait(RefusalClass::Throttled).is_some());
    }

    #[test]
    fn transient_and_odd_answers_are_tried_again() {
        for class in [RefusalClass::Transient, RefusalClass::Malformed, RefusalClass::Redirected] {
            assert!(matches!(refused(class), Failure::Retry { .. }), "{class:?}");
        }
    }

    #[test]
    fn silence_waits_and_too_much_is_a_dead_letter() {
        let silence = CallError::TimedOut { limit: Duration::from_secs(10) };
        assert!(matches!(failure(&silence), Failure::Unavailable { wait: None, .. }));
        let flood = failure(&CallError::TooLarge { limit: 1024 });
        assert!(matches!(flood, Failure::Reject { reason: "answer_too_large", .. }));
    }
}
