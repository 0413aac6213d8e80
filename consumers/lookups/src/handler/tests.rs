//! The handler from whole deliveries to enriched records, against the simulator.

use super::*;
use crate::graph::simulator::{Behaviour, Simulator};
use crate::graph::{AccessTokens, GraphSettings, GraphUrl, GraphVersion};
use crate::seek::WithoutToken;
use crate::settings::LookupSettings;
use prometheus::Registry;
use runtime::throttle::Throttle;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const ACCOUNT: &str = "17841405726653026";
const RECEIPT: schemas::Receipt<'_> = schemas::Receipt {
    delivery_id: "01980000-0000-7000-8000-000000000000",
    received: "2025-07-18T10:35:10.000Z",
};

/// A handler with its simulator, tokens and metrics.
struct Bench {
    simulator: Simulator,
    folder: TempDir,
    registry: Registry,
    handler: Lookups,
    assigned: Assigned<Found>,
}

impl Bench {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With settings that a test changes; nothing waits long.
    async fn with(change: impl FnOnce(&mut LookupSettings)) -> Self {
        let simulator = Simulator::start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("default"), "EAAdefault\n").unwrap();
        let url = GraphUrl::parse(&simulator.url()).unwrap();
        let graph = GraphSettings::of(url, GraphVersion::parse("v26.0").unwrap());
        let mut settings = LookupSettings::of(graph, folder.path().to_owned());
        settings.batch.wait = Duration::from_millis(2);
        settings.seek.backoff_base = Duration::from_millis(2);
        settings.seek.backoff_max = Duration::from_millis(10);
        change(&mut settings);
        let registry = Registry::new();
        let tokens = Arc::new(AccessTokens::open(settings.graph.tokens.clone(), &registry));
        let metrics = LookupMetrics::new(&registry);
        let mut inquiry = crate::inquiry(settings, tokens, metrics, &registry).unwrap();
        inquiry.seeker.probe = Throttle::new(Duration::from_millis(1));
        let handler = Lookups::new(inquiry, "meta");
        let assigned = handler.assigned("meta.comments.v1", 3);
        Self { simulator, folder, registry, handler, assigned }
    }

    /// What comes of a record in the end.
    async fn handle(&self, record: &Record) -> Result<Output, Failure> {
        loop {
            match self.handler.look_up(&self.assigned, record).await {
                Err(Failure::Unavailable { wait, .. }) => {
                    tokio::time::sleep(wait.unwrap_or_default().min(Duration::from_millis(5))).await;
                }
                result => return result,
            }
        }
    }

    /// What comes of a record at first.
    async fn handle_once(&self, record: &Record) -> Result<Output, Failure> {
        self.handler.look_up(&self.assigned, record).await
    }

    fn reread(&self) {
        self.handler.inquiry.seeker.tokens.reread();
    }

    fn counted(&self, name: &str, label: &str) -> f64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == name).unwrap();
        let is_labelled = |metric: &&prometheus::proto::Metric| metric.get_label()[0].value() == label;
        let metric = family.get_metric().iter().find(is_labelled).unwrap();
        metric.get_counter().get_value() + metric.get_gauge().get_value()
    }
}

/// The records that ingest makes of `schemas/fixtures/{fixture}.json`.
fn records(fixture: &str) -> Vec<Record> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/fixtures");
    let body = fs::read(root.join(fixture).with_extension("json")).unwrap();
    let split = schemas::split(&body, 100);
    split.events.iter().map(|event| record(event)).collect()
}

fn record(event: &schemas::Event<'_>) -> Record {
    let mut value = Vec::new();
    event.write_json(RECEIPT, &mut value);
    Record {
        topic: event.topic().name("meta").into(),
        partition: 3,
        offset: 42,
        timestamp: None,
        key: event.key.clone().map(String::into_bytes),
        value: Some(value),
        headers: Vec::new(),
    }
}

fn one(fixture: &str) -> Record {
    let mut records = records(fixture);
    assert_eq!(records.len(), 1, "{fixture}");
    records.remove(0)
}

