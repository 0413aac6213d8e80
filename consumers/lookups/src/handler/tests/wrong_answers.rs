//! Answers with a 2xx that do not have what was asked for.

use super::*;

fn object(body: &str) -> Behaviour {
    Behaviour::Answer { status: 200, body: body.to_owned() }
}

#[tokio::test]
async fn an_object_that_names_nothing_is_asked_for_again() {
    let bench = Bench::new().await;
    let input = one("comment/on-post");
    for body in ["{}", r#"{"success":false}"#, r#"{"status":"ok"}"#] {
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
