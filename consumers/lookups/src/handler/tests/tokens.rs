//! Whose token a call carries, and what becomes of one that is refused.

use super::bench::*;
use crate::lookup::WithoutToken;
use runtime::consumer::{Failure, Record, Wait};
use std::fs;
use std::time::Duration;
use tokio::time::timeout;
use weir_graph_simulator::Behaviour;

#[tokio::test]
async fn an_account_without_a_token_is_told_which_file_to_add() {
    let bench = Bench::new().await;
    fs::remove_file(bench.folder.path().join("default")).unwrap();
    bench.reread();
    let (reason, error) = reason(&bench, &one("comment/on-post")).await;
    assert_eq!(reason, "no_token");
    assert!(error.contains(&*bench.folder.path().join(ACCOUNT).to_string_lossy()), "{error}");
    assert_eq!(bench.simulator.calls(), []);
}

#[tokio::test]
async fn an_account_without_a_token_waits_where_that_is_set_and_goes_on_with_the_token() {
    let bench = Bench::with(|settings| settings.retries.without_token = WithoutToken::Wait).await;
    fs::remove_file(bench.folder.path().join("default")).unwrap();
    bench.reread();
    let input = one("comment/on-post");
    bench.waits(&input, Wait::Credential).await;
    fs::write(bench.folder.path().join(ACCOUNT), "EAAown").unwrap();
    bench.reread();
    assert_eq!(lookup(&input, &bench.handle(&input).await.unwrap())["status"], "found");
}

#[tokio::test]
async fn a_call_carries_the_accounts_token_as_its_file_is_now() {
    let bench = Bench::new().await;
    let input = one("comment/on-post");
    bench.handle(&input).await.unwrap();
    fs::write(bench.folder.path().join(ACCOUNT), "EAAown").unwrap();
    bench.reread();
    bench.handle(&input).await.unwrap();
    let tokens: Vec<_> = bench.simulator.calls().into_iter().filter_map(|call| call.token).collect();
    assert_eq!(tokens, ["EAAdefault", "EAAown"]);
}

#[tokio::test]
async fn a_refused_token_stops_its_own_calls_alone_until_its_file_changes() {
    let bench = Bench::new().await;
    fs::write(bench.folder.path().join(ACCOUNT), "EAAown").unwrap();
    bench.reread();
    bench.simulator.refuse_token("EAAown");
    let input = one("comment/on-post");
    assert_eq!(reason(&bench, &input).await.0, "token");
    assert_eq!(bench.counted("weir_graph_token_refused", ACCOUNT).to_string(), "1");
    assert_eq!(reason(&bench, &input).await.0, "token");
    assert_eq!(bench.simulator.calls().len(), 1, "a token that is known to be refused is not tried again");
    let other = record_of(&input, ACCOUNT, "17841400000000000");
    assert_eq!(lookup(&other, &bench.handle(&other).await.unwrap())["status"], "found");
    fs::write(bench.folder.path().join(ACCOUNT), "EAAnew").unwrap();
    bench.reread();
    assert_eq!(lookup(&input, &bench.handle(&input).await.unwrap())["status"], "found");
    assert_eq!(bench.counted("weir_graph_token_refused", ACCOUNT).to_string(), "0");
}

#[tokio::test]
async fn a_token_that_was_replaced_in_time_is_tried_once_more() {
    let bench = Bench::new().await;
    bench.simulator.refuse_token("EAAdefault");
    fs::write(bench.folder.path().join("default"), "EAAnew").unwrap();
    let input = one("comment/on-post");
    assert_eq!(lookup(&input, &bench.handle(&input).await.unwrap())["status"], "found");
    assert_eq!(bench.simulator.calls().len(), 2);
}

#[tokio::test]
async fn the_wait_for_a_token_is_no_time_for_which_calls_failed() {
    let patience = Duration::from_secs(1);
    let bench = Bench::with(|settings| {
        settings.retries.without_token = WithoutToken::Wait;
        settings.retries.lookup_patience = patience;
    })
    .await;
    let input = Record { topic: "meta.comments.v1".into(), ..one("mention.comment/array-form") };
    // The call names both: it fails once for the account, then its token is refused for the comment.
    bench.simulator.misbehave_times(ACCOUNT, Behaviour::error(2, None), 1);
    bench.simulator.misbehave_times("17894227972186120", Behaviour::error(190, Some(463)), 1);
    bench.waits(&input, Wait::Credential).await;
    let waits = timeout(patience, bench.handle(&input)).await;
    assert!(waits.is_err(), "{waits:?}");
    bench.simulator.misbehave_times(ACCOUNT, Behaviour::error(2, None), 1);
    fs::write(bench.folder.path().join("default"), "EAAnew").unwrap();
    bench.reread();
    assert_eq!(lookup(&input, &bench.handle(&input).await.unwrap())["status"], "found");
}

/// Whether the dead letter of a record is one of those in a row that stop the consumer, and its reason.
async fn counts(bench: &Bench, record: &Record) -> (bool, &'static str) {
    match bench.handle(record).await.unwrap_err() {
        Failure::Reject { reason, .. } => (true, reason),
        Failure::RejectUncounted { reason, .. } => (false, reason),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_token_that_one_account_lacks_counts_only_where_nobody_is_answered() {
    let bench = Bench::new().await;
    let (input, other) = (one("comment/on-post"), "17841400000000000");
    let of_other = record_of(&input, ACCOUNT, other);
    fs::remove_file(bench.folder.path().join("default")).unwrap();
    fs::write(bench.folder.path().join(other), "EAAother").unwrap();
    bench.reread();
    assert_eq!(counts(&bench, &input).await, (true, "no_token"), "that a token is there shows nothing");
    bench.handle(&of_other).await.unwrap();
    assert_eq!(counts(&bench, &input).await, (false, "no_token"));
    fs::write(bench.folder.path().join(ACCOUNT), "EAArefused").unwrap();
    bench.reread();
    bench.simulator.refuse_token("EAArefused");
    assert_eq!(counts(&bench, &input).await, (false, "token"));
    bench.simulator.refuse_token("EAAother");
    assert_eq!(counts(&bench, &of_other).await, (true, "token"));
    assert_eq!(counts(&bench, &input).await, (true, "token"), "nobody is answered any more");
}

#[tokio::test]
async fn a_permission_of_one_account_counts_only_where_nobody_is_answered() {
    let bench = Bench::new().await;
    let (input, other) = (one("comment/on-post"), "17841400000000000");
    fs::write(bench.folder.path().join(ACCOUNT), "EAAown").unwrap();
    bench.reread();
    bench.simulator.misbehave("17865799348089039", Behaviour::error(200, None));
    assert_eq!(counts(&bench, &input).await, (true, "permission"));
    let answered = record_of(&input, "17865799348089039", "17865799348089040");
    bench.handle(&record_of(&answered, ACCOUNT, other)).await.unwrap();
    assert_eq!(counts(&bench, &input).await, (false, "permission"));
    assert_eq!(counts(&bench, &record_of(&input, ACCOUNT, other)).await, (true, "permission"));
}
