//! What the command line gives.

use super::*;
use crate::ABOUT;
use runtime::process;
use runtime::settings::Problems;
use std::path::PathBuf;
use weir_graph::{GraphSettings, GraphUrl, GraphVersion, TokenSettings};

pub(crate) fn read(arguments: &[&str]) -> Result<LookupSettings, Problems> {
    let command = process::command(ABOUT, LookupSettings::declare);
    let arguments = ["weir-lookups", "--brokers", "kafka:9092"].iter().chain(arguments);
    let matches = command.clone().get_matches_from(arguments);
    process::settings(&command, &matches, LookupSettings::read).map(|(_, settings)| settings)
}

#[test]
fn access_tokens_are_all_that_must_be_given() {
    let here = env!("CARGO_MANIFEST_DIR");
    let settings = read(&["--access-tokens", here]).unwrap();
    let url = GraphUrl::parse("https://graph.facebook.com").unwrap();
    let graph = GraphSettings::of(url, GraphVersion::parse("v26.0").unwrap());
    let access_tokens = Some(PathBuf::from(here));
    let tokens = TokenSettings { access_tokens, accounts: None, graph_app_secret: None };
    assert_eq!((settings.graph.graph, settings.graph.tokens), (graph, tokens));
    assert_eq!((settings.batch.lookup_batch, settings.lookup_ahead), (50, 200));
}

#[test]
fn the_ids_that_weir_metrics_watches_are_no_directory_of_accounts() {
    let here = env!("CARGO_MANIFEST_DIR");
    for (given, expected) in
        [(here, Some(here)), ("17841405726653026, 204", None), ("204", None), ("@/etc/ids", None)]
    {
        let settings = read(&["--access-tokens", here, "--accounts", given]).unwrap();
        assert_eq!(settings.graph.tokens.accounts, expected.map(PathBuf::from), "{given}");
    }
    assert!(read(&["--access-tokens", here, "--accounts", "/no/such/place"]).is_err());
}

#[test]
fn all_problems_are_reported_at_once() {
    let problems = read(&[
        "--graph-url",
        "http://graph.facebook.com",
        "--graph-version",
        "26",
        "--graph-timeout",
        "1h",
        "--graph-connect-timeout",
        "5",
        "--graph-max-bytes",
        "1GiB",
        "--graph-slow-at",
        "99",
        "--lookup-batch",
        "51",
        "--without-token",
        "ignore",
    ]);
    let text = problems.unwrap_err().to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 9, "{text}");
    assert!(lines[0].contains("--graph-url (flag)") && lines[0].contains("localhost alone"), "{text}");
    assert!(text.contains("--access-tokens (not set)"), "{text}");
    assert!(text.contains("at most what --graph-stop-at says"), "{text}");
    assert!(text.contains("from 1 to 50"), "{text}");
    assert!(text.contains("one of dead-letter, wait"), "{text}");
}

#[test]
fn the_help_says_that_a_stop_known_to_outlast_the_patience_is_not_waited_for() {
    let command = process::command(ABOUT, LookupSettings::declare);
    let flag = command.get_arguments().find(|flag| flag.get_long() == Some("lookup-limit-patience")).unwrap();
    let help = flag.get_help().unwrap().to_string();
    assert!(help.contains("at once where what is left of a stop would exceed it"), "{help}");
}

#[test]
fn every_flag_has_an_environment_variable_of_its_name() {
    for argument in process::command(ABOUT, LookupSettings::declare).get_arguments() {
        let long = argument.get_long().unwrap();
        if !["help", "version"].contains(&long) {
            let expected = format!("WEIR_{}", long.to_uppercase().replace('-', "_"));
            assert_eq!(argument.get_env().unwrap().to_str(), Some(expected.as_str()));
        }
    }
}
