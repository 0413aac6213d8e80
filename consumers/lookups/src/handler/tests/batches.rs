//! Many lookups in one request, and what is known already.

use super::bench::*;
use crate::handler::*;
use serde_json::json;
use std::fs;
use std::time::Duration;
use weir_graph_simulator::Behaviour;

#[tokio::test]
async fn lookups_of_records_ahead_share_a_batch_and_one_that_times_out_in_it_goes_alone() {
    let bench = Bench::with(|settings| settings.batch.lookup_batch_wait = Duration::from_secs(1)).await;
    let inputs = many(50);
    bench.simulator.misbehave_times("17865799348089007", Behaviour::Hang, 1);
    bench.simulator.misbehave("17865799348089008", Behaviour::error(100, Some(33)));
    for input in &inputs {
        bench.prefetch(input).await;
    }
    for input in &inputs {
        let expected = if input.offset == 8 { "gone" } else { "found" };
        assert_eq!(lookup(input, &bench.handle(input).await.unwrap())["status"], expected);
    }
    assert_eq!(bench.simulator.calls().len(), 51);
    assert_eq!(bench.simulator.requests(), 2);
}

#[tokio::test]
async fn a_batch_that_is_refused_for_one_token_costs_the_others_nothing() {
    let bench = Bench::with(|settings| settings.batch.lookup_batch_wait = Duration::from_millis(500)).await;
    let other = "17841400000000000";
    fs::write(bench.folder.path().join(other), "EAArefused").unwrap();
    bench.reread();
    bench.simulator.refuse_token("EAArefused");
    let inputs: Vec<_> = many(10)
        .iter()
        .map(|input| {
            let account = if input.offset % 2 == 0 { ACCOUNT } else { other };
            Record { offset: input.offset, ..record_of(input, ACCOUNT, account) }
        })
        .collect();
    for input in &inputs {
        bench.prefetch(input).await;
    }
    for input in &inputs {
        if input.offset % 2 == 0 {
            assert_eq!(lookup(input, &bench.handle(input).await.unwrap())["status"], "found");
        } else {
            assert_eq!(reason(&bench, input).await.0, "token");
        }
    }
    assert!(bench.simulator.requests() <= 3, "{} requests", bench.simulator.requests());
}

#[tokio::test]
async fn a_batch_that_fails_as_a_whole_is_sent_again_in_parts() {
    let bench = Bench::with(|settings| settings.batch.lookup_batch_wait = Duration::from_millis(20)).await;
    bench.simulator.misbehave_batches(Behaviour::CutOff);
    let inputs = many(20);
    for input in &inputs {
        bench.prefetch(input).await;
    }
    for input in &inputs {
        assert_eq!(lookup(input, &bench.handle(input).await.unwrap())["status"], "found");
    }
    assert_eq!(bench.simulator.calls().len(), 20, "each was answered alone");
}

#[tokio::test]
async fn batches_that_are_refused_for_a_limit_stop_calls_for_ever_longer() {
    let stop = Duration::from_millis(100);
    let bench = Bench::with(|settings| {
        settings.batch.lookup_batch_wait = Duration::from_millis(50);
        settings.graph.rate_limit.graph_stop_for = stop;
        settings.graph.rate_limit.graph_slow_pause = Duration::ZERO;
    })
    .await;
    bench.simulator.say_usage("X-App-Usage", r#"{"call_count":100}"#);
    for id in ["17865799348089000", "17865799348089001"] {
        bench.simulator.misbehave_times(id, Behaviour::error(4, None), 3);
    }
    let (inputs, started) = (many(2), Instant::now());
    for input in &inputs {
        bench.prefetch(input).await;
    }
    for input in &inputs {
        assert_eq!(lookup(input, &bench.handle(input).await.unwrap())["status"], "found");
    }
    assert!(started.elapsed() >= 7 * stop, "stops of 1, 2 and 4 times that took {:?}", started.elapsed());
}

#[tokio::test]
async fn a_lookup_that_nobody_awaits_for_a_while_is_asked_once() {
    let bench = Bench::new().await;
    bench.simulator.slow_down(Duration::from_millis(300));
    let input = one("comment/on-post");
    let awaited = tokio::time::timeout(Duration::from_millis(30), bench.handle(&input)).await;
    assert!(awaited.is_err(), "an answer takes longer: {awaited:?}");
    assert_eq!(lookup(&input, &bench.handle(&input).await.unwrap())["status"], "found");
    assert_eq!(bench.simulator.calls().len(), 1);
}

#[tokio::test]
async fn the_second_comment_on_a_post_does_not_ask_for_the_post_again() {
    let bench = Bench::new().await;
    let input = one("comment/on-post");
    bench.handle(&input).await.unwrap();
    let second = record_of(&input, "17865799348089039", "17865799348089040");
    let lookup = lookup(&second, &bench.handle(&second).await.unwrap());
    assert!(lookup["asked"].as_str().unwrap().ends_with(",media{id}"), "{lookup}");
    assert_eq!(lookup["answer"]["media"].as_object().unwrap().len(), 1);
    assert_eq!(lookup["media"]["answer"]["caption"], "@bluebottle There can be only one!");
    assert!(Millis::parse(lookup["media"]["at"].as_str().unwrap()).is_some());
    assert_eq!(lookup["cached"], false, "the comment itself was asked for");
}

#[tokio::test]
async fn the_same_caption_is_not_asked_for_again_for_a_while() {
    let bench = Bench::new().await;
    let input = one("mention.caption/array-form");
    let first = lookup(&input, &bench.handle(&input).await.unwrap());
    let second = lookup(&input, &bench.handle(&input).await.unwrap());
    assert_eq!((&first["cached"], &second["cached"]), (&json!(false), &json!(true)));
    assert_eq!(first["answer"], second["answer"]);
    assert_eq!(bench.simulator.calls().len(), 1);
}
