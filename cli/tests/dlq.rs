//! `weir dlq` from its command line to its exit code, as far as librdkafka's mock cluster goes; `tests/tests/dlq.rs` has the
//! rest.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

const TOPIC: &str = "meta.messages.dlq.v1";

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn weir(arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    for (name, _) in std::env::vars_os() {
        if name == "RUST_LOG" || name.to_string_lossy().starts_with("WEIR_") {
            command.env_remove(name);
        }
    }
    let output = command.args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A cluster with letters on one topic of three partitions, one a reason.
fn with_letters(reasons: &[&str]) -> MockCluster<'static, DefaultProducerContext> {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 3, 1).unwrap();
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", cluster.bootstrap_servers()).create().unwrap();
    for (number, reason) in reasons.iter().enumerate() {
        let key = number.to_string();
        let headers = OwnedHeaders::new()
            .insert(Header { key: "weir_dlq_reason", value: Some(*reason) })
            .insert(Header { key: "weir_dlq_error", value: Some("it\u{1b}[2J failed") })
            .insert(Header { key: "weir_dlq_attempts", value: Some("1") });
        let record = BaseRecord::to(TOPIC).key(&key).payload("somebody's words").headers(headers);
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(Duration::from_mins(1)).unwrap();
    cluster
}

fn list(cluster: &MockCluster<'static, DefaultProducerContext>, more: &[&str]) -> Ran {
    let brokers = cluster.bootstrap_servers();
    weir(&[&["dlq", "list", "--topic", TOPIC, "--brokers", &brokers], more].concat())
}

#[test]
fn every_letter_is_listed_and_counted_by_reason_without_its_value() {
    let cluster = with_letters(&["not_an_event", "retries_exhausted", "not_an_event"]);
    let Ran { code, stdout, stderr } = list(&cluster, &[]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stdout.starts_with("meta.messages.dlq.v1  3 dead letters\n"), "{stdout}");
    let counted = |reason: &str, count: &str| {
        stdout
            .lines()
            .any(|line| line.starts_with("unknown   ") && line.contains(reason) && line.contains(count))
    };
    assert!(counted("not_an_event", " 2 ") && counted("retries_exhausted", " 1 "), "{stdout}");
    assert!(!stdout.contains("words") && !stdout.contains('\u{1b}'), "{stdout}");
    assert!(stdout.lines().all(|line| line.chars().count() <= 80), "{stdout}");
}

#[test]
fn objects_are_narrowed_by_reason_and_limit() {
    let cluster = with_letters(&["a", "b", "a", "a"]);
    let objects = |more: &[&str]| -> Vec<Value> {
        let ran = list(&cluster, &[&["--json"], more].concat());
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    assert_eq!(objects(&[]).len(), 4);
    assert!(objects(&["--reason", "a"]).iter().all(|letter| letter["reason"] == "a"));
    assert_eq!(objects(&["--reason", "a"]).len(), 3);
    assert_eq!(objects(&["--limit", "2"]).len(), 2);
}

#[test]
fn what_brokers_find_no_offsets_of_by_time_is_told_by_the_times_of_the_records() {
    let cluster = with_letters(&["a", "b", "a"]);
    for (more, count) in [(["--since", "1h"], 3), (["--until", "1h"], 0)] {
        let Ran { code, stdout, stderr } = list(&cluster, &[&["--json"], &more[..]].concat());
        assert_eq!((code, stdout.lines().count()), (Some(0), count), "{more:?}: {stdout}{stderr}");
    }
}

#[test]
fn one_letter_is_shown_with_its_value_where_that_is_asked_for() {
    let cluster = with_letters(&["a"]);
    let brokers = cluster.bootstrap_servers();
    let letter: Value = serde_json::from_str(list(&cluster, &["--json"]).stdout.trim()).unwrap();
    let (partition, offset) = (letter["partition"].to_string(), letter["offset"].to_string());
    let Ran { code, stdout, .. } = weir(&["dlq", "show", "--brokers", &brokers, TOPIC, &partition, &offset]);
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("weir_dlq_reason") && stdout.contains("The value has 16 bytes"), "{stdout}");
    let place = format!("{TOPIC}/{partition}/{offset}");
    let Ran { stdout, .. } = weir(&["dlq", "show", "--brokers", &brokers, &place, "--json"]);
    let shown: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(shown["value"], "somebody's words");
    let nothing = weir(&["dlq", "show", "--brokers", &brokers, TOPIC, &partition, "9999"]);
    assert_eq!(nothing.code, Some(1));
    assert!(nothing.stderr.contains("there is nothing at meta.messages.dlq.v1/"), "{}", nothing.stderr);
}

#[test]
fn what_goes_back_is_remembered_and_a_record_that_two_gave_up_goes_back_once() {
    let cluster = MockCluster::new(1).unwrap();
    for topic in [TOPIC, "meta.messages.v1"] {
        cluster.create_topic(topic, 1, 1).unwrap();
    }
    let brokers = cluster.bootstrap_servers();
    let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", &brokers).create().unwrap();
    for (consumer, offset) in [("weir-messages", "7"), ("weir-lookups", "7"), ("weir-messages", "8")] {
        let headers = [
            ("weir_dlq_reason", "panic"),
            ("weir_dlq_consumer", consumer),
            ("weir_dlq_topic", "meta.messages.v1"),
            ("weir_dlq_partition", "0"),
            ("weir_dlq_offset", offset),
        ];
        let headers = headers.into_iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(value) })
        });
        let record = BaseRecord::to(TOPIC).key("17:42").payload("{}").headers(headers);
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(Duration::from_mins(1)).unwrap();
    let redrive = |more: &[&str]| {
        let arguments = ["dlq", "redrive", "--topic", TOPIC, "--brokers", &brokers, "--json"];
        let Ran { code, stdout, stderr } = weir(&[&arguments[..], more].concat());
        let objects = stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let fates = objects.filter_map(|object| Some((object["offset"].as_i64()?, object["fate"].clone())));
        let fates: Vec<_> =
            fates.map(|(offset, fate)| format!("{offset} {}", fate.as_str().unwrap())).collect();
        assert_eq!(code, Some(0), "{stdout}{stderr}");
        fates
    };
    assert_eq!(redrive(&[]), ["0 back", "1 duplicate", "2 back"]);
    assert_eq!(
        redrive(&["--apply", "--limit", "1"]),
        ["0 back", "1 duplicate"],
        "a dry run remembers nothing"
    );
    assert_eq!(redrive(&["--apply"]), ["0 before", "1 before", "2 back"]);
    assert_eq!(redrive(&["--apply"]), ["0 before", "1 before", "2 before"]);
}

