//! What is known of commands by their results.

use super::*;
use schemas::reply::Action;

const WINDOW: Duration = Duration::from_secs(100);

fn result(id: &str, status: ResultStatus, attempt: u32, claim: &str) -> CommandResult<'static> {
    CommandResult {
        id: id.to_owned().into(),
        account: "1784".into(),
        action: Action::Message.into(),
        status: status.into(),
        at: "2025-07-18T10:35:13.000Z".into(),
        attempt,
        claim: (!claim.is_empty()).then(|| claim.to_owned().into()),
        answer: None,
        reason: None,
        error: None,
        partition: 3,
        offset: 42,
    }
}

fn ledger(results: &[(ResultStatus, u32, &str)]) -> Ledger {
    let mut ledger = Ledger::new(WINDOW, 3);
    for (status, attempt, claim) in results {
        ledger.record(&result("a", *status, *attempt, claim), 0, 0);
    }
    ledger
}

/// What is known of a command whose first attempt is this claim's.
fn intended(claim: &str) -> CommandState {
    CommandState::Intended { attempt: 1, position: (3, 42), claim: Some(claim.into()) }
}

use ResultStatus::{Done, Intended, Refused, Unknown};

#[test]
fn the_first_intent_of_an_attempt_owns_it() {
    let ledger = ledger(&[(Intended, 1, "one"), (Intended, 1, "two")]);
    assert_eq!(ledger.owner("1784/a", 1).as_deref(), Some("one"));
    assert_eq!(ledger.state("1784/a"), intended("one"));
    assert_eq!((ledger.owner("1784/a", 2), ledger.owner("1784/b", 1)), (None, None));
}

#[test]
fn a_result_ends_the_attempt_that_it_is_about() {
    for status in [Done, Refused, Unknown] {
        assert_eq!(ledger(&[(Intended, 1, "one"), (status, 1, "")]).state("1784/a"), CommandState::Ended);
    }
    let again = ledger(&[(Intended, 1, "one"), (Intended, 2, "two"), (Unknown, 1, "")]);
    assert!(matches!(again.state("1784/a"), CommandState::Intended { attempt: 2, .. }));
    assert_eq!(ledger(&[(Refused, 1, "")]).state("1784/a"), CommandState::Ended);
}

#[test]
fn an_end_is_not_undone_by_a_late_intent() {
    let ledger = ledger(&[(Intended, 1, "one"), (Done, 1, ""), (Intended, 1, "two")]);
    assert_eq!(ledger.state("1784/a"), CommandState::Ended);
    assert_eq!(ledger.owner("1784/a", 1).as_deref(), Some("one"));
}

#[test]
fn an_attempt_that_is_given_back_belongs_to_the_next_who_intends_it() {
    let given_back = [(Intended, 1, "one"), (Intended, 1, "late"), (Intended, 1, "given_back:one")];
    let mut ledger = ledger(&given_back);
    let nobodys = CommandState::Intended { attempt: 1, position: (3, 42), claim: None };
    assert_eq!(ledger.state("1784/a"), nobodys);
    assert_eq!((ledger.owner("1784/a", 1), ledger.is_owned_by("1784/a", 1, "one")), (None, false));
    for claim in ["two", "three", "given_back:one", "given_back:three"] {
        ledger.record(&result("a", Intended, 1, claim), 0, 0);
        assert_eq!(ledger.state("1784/a"), intended("two"), "after {claim}");
        assert!(ledger.is_owned_by("1784/a", 1, "two"));
    }
    ledger.record(&result("a", Done, 1, ""), 0, 0);
    assert!(!ledger.is_owned_by("1784/a", 1, "two"));
    ledger.record(&result("a", Intended, 1, "given_back:two"), 0, 0);
    assert_eq!(ledger.state("1784/a"), CommandState::Ended);
}

