//! `weir dlq`: what is in the dead-letter topics, one letter whole, and the way back.
//!
//! [`letter`] reads a dead letter; [`decision`] says what becomes of one; [`mark`] remembers which were put back, and
//! [`marks`] keeps that in Kafka as the offsets of a group.

mod decision;
mod group;
mod letter;
mod list;
mod mark;
mod marks;
mod outcome;
mod redrive;
mod scope;
mod settings;
mod show;

pub use group::GroupError;
pub use show::ShowError;

use crate::session::Session;
use crate::{Exit, Screen, ToolError};
use clap::{ArgMatches, Args as _, Command};
use settings::{ListArgs, ListSettings, RedriveArgs, RedriveSettings, ShowArgs, ShowSettings};

pub(crate) const NAME: &str = "dlq";
const LIST: &str = "list";
const SHOW: &str = "show";
const REDRIVE: &str = "redrive";

const LIST_ABOUT: &str = "List what is in the dead-letter topics; changes nothing";

const LIST_MORE: &str = "\
One line a letter, oldest first: its partition and offset, when it failed for the first time, why, how often it was tried, \
and where it came from; under it the error, where that is not the one of the letter above. At the end the letters by \
reason. A = marks letters that `weir dlq redrive` has put back, as long as \
Kafka remembers it (a week).

Times are UTC. --since and --until go by when a letter was written. Values are not shown: see `weir dlq show`.

With --json a letter is an object of topic, partition, offset, written, first_failed, reason, consumer, origin (topic, \
partition, offset; null where it came from none), attempts, error and back.";

const LIST_EXAMPLES: &str = "\
Examples:
  weir dlq list --brokers localhost:9092
  weir dlq list --consumer weir-lookups --since 2h --reason retries_exhausted
  weir dlq list --json | jq -r .reason | sort | uniq -c

Exit code 0: listed; 1: the cluster cannot be read.";

const SHOW_ABOUT: &str = "Show the headers and the value of one dead letter; changes nothing";

const SHOW_MORE: &str = "\
The value is what a person wrote or did. It is shown on a terminal and with --json, and nowhere else: into a pipe or a \
file goes its size.";

const SHOW_EXAMPLES: &str = "\
Examples:
  weir dlq show meta.messages.dlq.v1 3 42
  weir dlq show meta.messages.dlq.v1/3/42 --json | jq -r .value

Exit code 0: shown; 1: it is not there, or the cluster cannot be read.";

const REDRIVE_ABOUT: &str = "Put dead letters back to where they came from; a dry run unless told --apply";

const REDRIVE_MORE: &str = "\
Writes each letter to the topic that it came from: the same key, value and headers, without those that say why it is \
dead. How often it was tried stays with it (weir_dlq_attempts), so that its next dead letter counts on, and one that was \
tried --max-attempts times stays where it is. Every consumer of the topic reads it again; events keep their ids. \
A letter of ingest's is a body that could not be read, and came from no topic: it is split again, and where this version \
reads it as a whole its events are published, with the header ce_replay.

Letters stay in their topic. Which of them were put back is remembered as the offsets of the consumer group weir-redrive, \
so that a second run puts nothing back twice; what that group lags behind are the letters that wait. Kafka forgets \
offsets after a week (offsets.retention.minutes): that is why older letters are left alone unless --since says \
otherwise. Two runs at the same time do not see each other.

Ctrl-C ends it after what is under way, and remembers that.

With --json a letter is the object of `weir dlq list` with fate (back, published: the events of a body, before: put \
back by an earlier run, stays), to or why, and applied; the last object holds the sums.";

const REDRIVE_EXAMPLES: &str = "\
Examples:
  weir dlq redrive --brokers localhost:9092
  weir dlq redrive --consumer weir-lookups --reason retries_exhausted --limit 10 --apply
  weir dlq redrive --topic meta.messages.dlq.v1 --since 30d --rate 20 --apply

Exit code 0: no letter stays; 1: it failed or was stopped; 3: there are letters that stay.";

/// The subcommand and its own.
pub(crate) fn command() -> Command {
    let of = |command: Command, about: &'static str, more: &'static str, examples: &'static str| {
        command.about(about).long_about(format!("{about}.\n\n{more}")).after_help(examples)
    };
    // The flags come first, since their description of themselves would take the place of the command's.
    let list = ListArgs::augment_args(Command::new(LIST));
    let show = ShowArgs::augment_args(Command::new(SHOW));
    let redrive = RedriveArgs::augment_args(Command::new(REDRIVE));
    Command::new(NAME)
        .about("List, show or put back dead letters")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(of(list, LIST_ABOUT, LIST_MORE, LIST_EXAMPLES))
        .subcommand(of(show, SHOW_ABOUT, SHOW_MORE, SHOW_EXAMPLES))
        .subcommand(of(redrive, REDRIVE_ABOUT, REDRIVE_MORE, REDRIVE_EXAMPLES))
}

/// Runs `list`, `show` or `redrive`.
pub(crate) fn run(command: &Command, matches: &ArgMatches, screen: &mut Screen) -> Result<Exit, ToolError> {
    let (name, matches) = matches.subcommand().expect("clap asks for a subcommand");
    let command = command.find_subcommand(name).expect("clap knows the subcommands that it matched");
    match name {
        LIST => list::run(&Session::start()?, &ListSettings::read(command, matches)?, screen),
        SHOW => show::run(&Session::start()?, &ShowSettings::read(command, matches)?, screen),
        _ => redrive::run(&Session::start()?, &RedriveSettings::read(command, matches)?, screen),
    }
}
