//! What fails is tried again, waits, or is a dead letter with the reason.

use super::bench::*;
use crate::handler::*;
use runtime::consumer::Wait;
use std::fs;
use std::time::Duration;
use weir_graph::GraphId;
use weir_graph_simulator::Behaviour;

#[tokio::test]
async fn what_nobody_can_mend_is_a_dead_letter_with_the_reason() {
    let bench = Bench::new().await;
    let input = one("comment/on-post");
    for (code, expected) in [(10, "permission"), (200, "permission"), (100, "invalid_call")] {
        bench.simulator.misbehave("17865799348089039", Behaviour::error(code, None));
        assert_eq!(reason(&bench, &input).await.0, expected, "{code}");
    }
    bench.simulator.misbehave("17865799348089039", Behaviour::Oversized { bytes: 600_000 });
    assert_eq!(reason(&bench, &input).await.0, "answer_too_large");
}

#[tokio::test]
async fn throttling_waits_and_goes_on() {
    let stop = Duration::from_secs(1);
    let bench = Bench::with(|settings| settings.graph.rate_limit.graph_stop_for = stop).await;
    bench.simulator.misbehave_times("17865799348089039", Behaviour::error(4, None), 1);
    let input = one("comment/on-post");
    let started = Instant::now();
    bench.waits(&input, Wait::AppLimit).await;
    assert_eq!(lookup(&input, &bench.handle(&input).await.unwrap())["status"], "found");
    assert!(started.elapsed() >= stop);
    assert_eq!(bench.simulator.calls().len(), 2);
}

