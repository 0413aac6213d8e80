//! The flags of `weir spool`.

use clap::{ArgAction, ArgMatches, Command};
use runtime::settings::{Problems, Reader, Source, form};
use std::path::PathBuf;
use weir_ingest::spool::inspect::{Reason, Which};

/// Lines of a table where nothing else is asked for.
const LINES: u64 = 100;

/// The flag of all.
#[derive(Clone, Debug, clap::Args)]
struct DirectoryArgs {
    /// The --spool-dir of ingest
    #[arg(long, env = "WEIR_SPOOL_DIR", value_name = "DIR")]
    spool_dir: Option<String>,
}

/// The flags of `list`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    directory: DirectoryArgs,
    /// Only deliveries that Kafka refuses for good
    #[arg(long, action = ArgAction::SetTrue)]
    set_aside: bool,
    /// How many deliveries are listed; the sums below are of all [default: 100, or all with --json]
    #[arg(long, value_name = "COUNT")]
    limit: Option<String>,
    /// Print JSON objects, one a line
    #[arg(long, action = ArgAction::SetTrue)]
    json: bool,
}

/// The flags of `show`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ShowArgs {
    /// The id of a delivery, as `weir spool list` shows it
    #[arg(value_name = "ID", required = true)]
    id: Option<String>,
    #[command(flatten)]
    directory: DirectoryArgs,
    /// Print the body alone, as the bytes that were received
    #[arg(long, action = ArgAction::SetTrue)]
    body: bool,
    /// Print everything as one JSON object
    #[arg(long, action = ArgAction::SetTrue, conflicts_with = "body")]
    json: bool,
}

/// The flags of `retry`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct RetryArgs {
    /// Ids of deliveries that are set aside
    #[arg(value_name = "ID", conflicts_with = "all")]
    ids: Vec<String>,
    #[command(flatten)]
    directory: DirectoryArgs,
    /// Every delivery that is set aside, but for corrupt ones
    #[arg(long, action = ArgAction::SetTrue)]
    all: bool,
    /// Of all, those that are set aside for this reason: `too_large`, `not_authorized` or `unknown_topic`
    #[arg(long, value_name = "REASON", conflicts_with = "ids")]
    reason: Option<String>,
    /// Do it; without this flag nothing is changed
    #[arg(long, action = ArgAction::SetTrue)]
    apply: bool,
}

/// The flags of `export`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    directory: DirectoryArgs,
    /// Only deliveries that Kafka refuses for good
    #[arg(long, action = ArgAction::SetTrue)]
    set_aside: bool,
}

/// Which spool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) directory: PathBuf,
    /// What a command needs to find the same one: nothing, or the flag with a space before it.
    pub(super) flag: String,
}

/// The checked values of [`ListArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListSettings {
    pub(super) place: Place,
    pub(super) which: Which,
    pub(super) limit: u64,
    pub(super) is_json: bool,
}

/// The checked values of [`ShowArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShowSettings {
    pub(super) place: Place,
    pub(super) id: String,
    pub(super) shape: Shape,
}

/// How a delivery is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Lines for people.
    Text,
    /// The body alone.
    Body,
    /// An object for programs.
    Json,
}

/// The checked values of [`RetryArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RetrySettings {
    pub(super) place: Place,
    pub(super) what: What,
    pub(super) applies: bool,
}

/// What is to wait again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Ids(Vec<String>),
    All(Option<Reason>),
}

/// The checked values of [`ExportArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ExportSettings {
    pub(super) place: Place,
    pub(super) which: Which,
}

/// Those of `list`.
pub(super) fn list(command: &Command, matches: &ArgMatches) -> Result<ListSettings, Problems> {
    let mut reader = Reader::new(command, matches);
    let place = place(&mut reader);
    let limit = reader.optional("limit", &form::count(1..=u64::MAX));
    reader.finish()?;
    let is_json = matches.get_flag("json");
    let limit = limit.unwrap_or(if is_json { u64::MAX } else { LINES });
    Ok(ListSettings { place, which: which(matches), limit, is_json })
}

/// Those of `show`.
pub(super) fn show(command: &Command, matches: &ArgMatches) -> Result<ShowSettings, Problems> {
    let mut reader = Reader::new(command, matches);
    let place = place(&mut reader);
    let id = reader.required("id", &form::text());
    reader.finish()?;
    let shape = match (matches.get_flag("body"), matches.get_flag("json")) {
        (true, _) => Shape::Body,
        (_, true) => Shape::Json,
        _ => Shape::Text,
    };
    Ok(ShowSettings { place, id: as_kept(&id.unwrap_or_default()), shape })
}

/// Those of `retry`.
pub(super) fn retry(command: &Command, matches: &ArgMatches) -> Result<RetrySettings, Problems> {
    let mut reader = Reader::new(command, matches);
    let place = place(&mut reader);
    let reason = form::choice(&[("too_large", 0), ("not_authorized", 1), ("unknown_topic", 2)]);
    let is_known = reader.optional("reason", &reason).is_some();
    let ids: Vec<_> = matches.get_many::<String>("ids").into_iter().flatten().map(|id| as_kept(id)).collect();
    let is_all = matches.get_flag("all");
    if !is_all && is_known {
        reader.problem("reason", "--all beside it");
    }
    if !is_all && !is_known && ids.is_empty() {
        reader.problem("what to retry", "ids of deliveries that are set aside, or --all");
    }
    reader.finish()?;
    let reason = matches.get_one::<String>("reason").filter(|_| is_known);
    let what = if is_all { What::All(reason.map(|word| Reason::of(word.trim()))) } else { What::Ids(ids) };
    Ok(RetrySettings { place, what, applies: matches.get_flag("apply") })
}

/// Those of `export`.
pub(super) fn export(command: &Command, matches: &ArgMatches) -> Result<ExportSettings, Problems> {
    let mut reader = Reader::new(command, matches);
    let place = place(&mut reader);
    reader.finish()?;
    Ok(ExportSettings { place, which: which(matches) })
}

/// Whether the directory is there is seen when it is opened.
fn place(reader: &mut Reader<'_>) -> Place {
    let Some(directory) = reader.required("spool_dir", &form::text()) else { return Place::default() };
    let is_given = reader.source("spool_dir") == Source::Flag;
    let flag = if is_given { format!(" --spool-dir {}", quoted(&directory)) } else { String::new() };
    Place { directory: PathBuf::from(directory), flag }
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    if word.bytes().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

fn which(matches: &ArgMatches) -> Which {
    if matches.get_flag("set_aside") { Which::Parked } else { Which::All }
}

/// An id as ingest writes it.
fn as_kept(id: &str) -> String {
    id.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