#[test]
fn a_missing_topic_is_named_with_the_command_that_makes_it() {
    let cluster = MockCluster::new(1).unwrap();
    let brokers = cluster.bootstrap_servers();
    for arguments in [["dlq", "list"], ["dlq", "redrive"]] {
        let Ran { code, stderr, .. } = weir(&[&arguments[..], &["--brokers", &brokers]].concat());
        assert_eq!(code, Some(1));
        assert!(stderr.contains(TOPIC) && stderr.contains("weir topics apply --brokers"), "{stderr}");
    }
}

#[test]
fn all_bad_settings_are_told_at_once() {
    let arguments = [
        "dlq",
        "redrive",
        "--consumer",
        "nobody",
        "--since",
        "soon",
        "--rate",
        "0",
        "--max-attempts",
        "x",
        "--limit",
        "0",
    ];
    let Ran { code, stderr, .. } = weir(&arguments);
    assert_eq!(code, Some(2));
    for setting in ["--brokers", "--consumer", "--since", "--rate", "--max-attempts", "--limit"] {
        assert!(stderr.contains(&format!("{setting} (")), "{setting}: {stderr}");
    }
    let Ran { code, stderr, .. } = weir(&["dlq", "show", "somewhere", "--brokers", "localhost:9092"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("such as meta.messages.dlq.v1 3 42"), "{stderr}");
}
