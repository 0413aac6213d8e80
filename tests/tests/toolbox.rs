//! `k8s/toolbox` ends as the command did that it ran, and says so where it cannot know.

#![cfg(feature = "everything")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::process::{Command, Output};

use weir_tests::foreign;

/// A cluster in which every pod runs at once, prints a line and ends with 3; `LOG` is what its log does then. A mesh has put a container
/// before that of the command, which never ends.
const KUBECTL: &str = r#"
kubectl() {
  case "$*" in
    *" logs "*"--container weir "*) echo "a line"; eval "$LOG" ;;
    *'@.name=="weir"'*startedAt*) echo "now" ;;
    *'@.name=="weir"'*exitCode*) echo 3 ;;
    *jsonpath*) ;;
    *--filename*) cat ;;
    *) echo "{}" ;;
  esac
}
export -f kubectl
"#;

fn toolbox(log: &str) -> Output {
    let script = format!("{KUBECTL}k8s/toolbox dlq list");
    let mut bash = Command::new("env");
    // Who runs tests in the background has them ignore it.
    bash.args(["--default-signal=INT", "bash", "-c", &script]);
    bash.env("LOG", log).current_dir(foreign::folder("")).output().unwrap()
}

#[test]
fn it_ends_as_its_command_did() {
    let ended = toolbox("return 0");
    assert_eq!((ended.status.code(), &*ended.stdout), (Some(3), &b"a line\n"[..]));
}

#[test]
fn a_log_that_breaks_off_is_no_command_that_does_not_start_and_is_shown_once() {
    let ended = toolbox("return 1");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("its log broke off, and it may go on"), "{said}");
    assert_eq!((ended.status.code(), &*ended.stdout), (Some(1), &b"a line\n"[..]));
}

#[test]
fn who_stops_to_look_is_told_how_to_end_the_command() {
    let ended = toolbox("kill -INT $$");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("the command goes on") && said.contains("delete job/weir-toolbox-"), "{said}");
    assert_eq!(ended.status.code(), Some(130));
}
