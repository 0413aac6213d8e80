//! Settings of a workload.

use super::*;
use crate::settings::form;

const ABOUT: About = About { name: "weir-test", version: "1.2.3", description: "A test" };

#[derive(Clone, Debug, clap::Args)]
struct TestArgs {
    /// How many at once
    #[arg(long, env = "WEIR_CONCURRENCY", default_value = "4")]
    concurrency: Option<String>,
}

fn read(_: &TestArgs, reader: &mut Reader<'_>) -> Option<u64> {
    reader.required("concurrency", &form::count(1..=100))
}

fn settings_of(arguments: &[&str]) -> Result<(CommonSettings, u64), Problems> {
    let command = command::<TestArgs>(ABOUT);
    let arguments = std::iter::once("weir-test").chain(arguments.iter().copied());
    let matches = command.clone().get_matches_from(arguments);
    settings(&command, &matches, read)
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
    let help = command::<TestArgs>(ABOUT).render_long_help().to_string();
    assert!(help.starts_with("A test\n"), "{help}");
}

#[test]
fn every_flag_has_an_environment_variable_of_its_name() {
    for argument in command::<TestArgs>(ABOUT).get_arguments() {
        let long = argument.get_long().unwrap();
        if !["help", "version"].contains(&long) {
            let expected = format!("WEIR_{}", long.to_uppercase().replace('-', "_"));
            assert_eq!(argument.get_env().unwrap().to_str(), Some(expected.as_str()));
        }
    }
}
