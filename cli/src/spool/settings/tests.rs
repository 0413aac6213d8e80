//! What may be asked for, and in which words.

use super::*;
use crate::tool::settings::{Settings, read};
use clap::Command;

fn given<S: Settings>(arguments: &[&str]) -> Result<S, String> {
    let command = S::declare(Command::new("test"));
    let arguments = ["test", "--spool-dir", "/spool"].iter().chain(arguments);
    let matches = command.clone().get_matches_from(arguments);
    read(&command, &matches).map_err(|problems| problems.to_string())
}

fn retry(arguments: &[&str]) -> Result<Chosen, String> {
    given::<RetrySettings>(arguments).map(|settings| settings.chosen)
}

#[test]
fn people_get_a_screenful_or_few_and_programs_everything() {
    let limit = |arguments: &[&str]| given::<ListSettings>(arguments).unwrap().most();
    assert_eq!((limit(&[]), limit(&["--json"]), limit(&["--json", "--limit", "3"])), (100, u64::MAX, 3));
}

#[test]
fn what_to_retry_must_be_said_and_can_be_said_in_one_way_only() {
    let all = |reason| Ok(Chosen { ids: Vec::new(), all: true, reason });
    assert_eq!(retry(&["--all"]), all(None));
    assert_eq!(retry(&["--all", "--reason", "too_large"]), all(Some(ParkReason::TooLarge)));
    assert_eq!(retry(&["a", "b"]).unwrap().ids, ["a", "b"]);
    assert!(retry(&[]).unwrap_err().starts_with("what to retry"));
    assert!(retry(&["--reason", "too_large"]).unwrap_err().starts_with("--reason"));
    for unknown in ["corrupt", "large"] {
        let problem = retry(&["--all", "--reason", unknown]).unwrap_err();
        assert!(problem.contains("too_large, not_authorized, unknown_topic, invalid_record"), "{problem}");
    }
}

#[test]
fn an_id_may_be_given_in_capitals() {
    assert_eq!(given::<ShowSettings>(&["019AA7F0 "]).unwrap().id, "019aa7f0");
    assert_eq!(as_kept(" 019AA7F0"), "019aa7f0");
}

#[test]
fn the_command_that_is_advised_finds_the_same_spool() {
    let settings = given::<ExportSettings>(&[]).unwrap();
    assert_eq!(settings.location.flag, " --spool-dir /spool");
    assert_eq!(quoted("it's here"), r"'it'\''s here'");
}
