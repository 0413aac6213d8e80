//! What the command line gives.

use super::*;
use crate::ABOUT;
use runtime::process;
use runtime::settings::Problems;

pub(crate) fn read(arguments: &[&str]) -> Result<ReplySettings, Problems> {
    let command = process::command(ABOUT, ReplySettings::declare);
    let arguments = ["weir-replies", "--brokers", "kafka:9092"].iter().chain(arguments);
    let matches = command.clone().get_matches_from(arguments);
    process::settings(&command, &matches, ReplySettings::read).map(|(_, settings)| settings)
}

#[test]
fn nothing_is_sent_again_unless_it_is_set() {
    let settings = read(&["--access-tokens", env!("CARGO_MANIFEST_DIR")]).unwrap();
    assert_eq!((settings.resend_unknown, settings.reply_max_age), (0, Duration::from_hours(24)));
}

#[test]
fn the_help_says_that_a_stop_known_to_outlast_the_patience_is_not_waited_for() {
    let command = process::command(ABOUT, ReplySettings::declare);
    let flag = command.get_arguments().find(|flag| flag.get_long() == Some("reply-patience")).unwrap();
    let help = flag.get_help().unwrap().to_string();
    assert!(help.contains("at once where what is left of a stop would exceed it"), "{help}");
}

#[test]
fn all_problems_are_reported_at_once() {
    let problems =
        read(&["--reply-max-age", "7d", "--resend-unknown", "always", "--remembered-commands", "1"]);
    let text = problems.unwrap_err().to_string();
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.contains("from 1s to 6days") && text.contains("--access-tokens (not set)"), "{text}");
}

#[test]
fn every_flag_has_an_environment_variable_of_its_name() {
    for argument in process::command(ABOUT, ReplySettings::declare).get_arguments() {
        let long = argument.get_long().unwrap();
        if !["help", "version"].contains(&long) {
            let expected = format!("WEIR_{}", long.to_uppercase().replace('-', "_"));
            assert_eq!(argument.get_env().unwrap().to_str(), Some(expected.as_str()));
        }
    }
}
