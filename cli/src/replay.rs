//! `weir replay`: the deliveries of a time range, split again.
//!
//! [`survey`] reads raw records and counts what splitting gives; [`compare`] looks at what is in the typed topics;
//! [`publish`] writes. [`expected`] is the memory of it, and [`report`] what is printed.

mod compare;
mod expected;
mod filter;
mod publish;
mod report;
mod settings;
mod survey;

pub use expected::TooMany;

use crate::progress::Progress;
use crate::session::Session;
use crate::source::{Range, Source};
use crate::{Exit, Screen, ToolError};
use clap::{ArgMatches, Args as _, Command};
use expected::Expected;
use report::Report;
use schemas::Topic;
use settings::{ReplayArgs, ReplaySettings, Task};

pub(crate) const NAME: &str = "replay";

const ABOUT: &str = "Split the deliveries of a time range again; a dry run unless told --apply";

const MORE: &str = "\
Reads the raw records of the range, splits each body as ingest does, and says per topic and kind how many events come of \
them, how many of these are in the typed topics (PRESENT), how many are not (MISSING), and how many events of the same \
deliveries are there that this version does not make (EXTRA). The same body gives the same ids, so that nothing is \
counted twice. With --apply it publishes the events as ingest did, with the same ids, delivery id and time of receipt, and \
the header ce_replay with the name of the run: all of them, or with --missing-only those that are missing. Bodies that are \
refused are counted and not published; a body of which a part is refused gives the events of the rest.

The range goes by when Kafka got the raw records, which is later than ce_time where a delivery waited in a spool. Two ranges \
that meet share no record and leave none out. Records are read in the order of time, over all partitions, and \
events are published in that order; behind newer events of a conversation all the same: subscribers order by time.

Comparing reads the typed topics from the beginning of the range to their end, and remembers 16 bytes an event and \
16 a delivery, about 40 with what a hash table adds: 1 GB for 25 million. --max-ids bounds it, --no-diff goes without. \
Typed topics keep events for days (2 to 30), raw records are kept for 30: what retention removed is missing too.

Ctrl-C ends it after what is under way, and says where to go on.

With --json each topic and kind is an object of topic, kind, events, present, missing, extra and published; the last \
object holds the sums. What was not compared is null.";

const EXAMPLES: &str = "\
Examples:
  weir replay --since 2h --brokers localhost:9092
  weir replay --since 2026-11-21T03:00:00Z --until 2026-11-21T04:30:00Z --missing-only --apply
  weir replay --since 1d --kind comment --account 17841405726653026 --json

Exit code 0: nothing is missing or extra, or it was published; 1: it failed or was stopped; 3: a dry run found events that \
are missing or extra.";

/// The subcommand.
pub(crate) fn command() -> Command {
    // The flags come first, since their description of themselves would take the place of the command's.
    let command = ReplayArgs::augment_args(Command::new(NAME));
    command.about(ABOUT).long_about(format!("{ABOUT}.\n\n{MORE}")).after_help(EXAMPLES)
}

/// One run.
struct Replay<'a> {
    session: &'a Session,
    settings: &'a ReplaySettings,
    source: Source,
    /// The raw records.
    range: Range,
    report: Report,
    progress: Progress,
}

/// Runs the command.
pub(crate) fn run(command: &Command, matches: &ArgMatches, screen: &mut Screen) -> Result<Exit, ToolError> {
    let settings = &ReplaySettings::read(command, matches)?;
    let session = &Session::start()?;
    let raw = Topic::Raw.name(&settings.filter.topic_prefix);
    let typed = settings.filter.topics.iter().map(|topic| topic.name(&settings.filter.topic_prefix));
    let source = Source::connect(
        session,
        &settings.kafka,
        &[raw.clone()].into_iter().chain(typed).collect::<Vec<_>>(),
    )?;
    let range = source.range(&raw, Some(settings.since), Some(settings.until))?;
    let progress = Progress::new(!settings.json);
    let mut replay = Replay { session, settings, source, range, report: Report::default(), progress };
    let outcome = replay.work();
    replay.progress.clear();
    replay.report.stopped |= outcome.is_err();
    if outcome.is_ok() || replay.report.published() > 0 {
        replay.report.print(settings, screen)?;
    }
    outcome?;
    Ok(replay.report.exit(settings))
}

impl Replay<'_> {
    fn work(&mut self) -> Result<(), ToolError> {
        let task = self.settings.task;
        let mut expected = task.compares().then(|| Expected::new(self.settings.max_ids));
        if task != Task::PublishAll {
            self.survey(expected.as_mut())?;
        }
        if let Some(expected) = &mut expected {
            self.compare(expected)?;
        }
        if task.publishes() {
            self.session.stop_gently()?;
            self.publish(expected.as_mut())?;
        }
        Ok(())
    }
}
