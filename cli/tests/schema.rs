//! `weir schema` from its command line to its exit code.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use schemas::Kind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn weir(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    let Output { status, stdout, stderr } = command.arg("schema").args(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/json")
}

fn committed(name: &str) -> String {
    std::fs::read_to_string(folder().join(format!("{name}.v1.json"))).unwrap()
}

/// The names of all that are committed.
fn names() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name());
    files.filter_map(|file| Some(file.to_str()?.strip_suffix(".v1.json")?.to_owned())).collect()
}

#[test]
fn every_schema_is_printed_as_it_is_committed() {
    for name in names() {
        let (code, stdout, stderr) = weir(&[&name]);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{name}");
        assert_eq!(stdout.trim_end(), committed(&name).trim_end(), "{name}");
    }
    assert_eq!(weir(&["standby.message"]), weir(&["message"]));
}

#[test]
fn what_a_full_disk_does_not_take_is_no_success() {
    for arguments in [&["--help"][..], &["schema", "--help"], &["schema"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        let ran = command.args(arguments).stdout(full).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let output = ran.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(said.contains("cannot print: No space left on device"), "{arguments:?}: {said}");
    }
}

#[test]
fn without_a_name_all_are_listed_and_the_kinds_with_topic_and_words() {
    let (code, stdout, _) = weir(&[]);
    assert_eq!(code, Some(0));
    for kind in Kind::ALL {
        let row = stdout.lines().find(|line| line.split_whitespace().next() == Some(kind.as_str())).unwrap();
        assert!(row.contains("  meta.") && row.ends_with(kind.about()), "{row}");
    }
    let listed: Vec<_> = stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    for name in names() {
        assert!(listed.contains(&name.as_str()), "{name}: {stdout}");
    }
}

#[test]
fn one_that_there_is_not_is_a_bad_command_line() {
    for name in ["telepathy", "standby.envelope", "standby.comment"] {
        let (code, stdout, stderr) = weir(&[name]);
        assert_eq!((code, stdout.as_str()), (Some(2), ""));
        let expected =
            format!("weir: there is no schema {name:?}; `weir schema` lists those that there are\n");
        assert_eq!(stderr, expected);
    }
}
