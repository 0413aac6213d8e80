//! The settings of `weir-lookups` beside the common ones.

use crate::graph::{GraphSettings, GraphUrl, GraphVersion};
use runtime::settings::{Form, Reader, form};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// The flags of `weir-lookups`.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Lookups")]
pub struct LookupArgs {
    /// Host of the Graph API: graph.facebook.com, or graph.instagram.com for Instagram Login
    #[arg(long, env = "WEIR_GRAPH_URL", value_name = "URL", default_value = "https://graph.facebook.com")]
    pub graph_url: Option<String>,
    /// Version of the Graph API
    #[arg(long, env = "WEIR_GRAPH_VERSION", value_name = "VERSION", default_value = "v26.0")]
    pub graph_version: Option<String>,
    /// How long a call may take in all
    #[arg(long, env = "WEIR_GRAPH_TIMEOUT", value_name = "DURATION", default_value = "10s")]
    pub graph_timeout: Option<String>,
    /// How long a connection to the Graph API may take to come about
    #[arg(long, env = "WEIR_GRAPH_CONNECT_TIMEOUT", value_name = "DURATION", default_value = "5s")]
    pub graph_connect_timeout: Option<String>,
    /// How large an answer may be
    #[arg(long, env = "WEIR_GRAPH_MAX_BYTES", value_name = "SIZE", default_value = "512KiB")]
    pub graph_max_bytes: Option<String>,
    /// Directory of access tokens: a file per account, named by its id, and `default` for the rest; read again when
    /// they change
    #[arg(long, env = "WEIR_ACCESS_TOKENS", value_name = "DIR")]
    pub access_tokens: Option<String>,
}

/// The checked values of [`LookupArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupSettings {
    /// How the Graph API is reached.
    pub graph: GraphSettings,
    /// Where the access tokens are.
    pub access_tokens: PathBuf,
}

const TIMEOUTS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(2);
/// An enriched record must fit its topic, which has 1 MiB of room beside the body of the delivery.
const ANSWER_BYTES: RangeInclusive<u64> = 1_024..=960 * 1_024;

impl LookupSettings {
    /// Reads and checks them; `None` means that `reader` has noted problems.
    pub fn read(_: &LookupArgs, reader: &mut Reader<'_>) -> Option<Self> {
        let url = reader.required("graph_url", &Form::new(GraphUrl::EXPECTED, GraphUrl::parse));
        let version =
            reader.required("graph_version", &Form::new(GraphVersion::EXPECTED, GraphVersion::parse));
        let timeout = reader.required("graph_timeout", &form::duration(TIMEOUTS));
        let connect_timeout = reader.required("graph_connect_timeout", &form::duration(TIMEOUTS));
        let max_bytes = reader.required("graph_max_bytes", &form::bytes(ANSWER_BYTES));
        let access_tokens = reader.required("access_tokens", &form::directory());
        let graph = GraphSettings {
            url: url?,
            version: version?,
            timeout: timeout?,
            connect_timeout: connect_timeout?,
            max_bytes: usize::try_from(max_bytes?).ok()?,
        };
        Some(Self { graph, access_tokens: access_tokens? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ABOUT;
    use runtime::process;
    use runtime::settings::Problems;

    fn read(arguments: &[&str]) -> Result<LookupSettings, Problems> {
        let command = process::command::<LookupArgs>(ABOUT);
        let arguments = ["weir-lookups", "--brokers", "kafka:9092"].iter().chain(arguments);
        let matches = command.clone().get_matches_from(arguments);
        process::settings(&command, &matches, LookupSettings::read).map(|(_, settings)| settings)
    }

    #[test]
    fn access_tokens_are_all_that_must_be_given() {
        let settings = read(&["--access-tokens", env!("CARGO_MANIFEST_DIR")]).unwrap();
        assert_eq!(settings.graph.url.origin(), "https://graph.facebook.com");
        assert_eq!(settings.graph.version.as_str(), "v26.0");
        assert_eq!(settings.graph.max_bytes, 512 * 1024);
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
        ]);
        let text = problems.unwrap_err().to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 6, "{text}");
        assert!(lines[0].contains("--graph-url (flag)") && lines[0].contains("localhost alone"), "{text}");
        assert!(lines[5].contains("--access-tokens (not set)"), "{text}");
    }

    #[test]
    fn every_flag_has_an_environment_variable_of_its_name() {
        for argument in process::command::<LookupArgs>(ABOUT).get_arguments() {
            let long = argument.get_long().unwrap();
            if !["help", "version"].contains(&long) {
                let expected = format!("WEIR_{}", long.to_uppercase().replace('-', "_"));
                assert_eq!(argument.get_env().unwrap().to_str(), Some(expected.as_str()));
            }
        }
    }
}