/// The `lookup` of an enriched record, after every other byte was found as it came in.
fn lookup(input: &Record, output: &Output) -> Value {
    let came = input.value.as_deref().unwrap();
    let members = came.strip_suffix(b"}").unwrap();
    let rest = output.value.strip_prefix(members).expect("the input's bytes come first");
    let rest = rest.strip_prefix(br#","lookup":"#).expect("the lookup follows");
    serde_json::from_slice(rest.strip_suffix(b"}").unwrap()).unwrap()
}

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

#[tokio::test]
async fn headers_say_what_the_event_says() {
    let bench = Bench::new().await;
    let input = one("mention.comment/array-form");
    let output = bench.handle(&input).await.unwrap();
    let event = TypedEvent::read(input.value.as_deref()).unwrap();
    let headers: Vec<(&str, &str)> =
        output.headers.iter().map(|(name, value)| (&**name, std::str::from_utf8(value).unwrap())).collect();
    assert_eq!(
        headers,
        [
            ("content-type", "application/cloudevents+json; charset=UTF-8"),
            ("ce_id", &event.id),
            ("ce_type", "com.meta.instagram.mention.comment.v1"),
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

async fn reason(bench: &Bench, record: &Record) -> (&'static str, String) {
    match bench.handle(record).await.unwrap_err() {
        Failure::Reject { reason, error } => (reason, error),
        other => panic!("{other:?}"),
    }
}

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
    let bench = Bench::with(|settings| settings.seek.without_token = WithoutToken::Wait).await;
    fs::remove_file(bench.folder.path().join("default")).unwrap();
    bench.reread();
    let input = one("comment/on-post");
    let failure = bench.handle_once(&input).await.unwrap_err();
    assert!(matches!(failure, Failure::Unavailable { wait: Some(_), .. }), "{failure:?}");
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

/// A record with `from` replaced by `to` wherever it stands.
fn record_of(record: &Record, from: &str, to: &str) -> Record {
    let value = String::from_utf8(record.value.clone().unwrap()).unwrap().replace(from, to);
    Record { value: Some(value.into_bytes()), offset: record.offset + 1, ..record.clone() }
}

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
    let bench = Bench::with(|settings| settings.graph.pace.stop_for = Duration::from_millis(300)).await;
    bench.simulator.misbehave_times("17865799348089039", Behaviour::error(4, None), 1);
    let input = one("comment/on-post");
    let started = Instant::now();
    let failure = bench.handle_once(&input).await.unwrap_err();
    assert!(matches!(failure, Failure::Unavailable { wait: Some(_), .. }), "{failure:?}");
    assert_eq!(lookup(&input, &bench.handle(&input).await.unwrap())["status"], "found");
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert_eq!(bench.simulator.calls().len(), 2);
}

#[tokio::test]
async fn calls_stop_at_95_percent_before_meta_refuses_one() {
    let bench = Bench::with(|settings| settings.graph.pace.stop_for = Duration::from_mins(1)).await;
    bench.simulator.say_usage("X-Business-Use-Case-Usage", r#"{"1784":[{"call_count":95}]}"#);
    let input = one("comment/on-post");
    bench.handle(&input).await.unwrap();
    assert!(matches!(bench.handle_once(&input).await, Err(Failure::Unavailable { .. })));
    assert_eq!(bench.simulator.calls().len(), 1);
    assert_eq!(bench.counted("weir_graph_usage_percent", "call_count").to_string(), "95");
    let waiting = |family: &prometheus::proto::MetricFamily| family.name() == "weir_lookups_held";
    assert!(bench.registry.gather().iter().any(waiting));
}

#[tokio::test]
async fn a_call_that_always_fails_becomes_a_dead_letter_while_other_calls_are_answered() {
    let bench = Bench::new().await;
    for behaviour in [
        Behaviour::error(2, None),
        Behaviour::Answer { status: 503, body: String::from("<html>") },
        Behaviour::CutOff,
        Behaviour::Redirect { to: String::from("http://169.254.169.254/latest/meta-data") },
    ] {
        bench.simulator.misbehave("17865799348089039", behaviour.clone());
        let (reason, error) = reason(&bench, &one("comment/on-post")).await;
        assert_eq!(reason, "retries_exhausted", "{behaviour:?}");
        assert!(error.starts_with("after ") && error.contains(" failed calls: "), "{error}");
    }
}

#[tokio::test]
async fn an_outage_right_after_good_answers_costs_no_dead_letter() {
    let bench = Bench::new().await;
    let input = one("comment/on-post");
    bench.handle(&input).await.unwrap();
    let broken = Behaviour::Answer { status: 500, body: String::new() };
    bench.simulator.misbehave("me", broken.clone());
    bench.simulator.misbehave_times("17865799348089039", broken, 40);
    assert_eq!(lookup(&input, &bench.handle(&input).await.unwrap())["status"], "found");
}

#[tokio::test]
async fn a_call_that_always_times_out_does_not_hold_its_partition_for_ever() {
    let bench = Bench::with(|settings| {
        settings.graph.graph.timeout = Duration::from_millis(100);
        settings.seek.patience = Duration::from_millis(700);
    })
    .await;
    bench.simulator.misbehave("me", Behaviour::Hang);
    bench.simulator.misbehave("17865799348089039", Behaviour::Hang);
    let (reason, error) = reason(&bench, &one("comment/on-post")).await;
    assert_eq!(reason, "retries_exhausted");
    assert!(error.contains("did not answer within 100ms"), "{error}");
}

#[tokio::test]
async fn a_short_outage_costs_no_dead_letter() {
    let bench = Bench::new().await;
    let broken = Behaviour::Answer { status: 502, body: String::new() };
    bench.simulator.misbehave("me", broken.clone());
    bench.simulator.misbehave_times("17865799348089039", broken, 30);
    let input = one("comment/on-post");
    assert_eq!(lookup(&input, &bench.handle(&input).await.unwrap())["status"], "found");
}

#[tokio::test]
async fn lookups_of_records_ahead_share_a_batch_and_one_that_times_out_in_it_goes_alone() {
    let bench = Bench::with(|settings| settings.batch.wait = Duration::from_secs(1)).await;
    let first = one("comment/on-post");
    let inputs: Vec<_> = (0..50)
        .map(|number| {
            let id = format!("17865799348089{number:03}");
            Record { offset: number, ..record_of(&first, "17865799348089039", &id) }
        })
        .collect();
    bench.simulator.misbehave_times("17865799348089007", Behaviour::Hang, 1);
    bench.simulator.misbehave("17865799348089008", Behaviour::error(100, Some(33)));
    for input in &inputs {
        bench.handler.expect(input);
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
    let bench = Bench::with(|settings| settings.batch.wait = Duration::from_millis(50)).await;
    let other = "17841400000000000";
    fs::write(bench.folder.path().join(other), "EAArefused").unwrap();
    bench.reread();
    bench.simulator.refuse_token("EAArefused");
    let first = one("comment/on-post");
    let inputs: Vec<_> = (0..10)
        .map(|number| {
            let id = format!("17865799348089{number:03}");
            let input = record_of(&first, "17865799348089039", &id);
            let account = if number % 2 == 0 { ACCOUNT } else { other };
            Record { offset: number, ..record_of(&input, ACCOUNT, account) }
        })
        .collect();
    for input in &inputs {
        bench.handler.expect(input);
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
    let bench = Bench::with(|settings| settings.batch.wait = Duration::from_millis(20)).await;
    bench.simulator.misbehave_batches(Behaviour::CutOff);
    let first = one("comment/on-post");
    let inputs: Vec<_> = (0..20)
        .map(|number| {
            let id = format!("17865799348089{number:03}");
            Record { offset: number, ..record_of(&first, "17865799348089039", &id) }
        })
        .collect();
    for input in &inputs {
        bench.handler.expect(input);
    }
    for input in &inputs {
        assert_eq!(lookup(input, &bench.handle(input).await.unwrap())["status"], "found");
    }
    assert_eq!(bench.simulator.calls().len(), 20, "each was answered alone");
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
