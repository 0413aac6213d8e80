//! What this process knows of the claims under which it intended commands: pure.
//!
//! The results topic says whose an attempt is, and no more: not whether its owner made a call before it was dropped with its partition,
//! nor what came of it where the result was lost on its way. This process does, as long as it lives. A claim that is given back makes
//! no call from then on, whoever still holds it.

use crate::ledger::{CommandState, Ledger};
use runtime::consumer::Output;
use std::collections::VecDeque;

/// More than there are commands under way in all partitions of a process: what is older is forgotten, and then nobody knows.
const MOST: usize = 4_096;

/// The claims of this process whose commands have no result in the topic yet, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Claims(VecDeque<Claim>);

#[derive(Debug)]
struct Claim {
    /// The word of chance.
    word: String,
    /// Of the command.
    name: String,
    step: Step,
}

#[derive(Debug)]
enum Step {
    /// No call was made, or none that did anything.
    NotCalled,
    /// It may have done something.
    Called,
    /// None was made, and none will be.
    GivenBack,
    Ended(AttemptEnd),
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub(crate) struct AttemptEnd {
    pub(crate) result: Output,
    pub(crate) is_unknown: bool,
}

/// What is known of an attempt that nobody is at work on any more.
#[derive(Debug)]
pub(crate) enum AttemptStatus {
    /// Nothing was done, and nothing will be under that claim.
    Undone,
    Ended(AttemptEnd),
    /// It is another process's, or was dropped amid its call.
    Unknown,
}

impl Claims {
    /// Remembers that the command of this [name](crate::ledger::name) is about to be intended under this claim; false where it was
    /// called or given back, or has ended. Of those that were given back before it the last one alone is remembered still, `before`.
    pub(crate) fn intend(&mut self, claim: &str, before: Option<&str>, name: &str, ledger: &Ledger) -> bool {
        if let Some(step) = self.step(claim) {
            return matches!(step, Step::NotCalled);
        }
        // What has a result needs none of this process's.
        let is_former = |claim: &Claim| {
            claim.name == name && matches!(claim.step, Step::GivenBack) && before != Some(&*claim.word)
        };
        self.0.retain(|claim| !is_former(claim) && ledger.state(&claim.name) != CommandState::Ended);
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(Claim { word: claim.to_owned(), name: name.to_owned(), step: Step::NotCalled });
        true
    }

    /// Whether a call may be made under this claim, which counts as made then.
    pub(crate) fn call(&mut self, claim: &str) -> bool {
        let step = self.step(claim).filter(|step| matches!(step, Step::NotCalled));
        step.map(|step| *step = Step::Called).is_some()
    }

    /// The call certainly did nothing.
    pub(crate) fn undone(&mut self, claim: &str) {
        if let Some(step @ Step::Called) = self.step(claim) {
            *step = Step::NotCalled;
        }
    }

    /// Whether the attempt is this claim's to end, and ends so.
    pub(crate) fn end(&mut self, claim: &str, end: AttemptEnd) -> bool {
        let step = self.step(claim).filter(|step| !matches!(step, Step::GivenBack));
        step.map(|step| *step = Step::Ended(end)).is_some()
    }

    /// Whether no call was made under this claim; then none is from now on.
    pub(crate) fn give_back(&mut self, claim: &str) -> bool {
        matches!(self.status(claim), AttemptStatus::Undone)
    }

    /// What is known of the attempt of this claim, which nobody goes on with any more.
    pub(crate) fn status(&mut self, claim: &str) -> AttemptStatus {
        match self.step(claim) {
            Some(step @ (Step::NotCalled | Step::GivenBack)) => {
                *step = Step::GivenBack;
                AttemptStatus::Undone
            }
            Some(Step::Ended(end)) => AttemptStatus::Ended(end.clone()),
            Some(Step::Called) | None => AttemptStatus::Unknown,
        }
    }

