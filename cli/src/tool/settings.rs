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

/// An id of Meta's: of an account or page, or of a person.
pub(crate) fn meta_id(id: &'static str) -> Flag<String> {
    flag(id, "ID", id_form())
}

/// What cannot be one finds nothing, which would say that there is nothing; and as a path it would name a folder of many.
fn id_form() -> Form<String> {
    Form::new("an id: letters, digits, '_', '.' and '-', at most 128", |value| {
        let id = value.trim();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        ((1..=128).contains(&id.len()) && id.bytes().all(allowed)).then(|| id.to_owned())
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_trimmed_and_is_neither_a_path_nor_several() {
        for id in ["6837251906428371", " 6837251906428371\n", "_"] {
            assert_eq!(id_form().parse(id).as_deref(), Some(id.trim()));
        }
        for text in ["", " ", "1/2", "a b", "17,1", &"1".repeat(129)] {
            assert_eq!(id_form().parse(text), None, "{text}");
        }
    }
}
