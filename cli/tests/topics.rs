//! `weir topics` from its command line to its exit code, as far as librdkafka's mock cluster goes.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use rdkafka::mocking::MockCluster;
use schemas::Topic;
use std::process::Command;

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn weir(arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    for name in ["WEIR_BROKERS", "WEIR_PARTITIONS", "WEIR_MAX_BODY", "RUST_LOG"] {
        command.env_remove(name);
    }
    let output = command.args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn an_empty_cluster_lacks_every_topic_and_the_next_command_is_told() {
    let cluster = MockCluster::new(1).unwrap();
    let brokers = cluster.bootstrap_servers();
    let Ran { code, stdout, stderr } = weir(&["topics", "plan", "--brokers", &brokers]);
    assert_eq!(code, Some(3), "{stdout}{stderr}");
    for topic in Topic::ALL {
        let name = topic.name("meta");
        let row = stdout.lines().find(|line| line.contains(&format!("  {name} "))).unwrap();
        assert!(row.starts_with('+') && row.ends_with("missing"), "{row}");
    }
    assert!(
        stdout.ends_with(&format!(
            "{} missing (or hidden by an access control list)\nMake it so with: weir topics apply --brokers {brokers}\n",
            Topic::ALL.len()
        )),
        "{stdout}"
    );
}

#[test]
fn a_broker_that_refuses_is_named() {
    // Of a port that was free a moment ago, somebody else may listen by now.
    let brokers = "127.0.0.1:1";
    let Ran { code, stderr, .. } = weir(&["topics", "plan", "--brokers", brokers]);
    assert_eq!(code, Some(1));
    assert!(stderr.starts_with(&format!("weir: no broker of --brokers {brokers} answers: ")), "{stderr}");
    assert!(stderr.contains("Connection refused"), "{stderr}");
}

#[test]
fn all_bad_settings_are_told_at_once() {
    let arguments =
        ["topics", "apply", "--partitions", "none", "--max-body", "huge", "--topic-prefix", "A B"];
    let Ran { code, stderr, .. } = weir(&arguments);
    assert_eq!(code, Some(2));
    for setting in
        ["--brokers (not set)", "--partitions (flag)", "--max-body (flag)", "--topic-prefix (flag)"]
    {
        assert!(stderr.contains(setting), "{stderr}");
    }
}

#[test]
fn help_is_an_answer_and_an_unknown_subcommand_is_not() {
    let Ran { code, stdout, .. } = weir(&["topics", "apply", "--help"]);
    assert_eq!(code, Some(0));
    assert!(stdout.starts_with("Make the missing topics") && stdout.contains("WEIR_BROKERS"), "{stdout}");
    assert_eq!(weir(&["tpoics"]).code, Some(2));
    assert_eq!(weir(&["topics"]).code, Some(2));
}
