//! The flags of `weir events`.

use clap::{ArgAction, ArgMatches, Command};
use runtime::settings::{Problems, Reader, form};

/// The flags.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct EventsArgs {
    /// The body of a POST as a file; - or nothing reads standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: Option<String>,
    /// Print whole records, one JSON object a line
    #[arg(long, action = ArgAction::SetTrue)]
    json: bool,
    /// First part of every topic's name
    #[arg(long, env = "WEIR_TOPIC_PREFIX", value_name = "NAME", default_value = "meta")]
    topic_prefix: Option<String>,
}

/// The checked values of [`EventsArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EventsSettings {
    /// The file; `-` is standard input.
    pub(super) file: String,
    /// How events are printed.
    pub(super) shape: Shape,
    /// First part of every topic's name.
    pub(super) topic_prefix: String,
}

/// How events are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Columns for people.
    Table,
    /// Records for programs.
    Json,
}

impl EventsSettings {
    /// Reads and checks them.
    pub(super) fn read(command: &Command, matches: &ArgMatches) -> Result<Self, Problems> {
        let mut reader = Reader::new(command, matches);
        let file = reader.required("file", &form::text());
        let topic_prefix = reader.required("topic_prefix", &form::topic_prefix());
        reader.finish()?;
        let shape = if matches.get_flag("json") { Shape::Json } else { Shape::Table };
        Ok(Self { file: file.unwrap_or_default(), shape, topic_prefix: topic_prefix.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Args as _;

    fn read(arguments: &[&str]) -> Result<EventsSettings, Problems> {
        let command = EventsArgs::augment_args(Command::new("events"));
        let matches = command.clone().get_matches_from(["events"].iter().chain(arguments));
        EventsSettings::read(&command, &matches)
    }

    #[test]
    fn nothing_must_be_given() {
        let settings = read(&[]).unwrap();
        assert_eq!((settings.file.as_str(), settings.shape), ("-", Shape::Table));
        let settings = read(&["--json", "--topic-prefix", "acme", "body.json"]).unwrap();
        assert_eq!((settings.file.as_str(), settings.shape), ("body.json", Shape::Json));
        assert_eq!(settings.topic_prefix, "acme");
    }

    #[test]
    fn a_prefix_that_kafka_would_refuse_is_a_problem() {
        let problems = read(&["--topic-prefix", "A B"]).unwrap_err().to_string();
        assert!(problems.starts_with("--topic-prefix (flag): found"), "{problems}");
    }
}