#[test]
fn nobody_begins_again_what_has_an_end_or_a_later_attempt() {
    let given_back = [(Intended, 1, "one"), (Intended, 1, "given_back:one")];
    let mut ended = ledger(&[&given_back[..], &[(Unknown, 1, ""), (Intended, 1, "two")]].concat());
    assert_eq!(ended.state("1784/a"), CommandState::Ended);
    assert_eq!(
        ended.owner("1784/a", 1).as_deref(),
        Some(""),
        "whoever waits for it hears that it is not theirs"
    );
    ended.record(&result("a", Intended, 2, "three"), 0, 0);
    assert!(ended.is_owned_by("1784/a", 2, "three"));
    ended.record(&result("a", Intended, 1, "four"), 0, 0);
    assert_eq!(ended.owner("1784/a", 1).as_deref(), Some("three"));
    assert_eq!(ledger(&[(Intended, 1, "given_back:one")]).state("1784/a"), CommandState::New);
}

#[test]
fn what_was_given_back_is_remembered_as_long_as_what_was_intended() {
    let mut ledger = ledger(&[(Intended, 1, "one"), (Intended, 1, "given_back:one")]);
    for id in ["b", "c", "d", "e"] {
        ledger.record(&result(id, Refused, 1, ""), 0, 0);
    }
    assert!(matches!(ledger.state("1784/a"), CommandState::Intended { claim: None, .. }));
    ledger.record(&result("a", Intended, 1, "two"), 50_000, 50_000);
    ledger.forget(100_001);
    assert_eq!(ledger.state("1784/a"), CommandState::New, "from its first intent on");
}

#[test]
fn what_became_of_another_record_of_the_same_id_ends_nothing() {
    let mut ledger = ledger(&[(Intended, 1, "one")]);
    ledger.record(&CommandResult { partition: 4, ..result("a", Refused, 1, "") }, 0, 0);
    assert_eq!(ledger.state("1784/a"), intended("one"));
}

#[test]
fn what_is_older_than_the_window_is_forgotten_and_nothing_younger_is() {
    let mut ledger = Ledger::new(WINDOW, 2);
    for (id, at) in [("a", 0), ("b", 100_000)] {
        ledger.record(&result(id, Intended, 1, "one"), at, at);
        ledger.record(&result(id, Done, 1, ""), at, at);
    }
    assert_eq!(ledger.state("1784/a"), CommandState::Ended);
    assert!(ledger.is_full());
    ledger.record(&result("c", Refused, 1, ""), 999_999, 100_001);
    let states = ["1784/a", "1784/b"].map(|name| ledger.state(name));
    assert_eq!(states, [CommandState::New, CommandState::Ended]);
    assert!(!ledger.is_full() && ledger.len() == 2);
    ledger.record(&result("d", Intended, 1, "one"), 100_002, 100_002);
    assert!(ledger.is_full());
    ledger.forget(200_001);
    assert!(!ledger.is_full(), "time alone makes room");
    ledger.forget(300_000);
    assert_eq!(ledger.len(), 0);
}

#[test]
fn what_is_read_back_behind_younger_ones_is_forgotten_at_its_age() {
    let now = 100_000;
    let mut ledger = Ledger::new(WINDOW, 4);
    for (id, at) in [("young", now), ("old", 0)] {
        ledger.record(&result(id, Intended, 1, "one"), at, now);
    }
    for (id, at) in [("young and refused", now), ("old and refused", 0)] {
        ledger.record(&result(id, Refused, 1, ""), at, now);
    }
    ledger.forget(now + 1);
    for id in ["old", "old and refused"] {
        assert_eq!(ledger.state(&name("1784", id)), CommandState::New, "{id}");
    }
    assert_eq!(ledger.len(), 2);
}

#[test]
fn refused_commands_make_room_and_never_fill_it() {
    let mut ledger = Ledger::new(WINDOW, 3);
    ledger.record(&result("a", Intended, 1, "one"), 0, 0);
    for id in ["b", "c", "d"] {
        ledger.record(&result(id, Refused, 1, ""), 0, 0);
    }
    assert!(!ledger.is_full() && ledger.len() == 3);
    let states = ["b", "c", "d"].map(|id| ledger.state(&name("1784", id)));
    assert_eq!(states, [CommandState::New, CommandState::Ended, CommandState::Ended]);
    // Refused after it was intended: Meta was asked, so that it is remembered.
    for id in ["e", "f"] {
        ledger.record(&result(id, Intended, 1, "one"), 0, 0);
        ledger.record(&result(id, Refused, 1, ""), 0, 0);
    }
    assert!(ledger.is_full() && ledger.len() == 3);
    assert_eq!(ledger.state("1784/e"), CommandState::Ended);
}
