//! Settings of a workload.

use super::*;
use crate::settings::{form, with_default};

const ABOUT: About = About { name: "weir-test", version: "1.2.3", description: "A test" };

crate::settings! {
    /// A setting beside the common ones.
    struct TestSettings {
        /// How many at once
        concurrency: u64 = with_default("COUNT", "4", form::count(1..=100)),
    }
}

fn settings_of(arguments: &[&str]) -> Result<(CommonSettings, u64), Problems> {
    let command = command(ABOUT, TestSettings::declare);
    let arguments = std::iter::once("weir-test").chain(arguments.iter().copied());
    let matches = command.clone().get_matches_from(arguments);
    settings(&command, &matches, TestSettings::read).map(|(common, own)| (common, own.concurrency))
}

#[test]
fn own_and_common_settings_are_read_together() {
    let (common, concurrency) = settings_of(&["--brokers", "kafka:9092", "--concurrency", "7"]).unwrap();
    assert_eq!(common.kafka.brokers, "kafka:9092");
    assert_eq!(concurrency, 7);
}

#[test]
fn problems_of_own_and_common_settings_come_together() {
    let problems = settings_of(&["--concurrency", "0"]).unwrap_err().0;
    let settings: Vec<&str> = problems.iter().map(|problem| problem.setting.as_str()).collect();
    assert_eq!(settings, ["--brokers", "--concurrency"]);
}

#[test]
fn help_begins_with_the_description_of_the_binary() {
    let help = command(ABOUT, TestSettings::declare).render_long_help().to_string();
    assert!(help.starts_with("A test\n"), "{help}");
}

#[test]
fn every_flag_has_an_environment_variable_of_its_name() {
    for argument in command(ABOUT, TestSettings::declare).get_arguments() {
        let long = argument.get_long().unwrap();
        if !["help", "version"].contains(&long) {
            let expected = format!("WEIR_{}", long.to_uppercase().replace('-', "_"));
            assert_eq!(argument.get_env().unwrap().to_str(), Some(expected.as_str()));
        }
    }
}

#[test]
fn the_work_is_spread_over_as_many_threads_as_are_given() {
    assert_eq!(runtime(Some(3)).unwrap().metrics().num_workers(), 3);
}
