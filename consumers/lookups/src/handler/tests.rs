//! The handler from whole deliveries to enriched records, against the simulator.

mod batches;
pub(crate) mod bench;
mod hosts;
mod tokens;
mod trouble;
mod wrong_answers;

use super::*;
use bench::*;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use weir_graph_simulator::Behaviour;

#[tokio::test]
async fn each_kind_is_looked_up_and_goes_to_its_topic() {
    let bench = Bench::new().await;
    for (fixture, topic, path, pointer, text) in [
        (
            "comment/on-post",
            "meta.comments.enriched.v1",
            "v26.0/17865799348089039?",
            "/text",
            "This is an example.",
        ),
        (
            "comment/comment-id",
            "meta.comments.enriched.v1",
            "v26.0/17865799348089040?",
            "/id",
            "17865799348089040",
        ),
        (
            "mention.comment/array-form",
            "meta.mentions.enriched.v1",
            "v26.0/17841405726653026?fields=mentioned_comment.comment_id(17894227972186120){",
            "/mentioned_comment/text",
            "@bluebottle challenge?",
        ),
        (
            "mention.comment/numeric-ids",
            "meta.mentions.enriched.v1",
            "v26.0/17841405726653026?fields=mentioned_comment.comment_id(17894227972186120){",
            "/mentioned_comment/id",
            "17894227972186120",
        ),
        (
            "mention.caption/array-form",
            "meta.mentions.enriched.v1",
            "v26.0/17841405726653026?fields=mentioned_media.media_id(17918195224117851){",
            "/mentioned_media/caption",
            "@bluebottle There can be only one!",
        ),
    ] {
        let input = one(fixture);
        let output = bench.handle(&input).await.unwrap();
        let lookup = lookup(&input, &output);
        assert_eq!((&*output.topic, &output.key), (topic, &input.key), "{fixture}");
        assert_eq!(lookup["status"], "found", "{fixture}");
        assert!(lookup["asked"].as_str().unwrap().starts_with(path), "{fixture}: {lookup}");
        assert_eq!(lookup["answer"].pointer(pointer), Some(&json!(text)), "{fixture}");
        assert_eq!(lookup["cached"], false, "{fixture}");
        assert!(Millis::parse(lookup["at"].as_str().unwrap()).is_some(), "{fixture}");
    }
    assert_eq!(bench.counted("weir_lookups_calls_total", "found").to_string(), "5");
}

#[tokio::test]
async fn every_fixture_of_comments_and_mentions_is_handled() {
    let bench = Bench::new().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/fixtures");
    for folder in ["comment", "comment.live", "mention.comment", "mention.caption"] {
        let Ok(files) = fs::read_dir(root.join(folder)) else { continue };
        let files = files.map(|file| file.unwrap().path());
        for file in files.filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
            for input in records(file.to_str().unwrap()) {
                let output = bench.handle(&input).await;
                let output = output.unwrap_or_else(|failure| panic!("{}: {failure:?}", file.display()));
                lookup(&input, &output);
            }
        }
    }
}

fn headers_of(output: &Output) -> Vec<(&str, &str)> {
    output.headers.iter().map(|(name, value)| (&**name, std::str::from_utf8(value).unwrap())).collect()
}

#[tokio::test]
async fn headers_say_what_the_event_says() {
    let bench = Bench::new().await;
    let input = one("mention.comment/array-form");
    let output = bench.handle(&input).await.unwrap();
    let event = TypedEvent::read(input.value.as_deref()).unwrap();
    assert_eq!(
        headers_of(&output),
        [
            ("content-type", "application/cloudevents+json; charset=UTF-8"),
            ("ce_id", &event.id),
            ("ce_type", "com.meta.instagram.mention.comment.v1"),
        ]
    );
}

#[tokio::test]
async fn what_marks_a_replay_stays_with_the_event_and_no_header_is_there_twice() {
    let bench = Bench::new().await;
    let header = |name: &str, value: &str| (name.to_owned(), Some(value.as_bytes().to_vec()));
    let input = Record {
        headers: [
            header("content-type", "application/cloudevents+json; charset=UTF-8"),
            header("ce_id", "another"),
            header("mine", "first"),
            header("ce_replay", "run"),
            header("weir_dlq_attempts", "2"),
            header("mine", "last"),
            (String::from("null"), None),
        ]
        .into_iter()
        .collect(),
        ..one("mention.comment/array-form")
    };
    let output = bench.handle(&input).await.unwrap();
    let event = TypedEvent::read(input.value.as_deref()).unwrap();
    assert_eq!(
        headers_of(&output),
        [
            ("content-type", "application/cloudevents+json; charset=UTF-8"),
            ("ce_id", &event.id),
            ("ce_type", "com.meta.instagram.mention.comment.v1"),
            ("mine", "last"),
            ("ce_replay", "run"),
            ("weir_dlq_attempts", "2"),
            ("null", ""),
        ]
    );
}

#[tokio::test]
async fn dashboard_tests_and_own_comments_are_not_asked_about() {
    let bench = Bench::new().await;
    for (fixture, reason) in [
        ("comment/own", "own_comment"),
        ("comment/dashboard-test", "test_event"),
        ("mention.comment/dashboard-test", "test_event"),
    ] {
        let input = one(fixture);
        let lookup = lookup(&input, &bench.handle(&input).await.unwrap());
        assert_eq!((&lookup["status"], &lookup["reason"]), (&json!("skipped"), &json!(reason)));
        assert_eq!((&lookup["asked"], &lookup["answer"]), (&Value::Null, &Value::Null));
    }
    assert_eq!(bench.simulator.calls(), []);
    assert_eq!(bench.counted("weir_lookups_enriched_total", "skipped").to_string(), "3");
}

#[tokio::test]
async fn what_is_gone_is_an_event_that_says_so() {
    let bench = Bench::new().await;
    bench.simulator.misbehave("17865799348089039", Behaviour::error(100, Some(33)));
    let input = one("comment/on-post");
    let lookup = lookup(&input, &bench.handle(&input).await.unwrap());
    assert_eq!(lookup["status"], "gone");
    assert_eq!(lookup["answer"]["error"]["error_subcode"], 33);
    assert!(lookup.get("reason").is_none());
}

#[tokio::test]
async fn what_cannot_be_read_is_rejected() {
    let bench = Bench::new().await;
    let input = one("comment/on-post");
    let event = String::from_utf8(input.value.clone().unwrap()).unwrap();
    for (value, expected) in [
        (None, "unreadable"),
        (Some("{"), "unreadable"),
        (Some("{}"), "unreadable"),
        (Some(&*event.replace("instagram.comment", "instagram.message")), "unexpected_kind"),
        (Some(&*event.replace("17865799348089039", "..")), "bad_id"),
    ] {
        let record = Record { value: value.map(|value| value.as_bytes().to_vec()), ..input.clone() };
        let failure = bench.handle(&record).await.unwrap_err();
        let Failure::Reject { reason, error } = failure else { panic!("{failure:?}") };
        assert_eq!(reason, expected);
        assert!(!error.contains("Love these"), "{error}");
    }
    assert_eq!(bench.simulator.calls(), []);
}
