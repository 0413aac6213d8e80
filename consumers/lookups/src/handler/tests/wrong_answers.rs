//! Answers with a 2xx that do not have what was asked for.

use super::*;
use std::time::Duration;

fn object(body: &str) -> Behaviour {
    Behaviour::Answer { status: 200, body: body.to_owned() }
}

#[tokio::test]
async fn an_object_that_names_nothing_is_asked_for_again() {
    let bench = Bench::new().await;
    let input = one("comment/on-post");
    for body in
        ["{}", r#"{"success":false}"#, r#"{"status":"ok"}"#, r#"{"id":"17865799348089040","text":"x"}"#]
    {
        bench.simulator.misbehave_times("17865799348089039", object(body), 1);
        let found = lookup(&input, &bench.handle(&input).await.unwrap());
        assert_eq!(found["answer"]["id"], "17865799348089039", "{body}");
    }
}

#[tokio::test]
async fn a_mention_that_the_answer_leaves_out_is_gone_and_asked_for_again_by_the_next_event() {
    let bench = Bench::new().await;
    for fixture in ["mention.comment/array-form", "mention.caption/array-form"] {
        let input = one(fixture);
        bench.simulator.misbehave_times(ACCOUNT, object(r#"{"id":"17841405726653026"}"#), 1);
        let left_out = lookup(&input, &bench.handle(&input).await.unwrap());
        assert_eq!(
            (&left_out["status"], &left_out["answer"]["id"]),
            (&json!("gone"), &json!(ACCOUNT)),
            "{fixture}"
        );
        let found = lookup(&input, &bench.handle(&input).await.unwrap());
        assert_eq!((&found["status"], &found["cached"]), (&json!("found"), &json!(false)), "{fixture}");
    }
}

#[tokio::test]
async fn a_mention_is_asked_for_again_where_the_answer_names_another() {
    let bench = Bench::new().await;
    for (fixture, part) in [
        ("mention.comment/array-form", "mentioned_comment"),
        ("mention.caption/array-form", "mentioned_media"),
    ] {
        let input = one(fixture);
        let other = format!(r#"{{"{part}":{{"id":"999"}},"id":"{ACCOUNT}"}}"#);
        bench.simulator.misbehave_times(ACCOUNT, object(&other), 1);
        let found = lookup(&input, &bench.handle(&input).await.unwrap());
        assert_eq!(found["status"], "found", "{fixture}");
        assert_ne!(found["answer"][part]["id"], "999", "{fixture}");
    }
}

#[tokio::test]
async fn while_a_gateway_answers_everybody_in_metas_place_no_lookup_is_to_blame() {
    let bench = Bench::with(|settings| settings.retries.hopeless_after = Duration::ZERO).await;
    let input = one("comment/on-post");
    bench.handle(&input).await.unwrap();
    for url in ["17865799348089039", ACCOUNT] {
        bench.simulator.misbehave(url, object("{}"));
    }
    let asked = bench.simulator.requests();
    let waits = tokio::time::timeout(Duration::from_secs(1), bench.handle_beside(&input)).await;
    assert!(waits.is_err(), "{waits:?}");
    assert!(bench.simulator.requests() > asked + 20, "it is asked again all the time");
}
