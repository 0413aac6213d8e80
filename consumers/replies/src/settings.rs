//! The settings of `weir-replies` beside the common ones.

use runtime::settings::{Reader, form};
use std::ops::RangeInclusive;
use std::time::Duration;
use weir_graph::{GraphArgs, GraphParts};

/// The flags of `weir-replies`.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Replies")]
pub struct ReplyArgs {
    /// The Graph API.
    #[command(flatten)]
    pub graph: GraphArgs,
    /// How long a command may wait for a limit of Meta's, or for a host that cannot be reached, before it is refused
    #[arg(long, env = "WEIR_REPLY_PATIENCE", value_name = "DURATION", default_value = "15m")]
    pub reply_patience: Option<String>,
    /// How old a command may be when its turn comes; older ones are refused
    #[arg(long, env = "WEIR_REPLY_MAX_AGE", value_name = "DURATION", default_value = "24h")]
    pub reply_max_age: Option<String>,
    /// How often a command is sent again whose outcome is unknown; each time the customer may read it twice
    #[arg(long, env = "WEIR_RESEND_UNKNOWN", value_name = "COUNT", default_value = "0")]
    pub resend_unknown: Option<String>,
    /// Commands that are remembered, at most, so that none is carried out twice; no more are begun when they are
    /// reached; those that were refused without a call make room for others
    #[arg(long, env = "WEIR_REMEMBERED_COMMANDS", value_name = "COUNT", default_value = "1000000")]
    pub remembered_commands: Option<String>,
}

/// The checked values of [`ReplyArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplySettings {
    /// The Graph API.
    pub graph: GraphParts,
    /// How long a command may wait.
    pub patience: Duration,
    /// How old a command may be when its turn comes.
    pub max_age: Duration,
    /// How often a command of unknown outcome is sent again.
    pub resend_unknown: u32,
    /// Commands that are remembered, at most.
    pub remembered: usize,
}

const PATIENCE: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(24);
/// The results topic keeps records for 7 days, which is what is remembered of commands.
const AGES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(6 * 24);
const RESENDS: RangeInclusive<u64> = 0..=10;
const REMEMBERED: RangeInclusive<u64> = 1_000..=100_000_000;

impl ReplySettings {
    /// Reads and checks them; `None` means that `reader` has noted problems.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let graph = GraphParts::read(reader);
        let patience = reader.required("reply_patience", &form::duration(PATIENCE));
        let max_age = reader.required("reply_max_age", &form::duration(AGES));
        let resend_unknown = reader.required("resend_unknown", &form::count(RESENDS));
        let remembered = reader.required("remembered_commands", &form::count(REMEMBERED));
        Some(Self {
            graph: graph?,
            patience: patience?,
            max_age: max_age?,
            resend_unknown: u32::try_from(resend_unknown?).ok()?,
            remembered: usize::try_from(remembered?).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ABOUT;
    use clap::Args as _;
    use runtime::process;
    use runtime::settings::Problems;

    fn read(arguments: &[&str]) -> Result<ReplySettings, Problems> {
        let command = process::command(ABOUT, ReplyArgs::augment_args);
        let arguments = ["weir-replies", "--brokers", "kafka:9092"].iter().chain(arguments);
        let matches = command.clone().get_matches_from(arguments);
        process::settings(&command, &matches, ReplySettings::read).map(|(_, settings)| settings)
    }

    #[test]
    fn nothing_is_sent_again_unless_it_is_set() {
        let settings = read(&["--access-tokens", env!("CARGO_MANIFEST_DIR")]).unwrap();
        assert_eq!((settings.resend_unknown, settings.max_age), (0, Duration::from_hours(24)));
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
        for argument in process::command(ABOUT, ReplyArgs::augment_args).get_arguments() {
            let long = argument.get_long().unwrap();
            if !["help", "version"].contains(&long) {
                let expected = format!("WEIR_{}", long.to_uppercase().replace('-', "_"));
                assert_eq!(argument.get_env().unwrap().to_str(), Some(expected.as_str()));
            }
        }
    }
}
