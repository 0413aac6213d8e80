//! `weir events` from its command line to its exit code, over the fixtures.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn weir(arguments: &[&str], stdin: Stdio) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    let output =
        command.args(arguments).env_remove("WEIR_TOPIC_PREFIX").env_remove("RUST_LOG").stdin(stdin).output();
    let output = output.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// What it prints for a file on standard input.
fn events(arguments: &[&str], body: &Path) -> Ran {
    weir(&[&["events"], arguments].concat(), File::open(body).unwrap().into())
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/fixtures").join(name)
}

/// The events that a fixture is expected to become.
fn expected(body: &Path) -> Vec<Value> {
    let lines = fs::read_to_string(body.with_extension("events.jsonl")).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn write(name: &str, body: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(name);
    fs::write(&file, body).unwrap();
    (dir, file)
}

const BATCH: &str = "batch/conversation-and-comments-of-two-accounts.json";

#[test]
fn a_file_becomes_an_event_a_line_in_columns() {
    let body = fixture(BATCH);
    let Ran { code, stdout, stderr } = weir(&["events", body.to_str().unwrap()], Stdio::null());
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let lines: Vec<_> = stdout.lines().collect();
    assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["TOPIC", "KEY", "KIND", "ID", "TIME"]);
    let expected = expected(&body);
    assert_eq!(lines.len(), 1 + expected.len());
    for (line, event) in lines.iter().skip(1).zip(&expected) {
        let text = |name: &str| event[name].as_str().unwrap_or("-").to_owned();
        let topic = format!("meta.{}", text("topic"));
        let cells = [topic, text("key"), text("kind"), text("id"), text("time")];
        assert_eq!(line.split_whitespace().collect::<Vec<_>>(), cells);
        assert_eq!(line.find(&cells[3]), lines[0].find("ID"), "{stdout}");
    }
    assert!(!stdout.contains('\x1b'), "{stdout}");
}

#[test]
fn json_is_whole_records_and_always_the_same() {
    let body = fixture(BATCH);
    let Ran { code, stdout, stderr } = events(&["--json", "-", "--topic-prefix", "acme.meta"], &body);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let records: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = expected(&body);
    assert_eq!(records.len(), expected.len());
    for (record, event) in records.iter().zip(&expected) {
        assert_eq!(record["topic"], format!("acme.meta.{}", event["topic"].as_str().unwrap()));
        assert_eq!(record["key"], event["key"]);
        assert_eq!(record["headers"]["content-type"], "application/cloudevents+json; charset=UTF-8");
        assert_eq!(record["headers"]["ce_id"], event["id"]);
        assert_eq!(record["headers"]["ce_type"], event["type"]);
        assert_eq!(record["value"]["data"], event["data"]);
    }
    assert_eq!(events(&["--json", "--topic-prefix", "acme.meta"], &body).stdout, stdout);
}

#[test]
fn a_record_is_one_line_however_its_delivery_was_indented() {
    let body = fixture("message/text-indented.json");
    assert!(fs::read_to_string(&body).unwrap().contains('\n'));
    let Ran { stdout, .. } = events(&["--json"], &body);
    let record: Value = serde_json::from_str(stdout.trim_end()).unwrap();
    assert_eq!(record["value"]["data"], expected(&body)[0]["data"]);
}

#[test]
fn what_is_no_webhook_is_said_and_what_one_looks_like() {
    for (body, reason) in [
        (&b"Hello"[..], "not_json"),
        (b"", "not_json"),
        (br#"{"hello":"world"}"#, "not_a_delivery"),
        (b"[]", "not_a_delivery"),
    ] {
        let (_dir, file) = write("body", body);
        let Ran { code, stdout, stderr } = events(&[], &file);
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
        assert!(stderr.starts_with("weir: standard input is no webhook: "), "{stderr}");
        assert!(stderr.contains(&format!("({reason})")), "{stderr}");
        assert!(stderr.contains(r#"{"object":"instagram","entry":[{"#), "{stderr}");
        assert!(stderr.contains("meta.ingest.dlq.v1"), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
}

#[test]
fn of_an_array_that_is_bad_in_part_the_good_part_is_shown() {
    let good = fs::read_to_string(fixture("message/text.json")).unwrap();
    let (_dir, file) = write("body.json", format!("[{good},{{}}]").as_bytes());
    let Ran { code, stdout, stderr } = weir(&["events", "--json", file.to_str().unwrap()], Stdio::null());
    assert_eq!(code, Some(1));
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    assert!(stderr.contains("body.json is no webhook as a whole (events shown: 1): "), "{stderr}");
    assert!(stderr.contains("(not_a_delivery)"), "{stderr}");
}

#[test]
fn a_webhook_that_carries_nothing_is_one() {
    let (_dir, file) = write("body.json", br#"{"object":"instagram","entry":[]}"#);
    let Ran { code, stdout, .. } = events(&[], &file);
    assert_eq!((code, stdout.as_str()), (Some(0), "A webhook without events: its entries carry nothing.\n"));
    let Ran { code, stdout, .. } = events(&["--json"], &file);
    assert_eq!((code, stdout.as_str()), (Some(0), ""));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let Ran { code, stderr, .. } = weir(&["events", "no-such-file.json"], Stdio::null());
    assert_eq!(code, Some(1));
    assert!(stderr.starts_with("weir: cannot read no-such-file.json: "), "{stderr}");
    assert_eq!(weir(&["events", "--topic-prefix", "A B"], Stdio::null()).code, Some(2));
}

#[test]
fn whoever_has_seen_enough_may_close_the_pipe() {
    let script = r#""$0" events --json "$1" | head -c 1"#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_weir")]).arg(fixture(BATCH));
    let output = shell.output().unwrap();
    assert_eq!(output.stdout, b"{");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
