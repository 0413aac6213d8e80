//! What becomes of a lookup that came to nothing: the table from what went wrong to what is done.

use weir_graph::{CallError, RefusalClass};

/// "User consent is required to access user profile".
const CONSENT: i64 = 230;
/// Its reason.
pub(crate) const NO_CONSENT: &str = "no_consent";

/// What to do about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing helps: a dead letter, with this reason.
    GiveUp(&'static str),
    /// The token is of no use: another one may be there, or come.
    NewToken,
    /// Too many calls: when to go on is for [`weir_graph::RateLimiter`] to say.
    WhenAllowed,
    /// It may work another time, unless it is this very call that never does.
    Again,
    /// Nobody answers; it cannot be this call's fault.
    WhenReachable,
    /// Alone, as the batch was too slow for it.
    Alone,
}

/// The class of an error, by Meta's page on error handling, decides.
pub(crate) const fn next(error: &CallError) -> Next {
    match error {
        CallError::Refused(refusal) => match refusal.class {
            RefusalClass::Token => Next::NewToken,
            RefusalClass::Throttled | RefusalClass::Blocked => Next::WhenAllowed,
            RefusalClass::Transient
            | RefusalClass::TryLater
            | RefusalClass::UnknownCode
            | RefusalClass::Malformed
            | RefusalClass::Redirected => Next::Again,
            // Of the User Profile API on Instagram; of a page's it is a permission that is missing.
            RefusalClass::Permission if matches!(refusal.code, Some(CONSENT)) => Next::GiveUp(NO_CONSENT),
            RefusalClass::Permission
            | RefusalClass::Invalid
            | RefusalClass::WindowClosed
            | RefusalClass::ThreadControl
            | RefusalClass::NotReachable => Next::GiveUp(refusal.class.as_str()),
        },
        CallError::Unreachable { .. } => Next::WhenReachable,
        CallError::TimedOut { .. } | CallError::Interrupted { .. } => Next::Again,
        CallError::Unanswered => Next::Alone,
        CallError::TooLarge { .. } => Next::GiveUp(error.class()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use weir_graph::Refusal;

    fn refused(class: RefusalClass) -> Next {
        next(&CallError::Refused(of(class, None)))
    }

    fn of(class: RefusalClass, code: Option<i64>) -> Refusal {
        Refusal { class, status: 400, code, subcode: None, trace: None, is_of_app_secret: false }
    }

    #[test]
    fn every_class_of_refusal_has_its_consequence() {
        for (class, expected) in [
            (RefusalClass::Permission, Next::GiveUp("permission")),
            (RefusalClass::Invalid, Next::GiveUp("invalid_call")),
            (RefusalClass::Token, Next::NewToken),
            (RefusalClass::Throttled, Next::WhenAllowed),
            (RefusalClass::Blocked, Next::WhenAllowed),
            (RefusalClass::Transient, Next::Again),
            (RefusalClass::TryLater, Next::Again),
            (RefusalClass::UnknownCode, Next::Again),
            (RefusalClass::ThreadControl, Next::GiveUp("thread_control")),
            (RefusalClass::Malformed, Next::Again),
            (RefusalClass::Redirected, Next::Again),
        ] {
            assert_eq!(refused(class), expected, "{class:?}");
        }
    }

    #[test]
    fn a_consent_that_is_missing_is_told_from_a_permission() {
        let next_of = |code| next(&CallError::Refused(of(RefusalClass::Permission, Some(code))));
        assert_eq!(next_of(230), Next::GiveUp("no_consent"));
        assert_eq!(next_of(200), Next::GiveUp("permission"));
    }

    #[test]
    fn silence_is_tried_again_and_too_much_is_a_dead_letter() {
        assert_eq!(next(&CallError::TimedOut { limit: Duration::from_secs(10) }), Next::Again);
        assert_eq!(next(&CallError::Unanswered), Next::Alone);
        assert_eq!(next(&CallError::TooLarge { limit: 1024 }), Next::GiveUp("answer_too_large"));
    }
}
