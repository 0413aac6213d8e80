//! The flags of `weir dlq`.

use super::scope::{Scope, ScopeArgs};
use crate::source::RecordPosition;
use clap::{ArgAction, ArgMatches, Command};
use runtime::settings::{KafkaArgs, KafkaSettings, Problems, Reader, form};

/// The flags of `list`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ListArgs {
    /// How to reach Kafka.
    #[command(flatten)]
    kafka: KafkaArgs,
    /// Which letters.
    #[command(flatten)]
    scope: ScopeArgs,
    /// Only letters written at or after: a time (2026-11-21T18:30:00Z), or how long ago (2h)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Show only the newest of each topic; all are counted [default: 50, with --json all]
    #[arg(long, value_name = "COUNT")]
    limit: Option<String>,
    /// Print one JSON object a letter, one a line
    #[arg(long, action = ArgAction::SetTrue)]
    json: bool,
}

/// The flags of `show`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ShowArgs {
    /// How to reach Kafka.
    #[command(flatten)]
    kafka: KafkaArgs,
    /// Where the letter lies: TOPIC PARTITION OFFSET, or TOPIC/PARTITION/OFFSET
    #[arg(value_name = "PLACE", required = true, num_args = 1..=3)]
    place: Vec<String>,
    /// Print one JSON object
    #[arg(long, action = ArgAction::SetTrue)]
    json: bool,
    /// First part of every topic's name; not needed here, the topic is given whole
    #[arg(long, env = "WEIR_TOPIC_PREFIX", value_name = "NAME", hide = true)]
    topic_prefix: Option<String>,
}

/// The flags of `redrive`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct RedriveArgs {
    /// How to reach Kafka.
    #[command(flatten)]
    kafka: KafkaArgs,
    /// Which letters.
    #[command(flatten)]
    scope: ScopeArgs,
    /// Only letters written at or after: a time (2026-11-21T18:30:00Z), or how long ago (2h)
    #[arg(long, value_name = "TIME", default_value = "7d")]
    since: Option<String>,
    /// Put back at most so many letters, the oldest of each topic first
    #[arg(long, value_name = "COUNT")]
    limit: Option<String>,
    /// Put them back, instead of only saying what would become of them
    #[arg(long, action = ArgAction::SetTrue)]
    apply: bool,
    /// Records a second, at most
    #[arg(long, env = "WEIR_RATE", value_name = "COUNT", default_value = "100")]
    rate: Option<String>,
    /// Leave letters alone that were tried this often
    #[arg(long, env = "WEIR_MAX_ATTEMPTS", value_name = "COUNT", default_value = "100")]
    max_attempts: Option<String>,
    /// The --max-events of ingest, for the bodies that are split again
    #[arg(long, env = "WEIR_MAX_EVENTS", value_name = "COUNT", default_value = "10000")]
    max_events: Option<String>,
    /// Put back also those that were put back before
    #[arg(long, action = ArgAction::SetTrue)]
    again: bool,
    /// Print one JSON object a letter, one a line, and a summary at the end
    #[arg(long, action = ArgAction::SetTrue)]
    json: bool,
}

/// The checked values of [`ListArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListSettings {
    pub(super) kafka: KafkaSettings,
    pub(super) scope: Scope,
    pub(super) limit: usize,
    pub(super) json: bool,
}

/// The checked values of [`ShowArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShowSettings {
    pub(super) kafka: KafkaSettings,
    pub(super) position: RecordPosition,
    pub(super) json: bool,
}

/// The checked values of [`RedriveArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RedriveSettings {
    pub(super) kafka: KafkaSettings,
    pub(super) scope: Scope,
    pub(super) limit: u64,
    pub(super) apply: bool,
    pub(super) rate: u64,
    pub(super) max_attempts: u32,
    pub(super) max_events: usize,
    pub(super) again: bool,
    pub(super) json: bool,
}

/// Letters that a list for people shows of each topic.
const SHOWN: usize = 50;

impl ListSettings {
    /// Reads and checks them; all problems come together.
    pub(super) fn read(command: &Command, matches: &ArgMatches) -> Result<Self, Problems> {
        let mut reader = Reader::new(command, matches);
        let kafka = KafkaSettings::read(&mut reader);
        let scope = Scope::read(&mut reader);
        let limit = reader.optional("limit", &form::count(1..=1_000_000));
        reader.finish()?;
        let json = matches.get_flag("json");
        let unlimited = if json { usize::MAX } else { SHOWN };
        Ok(Self { kafka: kafka.unwrap_or_default(), scope, limit: limit.map_or(unlimited, size), json })
    }
}

impl ShowSettings {
    /// Reads and checks them; all problems come together.
    pub(super) fn read(command: &Command, matches: &ArgMatches) -> Result<Self, Problems> {
        let mut reader = Reader::new(command, matches);
        let kafka = KafkaSettings::read(&mut reader);
        let words: Vec<&str> =
            matches.get_many::<String>("place").into_iter().flatten().map(String::as_str).collect();
        let position = words.join("/").parse::<RecordPosition>().ok();
        if position.is_none() {
            reader.problem(
                "PLACE",
                "a dead letter's topic, partition and offset, such as meta.messages.dlq.v1 3 42",
            );
        }
        reader.finish()?;
        let position = position.expect("without one there is a problem");
        Ok(Self { kafka: kafka.unwrap_or_default(), position, json: matches.get_flag("json") })
    }
}

impl RedriveSettings {
    /// Reads and checks them; all problems come together.
    pub(super) fn read(command: &Command, matches: &ArgMatches) -> Result<Self, Problems> {
        let mut reader = Reader::new(command, matches);
        let kafka = KafkaSettings::read(&mut reader);
        let scope = Scope::read(&mut reader);
        let limit = reader.optional("limit", &form::count(1..=u64::MAX));
        let rate = reader.required("rate", &form::count(1..=1_000_000));
        let max_attempts = reader.required("max_attempts", &form::count(1..=1_000_000));
        let max_events = reader.required("max_events", &form::count(1..=1_000_000));
        reader.finish()?;
        Ok(Self {
            kafka: kafka.unwrap_or_default(),
            scope,
            limit: limit.unwrap_or(u64::MAX),
            apply: matches.get_flag("apply"),
            rate: rate.unwrap_or(1),
            max_attempts: max_attempts.and_then(|count| u32::try_from(count).ok()).unwrap_or(1),
            max_events: max_events.map_or(1, size),
            again: matches.get_flag("again"),
            json: matches.get_flag("json"),
        })
    }
}

fn size(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
