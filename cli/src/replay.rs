//! `weir replay`: the deliveries of a time range, split again.
//!
//! [`survey`] reads raw records and counts what splitting gives; [`compare`] looks at what is in the typed topics;
//! [`publish`] writes. [`expected`] is the memory of it, and [`report`] what is printed.

mod compare;
mod expected;
mod publish;
mod report;
mod settings;
mod survey;

use crate::kafka::{Range, Source};
use crate::screen::Screen;
use crate::tool::{Exit, Result, Session, tool, work};
use expected::Expected;
use report::Report;
use runtime::consumer::Record;
use schemas::{Reception, Split, Topic, raw};
use settings::ReplaySettings;

tool! {
    /// Split the deliveries of a time range again; a dry run unless told --apply
    ///
    /// Reads the raw records of the range, splits each body as ingest does, and says per topic and kind how many events come of them,
    /// how many of these are in the typed topics (PRESENT), how many are not (MISSING), and how many events of the same deliveries
    /// are there that this version does not make (EXTRA). The same body gives the same ids, so that nothing is counted twice. With
    /// --apply it publishes the events as ingest did, with the same ids, delivery id and time of receipt, and the header ce_replay
    /// with the name of the run: all of them, or with --missing-only those that are missing. Bodies that are refused are counted and
    /// not published; a body of which a part is refused gives the events of the rest.
    ///
    /// The range goes by when Kafka got the raw records, which is later than ce_time where a delivery waited in a spool. Two ranges
    /// that meet share no record and leave none out. Records are read in the order of time, over all partitions, and events are
    /// published in that order; behind newer events of a conversation all the same: subscribers order by time.
    ///
    /// Comparing reads the typed topics from the beginning of the range to their end, and takes about 40 bytes of memory per event
    /// and per delivery (1 GB for 25 million). --max-ids bounds it, --no-diff goes without. Typed topics keep events for days (2 to
    /// 30), raw records are kept for 30: what retention removed of events is missing too; where it may have removed deliveries of the
    /// range, of which nothing is known, it says so. Where an open transaction hides records it fails: what is missing may be among
    /// them.
    ///
    /// Ctrl-C ends it after what is under way, and says where to go on.
    ///
    /// With --json each topic and kind is an object of topic, kind, events, present, missing, extra and published; the last object
    /// holds the sums: as refused the refused bodies by reason, as unreadable the records that ingest did not write, and as cut_off
    /// whether retention may have removed deliveries of the range, as not_taken the events that their topic refused. What was not
    /// compared is null.
    ///
    /// Examples:
    ///   weir replay --since 2h --brokers localhost:9092
    ///   weir replay --since 2026-11-21T03:00:00Z --until 2026-11-21T04:30:00Z --missing-only --apply
    ///   weir replay --since 1d --kind comment --account 17841405726653026 --json
    ///
    /// Exit code 0: nothing is missing or extra, or it was published; 1: it failed, was stopped, or a topic did not take an event; 3:
    /// a dry run found events that are missing or extra. What is refused changes none of them.
    pub(crate) const TOOL: "replay" = work!(ReplaySettings, run);
}

/// One run.
struct Replay<'a> {
    session: &'a Session,
    settings: &'a ReplaySettings,
    source: Source,
    /// The raw records.
    range: Range,
    report: Report,
}

fn run(settings: &ReplaySettings, screen: &mut Screen) -> Result<Exit> {
    let session = &Session::start()?;
    let name = |topic: Topic| topic.name(&settings.scope.topic_prefix);
    let raw = name(Topic::Raw);
    let mut topics = vec![raw.clone()];
    topics.extend(settings.scope.topics().map(name));
    let source = Source::connect(session, &settings.kafka, &topics)?;
    let range = source.range(&raw, Some(settings.period.since), Some(settings.period.until))?;
    let report = Report::begin(range.may_be_cut_off());
    let mut replay = Replay { session, settings, source, range, report };
    let outcome = replay.work();
    replay.report.stopped |= outcome.is_err();
    if outcome.is_ok() || replay.report.published() > 0 {
        replay.report.print(settings, screen)?;
    }
    outcome?;
    Ok(replay.report.exit(settings))
}

impl Replay<'_> {
    /// Splits a raw record; `None` where ingest did not write it. `is_counted` adds it to the report, once a run.
    fn split<'r>(&mut self, record: &'r Record, is_counted: bool) -> Option<(Reception<'r>, Split<'r>)> {
        let body = record.value.as_deref().unwrap_or_default();
        let reception = raw::reception(|name| record.header(name));
        let split = reception.map(|reception| (reception, self.settings.event_limits.split(body)));
        if is_counted {
            self.report.deliveries += 1;
            self.report.not_written_by_ingest += u64::from(split.is_none());
            self.report.refuse(split.as_ref().and_then(|(_, split)| split.refusal));
        }
        split
    }

    fn work(&mut self) -> Result<()> {
        let mut expected = self.settings.compares().then(|| Expected::new(self.settings.max_ids));
        if self.settings.surveys() {
            self.survey(expected.as_mut())?;
        }
        if let Some(expected) = &mut expected {
            self.compare(expected)?;
        }
        if self.settings.apply {
            self.session.stop_gently()?;
            self.publish(expected.as_mut())?;
        }
        Ok(())
    }
}
