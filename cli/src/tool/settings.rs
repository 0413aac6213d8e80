//! The settings of a command, each declared once: its flag, its help, its form, its default.

mod declared;
mod event_limits;
mod flag;
mod graph;
mod instant;

pub(crate) use declared::{Settings, group, kafka, perhaps, settings};
pub(crate) use event_limits::EventLimits;
pub(crate) use flag::{Flag, count, flag, several, switch};
pub(crate) use graph::{access_tokens, graph_host, graph_url, graph_version};
pub(crate) use instant::{check_period, past, since, until};

use clap::{ArgMatches, Command};
use runtime::settings::{Form, Problems, Reader, form, is_host_port};
use schemas::EventKind;

/// Reads and checks the settings of a command; all problems come together.
pub(crate) fn read<S: Settings>(command: &Command, matches: &ArgMatches) -> Result<S, Problems> {
    let mut reader = Reader::new(command, matches);
    let settings = S::read(&mut reader);
    reader.finish(settings)
}

/// The kind of an event.
pub(crate) fn kind() -> Flag<EventKind> {
    let expected = "the name of a kind, such as message or standby.postback (docs/events.md has them)";
    flag("kind", "KIND", Form::new(expected, |value| value.trim().parse().ok()))
}

/// Admin ports of processes.
pub(crate) fn admin_ports(id: &'static str, of: &str) -> Flag<Vec<String>> {
    several(id, "HOST:PORT", form::matching(&format!("HOST:PORT of {of}"), is_host_port))
}

/// Records a second that are written at most.
pub(crate) fn rate(default: &'static str) -> Flag<u64> {
    count("rate", 1..=1_000_000).env("WEIR_RATE").or(default)
}

/// The first part of every topic's name.
pub(crate) fn topic_prefix() -> Flag<String> {
    flag("topic-prefix", "NAME", form::topic_prefix()).env("WEIR_TOPIC_PREFIX").or("meta")
}