    fn step(&mut self, claim: &str) -> Option<&mut Step> {
        // Mostly it is among the last.
        self.0.iter_mut().rev().find(|known| known.word == claim).map(|known| &mut known.step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::reply::{Action, CommandResult, ResultStatus};
    use std::sync::Arc;
    use std::time::Duration;

    fn ledger() -> Ledger {
        Ledger::new(Duration::from_secs(100), 10)
    }

    fn claims(named: &[&str]) -> Claims {
        let mut claims = Claims::default();
        for claim in named {
            assert!(claims.intend(claim, None, &format!("1784/{claim}"), &ledger()));
        }
        claims
    }

    fn end() -> AttemptEnd {
        let result =
            Output { topic: Arc::from("results"), key: None, value: b"{}".to_vec(), headers: Vec::new() };
        AttemptEnd { result, is_unknown: false }
    }

    #[test]
    fn what_is_given_back_is_neither_called_nor_ended_by_whoever_still_holds_it() {
        let mut claims = claims(&["a"]);
        assert!(matches!(claims.status("a"), AttemptStatus::Undone));
        assert!(!claims.call("a") && !claims.end("a", end()));
        claims.undone("a");
        assert!(!claims.intend("a", None, "1784/a", &ledger()), "nor intended again");
        assert!(!claims.call("a") && claims.give_back("a"), "it stays given back");
    }

    #[test]
    fn of_what_was_given_back_the_last_alone_is_remembered() {
        let mut claims = claims(&["other"]);
        assert!(claims.give_back("other"));
        for (claim, before) in [("a", None), ("b", Some("a")), ("c", Some("b"))] {
            assert!(claims.intend(claim, before, "1784/one", &ledger()) && claims.give_back(claim));
        }
        assert!(!claims.give_back("a") && claims.give_back("b") && claims.give_back("other"));
        assert!(claims.intend("d", Some("c"), "1784/one", &ledger()));
        assert_eq!(claims.0.len(), 3, "of another command, and two of this one");
        assert!(!claims.call("a") && !claims.call("c") && claims.call("d"));
    }

    #[test]
    fn what_is_called_is_not_given_back_unless_it_did_nothing() {
        let mut claims = claims(&["a"]);
        assert!(claims.call("a") && !claims.call("a"), "once");
        assert!(!claims.give_back("a") && matches!(claims.status("a"), AttemptStatus::Unknown));
        claims.undone("a");
        assert!(claims.call("a"));
        claims.undone("a");
        assert!(claims.give_back("a") && !claims.call("a"));
    }

    #[test]
    fn what_has_ended_ends_so_and_is_not_called_again() {
        let mut claims = claims(&["a"]);
        assert!(claims.call("a") && claims.end("a", end()));
        claims.undone("a");
        assert!(!claims.call("a") && !claims.give_back("a"));
        assert!(matches!(claims.status("a"), AttemptStatus::Ended(AttemptEnd { is_unknown: false, .. })));
    }

    #[test]
    fn of_others_nothing_is_known_and_nothing_is_called() {
        let mut claims = claims(&[]);
        assert!(matches!(claims.status("b"), AttemptStatus::Unknown));
        assert!(!claims.call("b") && !claims.end("b", end()) && !claims.give_back("b"));
    }

    #[test]
    fn what_has_a_result_is_forgotten_and_all_else_has_a_bound() {
        let (mut claims, mut ledger) = (claims(&["a", "b"]), ledger());
        let done = |status: ResultStatus, claim: Option<&'static str>| CommandResult {
            id: "a".into(),
            account: "1784".into(),
            action: Action::Message.into(),
            status: status.into(),
            at: "2025-07-18T10:35:13.000Z".into(),
            attempt: 1,
            claim: claim.map(Into::into),
            answer: None,
            reason: None,
            error: None,
            partition: 3,
            offset: 42,
        };
        ledger.record(&done(ResultStatus::Intended, Some("a")), 0, 0);
        assert!(claims.intend("c", None, "1784/c", &ledger));
        assert_eq!(claims.0.len(), 3, "it is under way");
        ledger.record(&done(ResultStatus::Done, None), 0, 0);
        assert!(claims.intend("d", None, "1784/d", &ledger));
        assert!(claims.0.len() == 3 && !claims.call("a"));
        for number in 0..MOST {
            assert!(claims.intend(&format!("more-{number}"), None, "1784/more", &ledger));
        }
        assert!(claims.0.len() == MOST && !claims.call("d") && claims.call("more-0"));
    }
}
