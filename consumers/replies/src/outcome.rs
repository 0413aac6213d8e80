//! What a call that carries a command out came to: the table from answers to results.

use runtime::process::chain;
use schemas::reply::{Action, Open};
use serde_json::value::RawValue;
use weir_graph::{CallError, Refusal, RefusalClass, Said, Written};

/// What is known after a call.
#[derive(Debug)]
pub(crate) enum CallOutcome {
    /// It was carried out; with what the Graph API answered, but for an error that says so.
    Done(Option<Box<RawValue>>),
    /// It was not, and another call would not change that.
    Refused(Cause),
    /// It was not: the token is of no use, and another one may be there.
    TokenRefused(Cause),
    /// It was not: there were too many calls.
    Throttled,
    /// It was not: nobody answers, or Meta asks to try again later.
    TryLater(Cause),
    /// It may have been.
    Unknown(Cause),
}

/// Why a command is not carried out, or nobody knows whether it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// In a word of a closed set.
    pub reason: &'static str,
    /// In a sentence, without people's words.
    pub error: String,
}

impl CallOutcome {
    pub(crate) fn of(result: Result<Written, CallError>) -> Self {
        let error = match result {
            Ok(Written::Done(Some(answer))) if Said::of(&answer) == Said::NotDone => {
                let error = String::from("the Graph API answered that it did not do it");
                return Self::Refused(Cause { reason: "no_success", error });
            }
            Ok(Written::Done(answer)) => return Self::Done(answer),
            Ok(Written::Gone) => {
                let error = String::from("what was to be answered is gone, or the token may not see it");
                return Self::Refused(Cause { reason: "gone", error });
            }
            Err(error) => error,
        };
        let cause = Cause { reason: error.class(), error: chain(&error) };
        if !error.is_undone() {
            return Self::Unknown(cause);
        }
        match &error {
            CallError::Refused(refusal) => match refusal.class {
                RefusalClass::Token => Self::TokenRefused(cause),
                RefusalClass::Throttled => Self::Throttled,
                RefusalClass::TryLater => Self::TryLater(cause),
                _ => Self::Refused(cause),
            },
            _ => Self::TryLater(cause),
        }
    }
}

/// An answer that says none of what Meta documents of its action is nobody knows whose, and so is one about another person than the
/// command of this key is to. Of reactions Meta documents no answer.
pub(crate) fn documented(
    result: Result<Written, CallError>,
    action: &Open<Action>,
    key: &str,
) -> Result<Written, CallError> {
    let person = match action {
        Open::Known(Action::Message | Action::SenderAction) => key.split_once(':').map(|(_, person)| person),
        _ => None,
    };
    let is_of_another = |answer| person.is_some_and(|person| Said::is_of_another(answer, person));
    match result {
        Ok(Written::Done(Some(answer)))
            if *action != Open::Known(Action::Reaction)
                && (Said::of(&answer) == Said::Nothing || is_of_another(&answer)) =>
        {
            Err(CallError::Refused(Refusal::malformed()))
        }
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn of(class: RefusalClass) -> &'static str {
        let refusal =
            Refusal { class, status: 400, code: None, subcode: None, trace: None, is_of_app_secret: false };
        word(Err(CallError::Refused(refusal)))
    }

    fn word(result: Result<Written, CallError>) -> &'static str {
        match CallOutcome::of(result) {
            CallOutcome::Done(_) => "done",
            CallOutcome::Refused(_) => "refused",
            CallOutcome::TokenRefused(_) => "token refused",
            CallOutcome::Throttled => "throttled",
            CallOutcome::TryLater(_) => "try later",
            CallOutcome::Unknown(_) => "unknown",
        }
    }

    #[test]
    fn what_no_other_call_would_change_is_refused() {
        for class in [
            RefusalClass::WindowClosed,
            RefusalClass::NotReachable,
            RefusalClass::ThreadControl,
            RefusalClass::Permission,
            RefusalClass::Invalid,
            RefusalClass::Blocked,
            RefusalClass::Redirected,
        ] {
            assert_eq!(of(class), "refused", "{class:?}");
        }
        assert_eq!(word(Ok(Written::Gone)), "refused");
    }

    #[test]
    fn what_meta_does_not_say_it_did_is_not_done() {
        let of = |answer: &str, action| {
            let answer = RawValue::from_string(answer.to_owned()).unwrap();
            word(documented(Ok(Written::Done(Some(answer))), &Open::Known(action), "1784:42"))
        };
        for (answer, expected) in [
            (r#"{"success":false}"#, "refused"),
            (r#"{"success":true}"#, "done"),
            (r#"{"success":"false"}"#, "unknown"),
            (r#"{"message_id":"m"}"#, "done"),
            (r#"{"result":"a page of a gateway"}"#, "unknown"),
            ("{}", "unknown"),
            (r#"{"recipient_id":"42","message_id":"m"}"#, "done"),
            (r#"{"recipient_id":"999999","message_id":"m.other"}"#, "unknown"),
        ] {
            assert_eq!(of(answer, Action::Message), expected, "{answer}");
        }
        assert_eq!(
            [of("{}", Action::Reaction), of(r#"{"success":false}"#, Action::Reaction)],
            ["done", "refused"]
        );
        let of_a_comment = of(r#"{"recipient_id":"17","message_id":"m"}"#, Action::PrivateReply);
        assert_eq!(of_a_comment, "done", "a private reply names a comment, and its answer the person");
        assert_eq!(word(Ok(Written::Done(None))), "done");
    }

    #[test]
    fn silence_and_metas_own_trouble_leave_it_open() {
        assert_eq!(of(RefusalClass::Transient), "unknown");
        assert_eq!(of(RefusalClass::UnknownCode), "unknown");
        assert_eq!(of(RefusalClass::Malformed), "unknown");
        assert_eq!(word(Err(CallError::TimedOut { limit: Duration::from_secs(1) })), "unknown");
        assert_eq!(word(Err(CallError::TooLarge { limit: 1 })), "unknown");
    }

    #[test]
    fn tokens_and_limits_may_change() {
        assert_eq!(of(RefusalClass::Token), "token refused");
        assert_eq!(of(RefusalClass::Throttled), "throttled");
        assert_eq!(of(RefusalClass::TryLater), "try later");
    }
}