#[tokio::test]
async fn calls_stop_at_95_percent_before_meta_refuses_one() {
    let bench =
        Bench::with(|settings| settings.graph.rate_limit.graph_stop_for = Duration::from_mins(1)).await;
    bench.simulator.say_usage("X-Business-Use-Case-Usage", r#"{"1784":[{"call_count":95}]}"#);
    let input = one("comment/on-post");
    bench.handle(&input).await.unwrap();
    bench.waits(&input, Wait::AccountLimit).await;
    assert_eq!(bench.simulator.calls().len(), 1);
    assert_eq!(bench.counted("weir_graph_usage_percent", "call_count").to_string(), "95");
    let waiting = |family: &prometheus::proto::MetricFamily| family.name() == "weir_lookups_held";
    assert!(bench.registry.gather().iter().any(waiting));
}

/// A bench whose account is limited for so many minutes after its next call, with a token of this name.
async fn limited(minutes: u64, token: &str) -> Bench {
    let bench =
        Bench::with(|settings| settings.retries.lookup_limit_patience = Duration::from_mins(12)).await;
    fs::write(bench.folder.path().join(token), "EAAown\n").unwrap();
    bench.reread();
    let usage = format!(r#"{{"1784":[{{"call_count":100,"estimated_time_to_regain_access":{minutes}}}]}}"#);
    bench.simulator.say_usage("X-Business-Use-Case-Usage", &usage);
    bench.handle(&one("comment/on-post")).await.unwrap();
    bench
}

fn next() -> Record {
    record_of(&one("comment/on-post"), "17865799348089039", "17865799348089038")
}

#[tokio::test]
async fn an_accounts_own_limit_is_waited_for_as_long_as_it_may_hold_others() {
    limited(11, ACCOUNT).await.waits(&next(), Wait::AccountLimit).await;
    let failure = limited(13, ACCOUNT).await.handle(&next()).await.unwrap_err();
    let Failure::RejectUncounted { reason: "throttled", error } = failure else { panic!("{failure:?}") };
    assert!(error.contains(ACCOUNT), "{error}");
}

#[tokio::test]
async fn what_an_account_has_held_its_partition_for_counts_until_it_is_answered() {
    let bench = limited(11, ACCOUNT).await;
    let account = GraphId::parse(ACCOUNT).unwrap();
    bench.limit_waits.lock().await.add(&account, Instant::now(), Duration::from_mins(2));
    let failure = bench.handle(&next()).await.unwrap_err();
    assert!(matches!(failure, Failure::RejectUncounted { reason: "throttled", .. }), "{failure:?}");
    bench.limit_waits.lock().await.answered(&account, Instant::now());
    bench.waits(&next(), Wait::AccountLimit).await;
}

#[tokio::test]
async fn an_answer_from_before_a_limit_leaves_what_was_waited_for_it() {
    let bench =
        Bench::with(|settings| settings.retries.lookup_limit_patience = Duration::from_mins(12)).await;
    fs::write(bench.folder.path().join(ACCOUNT), "EAAown\n").unwrap();
    bench.reread();
    let usage = r#"{"1784":[{"call_count":100,"estimated_time_to_regain_access":11}]}"#;
    bench.simulator.say_usage("X-Business-Use-Case-Usage", usage);
    // Looked up ahead of its turn; its answer says that the limit is reached.
    let ahead = one("comment/on-post");
    bench.ends(&ahead).await;
    bench.waits(&next(), Wait::AccountLimit).await;
    let account = GraphId::parse(ACCOUNT).unwrap();
    bench.limit_waits.lock().await.add(&account, Instant::now(), Duration::from_mins(2));
    assert_eq!(lookup(&ahead, &bench.handle(&ahead).await.unwrap())["status"], "found");
    let failure = bench.handle(&next()).await.unwrap_err();
    assert!(matches!(failure, Failure::RejectUncounted { reason: "throttled", .. }), "{failure:?}");
}

#[tokio::test]
async fn an_accounts_limit_is_its_own_where_it_shares_its_token_too() {
    let failure = limited(13, "default").await.handle(&next()).await.unwrap_err();
    assert!(matches!(failure, Failure::RejectUncounted { reason: "throttled", .. }), "{failure:?}");
}

#[tokio::test]
async fn a_block_holds_the_partition_no_longer_than_a_limit_where_the_token_is_shared_too() {
    let bench =
        Bench::with(|settings| settings.retries.lookup_limit_patience = Duration::from_mins(12)).await;
    bench.simulator.misbehave("17865799348089039", Behaviour::error(368, None));
    let failure = bench.handle(&one("comment/on-post")).await.unwrap_err();
    let Failure::RejectUncounted { reason: "throttled", error } = failure else { panic!("{failure:?}") };
    assert!(error.contains("blocked a call of this account"), "{error}");
}

#[tokio::test]
async fn the_limit_of_a_user_whose_token_accounts_share_is_waited_for_without_end() {
    let bench = Bench::with(|settings| settings.retries.lookup_limit_patience = Duration::ZERO).await;
    bench.simulator.misbehave("17865799348089038", Behaviour::error(17, None));
    let input = record_of(&one("comment/on-post"), "17865799348089039", "17865799348089038");
    bench.waits(&input, Wait::AccountLimit).await;
    let waits = tokio::time::timeout(Duration::from_millis(200), bench.handle(&input)).await;
    assert!(waits.is_err(), "{waits:?}");
}

#[tokio::test]
async fn the_limit_of_the_app_is_waited_for_without_end() {
    let bench =
        Bench::with(|settings| settings.retries.lookup_limit_patience = Duration::from_mins(12)).await;
    bench.simulator.say_usage("X-App-Usage", r#"{"call_count":100}"#);
    bench.simulator.misbehave("17865799348089038", Behaviour::error(4, None));
    let input = one("comment/on-post");
    bench.handle(&input).await.unwrap();
    let next = record_of(&input, "17865799348089039", "17865799348089038");
    bench.waits(&next, Wait::AppLimit).await;
}

#[tokio::test]
async fn a_call_that_always_fails_becomes_a_dead_letter_while_other_calls_are_answered() {
    let bench = Bench::with(|settings| settings.retries.hopeless_after = Duration::from_millis(50)).await;
    for behaviour in [
        Behaviour::error(2, None),
        Behaviour::Answer { status: 503, body: String::from("<html>") },
        Behaviour::CutOff,
        Behaviour::Redirect { to: String::from("http://169.254.169.254/latest/meta-data") },
    ] {
        bench.simulator.misbehave("17865799348089039", behaviour);
        let input = one("comment/on-post");
        let other = record_of(&input, "17865799348089039", "17865799348089038");
        let others = async {
            loop {
                bench.handle_beside(&other).await.unwrap();
            }
        };
        let failure = tokio::select! {
            ended = bench.handle(&input) => ended.unwrap_err(),
            () = others => unreachable!("they go on"),
        };
        // None of the dead letters in a row that stop a consumer: it is no mistake of the handler's.
        let Failure::RejectUncounted { reason: "retries_exhausted", error } = failure else {
            panic!("{failure:?}")
        };
        assert!(error.starts_with("after ") && error.contains(" failed calls: "), "{error}");
    }
}

#[tokio::test]
async fn a_call_that_always_fails_becomes_a_dead_letter_where_nobody_else_asks() {
    let bench = Bench::with(|settings| settings.retries.hopeless_after = Duration::from_millis(50)).await;
    let input = one("comment/on-post");
    bench.handle(&record_of(&input, "17865799348089039", "17865799348089038")).await.unwrap();
    bench.simulator.misbehave("17865799348089039", Behaviour::error(2, None));
    let failure = bench.handle(&input).await.unwrap_err();
    assert!(matches!(failure, Failure::RejectUncounted { reason: "retries_exhausted", .. }), "{failure:?}");
}

#[tokio::test]
async fn a_dead_letter_says_how_many_calls_failed() {
    let bench = Bench::with(|settings| settings.retries.lookup_patience = Duration::from_millis(200)).await;
    bench.simulator.misbehave("17865799348089039", Behaviour::error(2, None));
    let failure = bench.handle(&one("comment/on-post")).await.unwrap_err();
    let Failure::RejectUncounted { reason: "retries_exhausted", error } = failure else {
        panic!("{failure:?}")
    };
    let calls = bench.simulator.calls().len();
    assert!(error.starts_with(&format!("after {calls} failed calls: ")), "{calls}: {error}");
}

#[tokio::test]
async fn a_call_that_fails_for_a_moment_while_other_calls_are_answered_is_no_dead_letter() {
    let bench = Bench::new().await;
    bench.simulator.misbehave_times("17865799348089039", Behaviour::error(2, None), 30);
    let input = one("comment/on-post");
    let other = record_of(&input, "17865799348089039", "17865799348089038");
    let others = async {
        loop {
            bench.handle_beside(&other).await.unwrap();
        }
    };
    let output = tokio::select! {
        ended = bench.handle(&input) => ended.unwrap(),
        () = others => unreachable!("they go on"),
    };
    assert_eq!(lookup(&input, &output)["status"], "found");
}

#[tokio::test]
async fn a_graph_api_that_fails_a_part_of_all_requests_costs_no_dead_letter() {
    for percent in [50, 90] {
        // As many failures as within minutes, where nobody waits long.
        let bench =
            Bench::with(|settings| settings.retries.hopeless_after = Duration::from_millis(200)).await;
        let broken = Behaviour::Answer { status: 500, body: String::new() };
        bench.simulator.misbehave_partly(broken, percent);
        let inputs = many(300);
        for input in &inputs {
            bench.prefetch(input).await;
        }
        for input in &inputs {
            assert_eq!(lookup(input, &bench.handle(input).await.unwrap())["status"], "found", "{percent} %");
        }
    }
}

#[tokio::test]
async fn that_a_token_is_refused_is_no_answer_beside_which_a_call_fails_for_itself() {
    let bench = Bench::with(|settings| settings.retries.hopeless_after = Duration::from_millis(50)).await;
    let other = "17841400000000000";
    fs::write(bench.folder.path().join(other), "EAArefused").unwrap();
    bench.reread();
    bench.simulator.refuse_token("EAArefused");
    let input = one("comment/on-post");
    assert_eq!(reason(&bench, &record_of(&input, ACCOUNT, other)).await.0, "token");
    bench.simulator.misbehave_times("17865799348089039", Behaviour::error(2, None), 40);
    assert_eq!(lookup(&input, &bench.handle(&input).await.unwrap())["status"], "found");
}

#[tokio::test]
async fn an_outage_right_after_good_answers_costs_no_dead_letter() {
    let bench = Bench::new().await;
    let input = one("comment/on-post");
    bench.handle(&input).await.unwrap();
    let broken = Behaviour::Answer { status: 500, body: String::new() };
    bench.simulator.misbehave_times("17865799348089039", broken, 40);
    assert_eq!(lookup(&input, &bench.handle(&input).await.unwrap())["status"], "found");
}

#[tokio::test]
async fn a_call_that_always_times_out_does_not_hold_its_partition_for_ever() {
    let bench = Bench::with(|settings| {
        settings.graph.graph.graph_timeout = Duration::from_millis(100);
        settings.retries.lookup_patience = Duration::from_millis(700);
    })
    .await;
    bench.simulator.misbehave("17865799348089039", Behaviour::Hang);
    let failure = bench.handle(&one("comment/on-post")).await.unwrap_err();
    let Failure::RejectUncounted { reason: "retries_exhausted", error } = failure else {
        panic!("{failure:?}")
    };
    assert!(error.contains("did not answer within 100ms"), "{error}");
}

#[tokio::test]
async fn a_short_outage_costs_no_dead_letter() {
    let bench = Bench::new().await;
    let input = one("comment/on-post");
    // What a proxy or a firewall says of itself is no word of Meta's, and as short.
    for status in [401, 403, 404, 410, 502] {
        let broken = Behaviour::Answer { status, body: String::from("<html>") };
        bench.simulator.misbehave_times("17865799348089039", broken, 30);
        assert_eq!(lookup(&input, &bench.handle(&input).await.unwrap())["status"], "found", "{status}");
    }
}
