//! What may be asked for, and in which words.

use super::*;

fn matches(name: &str, arguments: &[&str]) -> (Command, ArgMatches) {
    let command = super::super::command().find_subcommand(name).unwrap().clone();
    let matches = command.clone().get_matches_from([name].iter().chain(arguments));
    (command, matches)
}

fn retry(arguments: &[&str]) -> Result<What, String> {
    let (command, matches) = matches("retry", &[&["--spool-dir", "/spool"], arguments].concat());
    super::retry(&command, &matches).map(|settings| settings.what).map_err(|problems| problems.to_string())
}

#[test]
fn people_get_a_screenful_or_few_and_programs_everything() {
    let limit = |arguments: &[&str]| {
        let (command, matches) = matches("list", &[&["--spool-dir", "/spool"], arguments].concat());
        list(&command, &matches).unwrap().limit
    };
    assert_eq!((limit(&[]), limit(&["--json"]), limit(&["--json", "--limit", "3"])), (100, u64::MAX, 3));
}

#[test]
fn what_to_retry_must_be_said_and_can_be_said_in_one_way_only() {
    assert_eq!(retry(&["--all"]), Ok(What::All(None)));
    assert_eq!(retry(&["--all", "--reason", "too_large"]), Ok(What::All(Some(Reason::TooLarge))));
    assert_eq!(retry(&["019AA7F0", "b"]), Ok(What::Ids(vec!["019aa7f0".to_owned(), "b".to_owned()])));
    assert!(retry(&[]).unwrap_err().starts_with("what to retry"));
    assert!(retry(&["--reason", "too_large"]).unwrap_err().starts_with("--reason"));
    for unknown in ["corrupt", "large"] {
        let problem = retry(&["--all", "--reason", unknown]).unwrap_err();
        assert!(problem.contains("too_large, not_authorized, unknown_topic"), "{problem}");
    }
}

#[test]
fn the_command_that_is_advised_finds_the_same_spool() {
    let (command, matches) = matches("export", &["--spool-dir", "/spool"]);
    let settings = export(&command, &matches).unwrap();
    assert_eq!(settings.place.flag, " --spool-dir /spool");
    assert_eq!(quoted("it's here"), r"'it'\''s here'");
}
