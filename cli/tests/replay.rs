//! `weir replay` before it reads anything; `tests/tests/replay.rs` has the rest.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use schemas::Topic;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;
use std::time::Duration;

/// Exit code and standard error.
fn replay(arguments: &[&str]) -> (Option<i32>, String) {
    replay_with(arguments, &[])
}

/// The same with these variables.
fn replay_with(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    for (name, _) in std::env::vars_os() {
        if name == "RUST_LOG" || name.to_string_lossy().starts_with("WEIR_") {
            command.env_remove(name);
        }
    }
    let output = command.envs(variables.iter().copied()).arg("replay").args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_missing_topic_is_named_with_the_command_that_makes_it() {
    let cluster = MockCluster::new(1).unwrap();
    let (code, said) = replay(&["--since", "2h", "--brokers", &cluster.bootstrap_servers()]);
    assert_eq!(code, Some(1));
    assert!(said.contains("meta.webhooks.raw.v1") && said.contains("weir topics apply --brokers"), "{said}");
}

#[test]
fn what_would_come_into_the_inbox_again_after_partitions_were_raised_is_told() {
    let cluster = MockCluster::new(1).unwrap();
    for topic in Topic::ALL {
        cluster.create_topic(&topic.name("meta"), 3, 1).unwrap();
    }
    let brokers = cluster.bootstrap_servers();
    let said = |more: &[&str]| {
        let (code, said) = replay(&[&["--since", "2h", "--brokers", &brokers], more].concat());
        assert_eq!(code, Some(0), "{said}");
        said
    };
    assert!(!said(&[]).contains("partitions were raised"));
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", cluster.bootstrap_servers()).create().unwrap();
    // One of them is where the key is.
    for partition in 0..3 {
        let record = BaseRecord::to("meta.messages.v1").partition(partition).key("17:42").payload("{}");
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(Duration::from_secs(10)).unwrap();
    assert!(said(&[]).contains("meta.messages.v1 has records of the last 40 h in other partitions"));
    assert!(!said(&["--missing-only"]).contains("partitions were raised"));
}

#[test]
fn a_broker_that_refuses_is_named() {
    // Of a port that was free a moment ago, somebody else may listen by now.
    let (code, said) = replay(&["--since", "2h", "--brokers", "127.0.0.1:1"]);
    assert_eq!(code, Some(1));
    assert!(said.starts_with("weir: no broker of --brokers 127.0.0.1:1 answers: "), "{said}");
}

#[test]
fn a_range_needs_a_beginning_and_times_that_are_times() {
    let (code, said) = replay(&["--until", "tomorrow", "--brokers", "localhost:9092"]);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("--since (not set)") && said.contains("--until (flag): found \"tomorrow\""),
        "{said}"
    );
    assert!(said.contains("such as 2026-11-21T18:30:00Z, or how long ago"), "{said}");
}

#[test]
fn publishing_what_is_missing_cannot_go_without_a_comparison() {
    let (code, said) =
        replay(&["--since", "2h", "--missing-only", "--no-diff", "--brokers", "localhost:9092"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("--missing-only") && said.contains("--no-diff"), "{said}");
}

#[test]
fn an_empty_flag_is_refused_and_an_empty_variable_is_not_set() {
    let (code, said) = replay(&["--since", "2h", "--account", "", "--brokers", "localhost:9092"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("--account (flag): found \"\", expected an id"), "{said}");
    let empty = [("WEIR_BROKERS", ""), ("WEIR_RATE", "")];
    let (code, said) = replay_with(&["--since", "2h"], &empty);
    assert_eq!(code, Some(2));
    assert!(said.contains("--brokers (not set)") && !said.contains("--rate"), "{said}");
}

#[test]
fn a_misspelt_variable_is_named_beside_the_setting_that_is_not_there() {
    let (code, said) = replay_with(&["--since", "2h"], &[("WEIR_BROKER", "kafka.example:9092")]);
    assert_eq!(code, Some(2));
    assert!(said.contains("--brokers (not set)") && said.contains("(WEIR_BROKER)"), "{said}");
    assert!(!said.contains("kafka.example"), "{said}");
}

#[test]
fn a_variable_that_is_no_text_is_named() {
    let no_text = OsStr::from_bytes(b"\xff");
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    let command = command.args(["replay", "--since", "2h"]).env("WEIR_TOPIC_PREFIX", no_text);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("no UTF-8: WEIR_TOPIC_PREFIX"), "{said}");
}
