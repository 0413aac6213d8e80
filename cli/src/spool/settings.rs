//! What the commands of `weir spool` can be asked for.

use crate::tool::settings::{count, flag, group, settings, several, switch};
use runtime::settings::{Form, Reader, Setting, Source, form};
use std::path::PathBuf;
use weir_ingest::spool::inspect::{DeliveryFilter, ParkReason};

/// Lines of a table where nothing else is asked for.
const LINES: u64 = 100;
/// Why deliveries are parked that may be sent again.
pub(super) const REASONS: [ParkReason; 4] =
    [ParkReason::TooLarge, ParkReason::NotAuthorized, ParkReason::UnknownTopic, ParkReason::InvalidRecord];

settings! {
    /// What `weir spool list` can be asked for.
    pub(super) struct ListSettings {
        /// The --spool-dir of ingest
        location: SpoolLocation = spool_dir(),
        /// Only parked deliveries, which are set aside: they do not wait for Kafka, since it refused them, or for another reason
        set_aside: bool = switch("set-aside"),
        /// How many deliveries are listed; the sums below are of all [default: 100, or all with --json]
        limit: Option<u64> = count("limit", 1..=u64::MAX).optional(),
        /// Print JSON objects, one a line
        json: bool = switch("json"),
    }
}

settings! {
    /// What `weir spool show` can be asked for.
    pub(super) struct ShowSettings {
        /// The id of a delivery, as `weir spool list` shows it
        id: String = flag("id", "ID", id()).positional().required(),
        /// The --spool-dir of ingest
        location: SpoolLocation = spool_dir(),
        /// Print the body alone, as the bytes that were received
        body: bool = switch("body"),
        /// Print everything as one JSON object
        json: bool = switch("json").without("body"),
    }
}

settings! {
    /// What `weir spool retry` can be asked for.
    pub(super) struct RetrySettings {
        /// The --spool-dir of ingest
        location: SpoolLocation = spool_dir(),
        chosen: Chosen = group(),
        /// Do it; without this flag nothing is changed
        apply: bool = switch("apply"),
    }
}

settings! {
    /// Which deliveries are to wait again.
    pub(super) struct Chosen {
        /// Ids of parked deliveries
        ids: Vec<String> = several("ids", "ID", form::text()).positional().without("all"),
        /// Every parked delivery, but for corrupt ones
        all: bool = switch("all"),
        /// Of all, those that are parked for this reason: `too_large`, `not_authorized`, `unknown_topic` or `invalid_record`
        reason: Option<ParkReason> = flag("reason", "REASON", reason()).without("ids").optional(),
    }
    check |chosen, given| match chosen {
        Self { all: true, .. } => {}
        Self { reason: Some(_), .. } => given.problem("reason", "--all beside it"),
        Self { ids, .. } if !ids.is_empty() => {}
        _ => given.problem("what to retry", "ids of parked deliveries, or --all"),
    }
}

settings! {
    /// What `weir spool export` can be asked for.
    pub(super) struct ExportSettings {
        /// The --spool-dir of ingest
        location: SpoolLocation = spool_dir(),
        /// Only parked deliveries, which are set aside: they do not wait for Kafka, since it refused them, or for another reason
        set_aside: bool = switch("set-aside"),
    }
}

impl ListSettings {
    /// How many deliveries are listed; programs get all where nothing else is said.
    pub(super) fn most(&self) -> u64 {
        self.limit.unwrap_or(if self.json { u64::MAX } else { LINES })
    }
}

/// All deliveries, or those that are parked.
pub(super) const fn which(set_aside: bool) -> DeliveryFilter {
    if set_aside { DeliveryFilter::Parked } else { DeliveryFilter::All }
}

/// Where a spool lies. Whether it is there is seen when it is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SpoolLocation {
    pub(super) directory: PathBuf,
    /// What a command needs to find the same one: nothing, or the flag with a space before it.
    pub(super) flag: String,
}

/// The flag `--spool-dir`.
fn spool_dir() -> Setting<SpoolLocation> {
    let text = form::text();
    let folder = Form::new("the folder of ingest's spool", move |value| text.parse(value));
    let Setting { declare, read } = flag("spool-dir", "DIR", folder).env("WEIR_SPOOL_DIR").into();
    let read = |reader: &mut Reader<'_>, id: &str| {
        let directory: String = read(reader, id)?;
        let is_given = reader.source("spool-dir") == Source::Flag;
        let flag = if is_given { format!(" --spool-dir {}", quoted(&directory)) } else { String::new() };
        Some(SpoolLocation { directory: PathBuf::from(directory), flag })
    };
    Setting { declare, read: Box::new(read) }
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    if word.bytes().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

fn reason() -> Form<ParkReason> {
    let words = REASONS.map(|reason| reason.to_string()).join(", ");
    Form::new(format!("one of {words}"), |word| {
        REASONS.into_iter().find(|reason| reason.as_str() == word.trim())
    })
}

fn id() -> Form<String> {
    let text = form::text();
    Form::new(text.expected().to_owned(), move |id| text.parse(id).as_deref().map(as_kept))
}

/// An id as ingest writes it.
pub(super) fn as_kept(id: &str) -> String {
    id.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
