//! `weir replay`: the deliveries of a time range, split again.
//!
//! It reads raw records and counts what splitting gives, looks at what is in the typed topics, and publishes. [`expected`] is the
//! memory of it, and [`report`] what is printed.

mod expected;
mod report;
mod settings;

use crate::kafka::{Range, RecordPosition, Settled, Sink, Source, Typed};
use crate::screen::Screen;
use crate::tool::{Exit, Result, Session, tool, work};
use expected::{Expected, number};
use report::Report;
use runtime::consumer::Record;
use runtime::process::print_error;
use schemas::{Millis, Reception, Split, Topic, TypedEvent, raw};
use settings::ReplaySettings;
use std::time::{Duration, SystemTime};
use weir_messages::Input;

/// Typed records are written after the raw one of their delivery, by the same clock; unless that was set back.
const EARLIER: Duration = Duration::from_mins(1);

/// For how long weir-messages knows what is in the inbox: the default of its --dedupe-window.
const DEDUPE_WINDOW: Duration = Duration::from_hours(40);

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
    /// After the partitions of a topic were raised, and until that is longer ago than the --dedupe-window of weir-messages (40h),
    /// publish with --missing-only alone: weir-messages looks where the keys are now, and what is published again comes into the
    /// inbox twice. Where it sees records that lie elsewhere it warns.
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

/// What was published of one delivery.
struct Sent {
    /// Where its raw record lies, and when Kafka got it.
    position: RecordPosition,
    at: Option<Millis>,
    /// The row of the report of each event.
    rows: Vec<usize>,
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
    // What cannot be looked at for a piece of advice ends no replay.
    if !settings.missing_only
        && let Ok(Some(topic)) = raised(&source, settings)
    {
        print_error(format_args!("weir: {}", comes_again(&topic)));
    }
    let mut replay = Replay { session, settings, source, range, report };
    let outcome = replay.work();
    replay.report.stopped |= outcome.is_err();
    if outcome.is_ok() || replay.report.published() > 0 {
        replay.report.print(settings, screen)?;
    }
    outcome?;
    Ok(replay.report.exit(settings))
}

/// A topic whose events of before its partitions were raised are not found in the inbox by weir-messages.
fn raised(source: &Source, settings: &ReplaySettings) -> Result<Option<String>> {
    let since = Some(Millis::of(SystemTime::now()).before(DEDUPE_WINDOW));
    for topic in settings.scope.topics().filter(|topic| Input::of(*topic).is_some()) {
        let name = topic.name(&settings.scope.topic_prefix);
        if !source.elsewhere(&source.range(&name, since, None)?)?.is_empty() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn comes_again(topic: &str) -> String {
    format!(
        "{topic} has records of the last 40 h in other partitions than their keys say, as where its partitions were raised: what is \
         published again of before that comes into the inbox again too. Use --missing-only, or wait for as long as the --dedupe-window \
         of weir-messages (40h)"
    )
}

impl Replay<'_> {
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

    /// Splits the raw records of the range that ingest wrote, one after the other. `is_counted` adds all of them to the report, once a
    /// run.
    fn split(
        &mut self,
        what: &'static str,
        is_counted: bool,
        mut each: impl FnMut(&mut Self, &Record, Reception<'_>, &Split<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut reading = self.source.open(&self.range)?.whole()?.showing(what, !self.settings.json);
        while let Some(record) = reading.next()? {
            if self.session.must_stop() {
                self.report.stopped = true;
                break;
            }
            let body = record.value.as_deref().unwrap_or_default();
            let reception = raw::reception(|name| record.header(name));
            let split = reception.map(|reception| (reception, self.settings.event_limits.split(body)));
            if is_counted {
                self.report.deliveries += 1;
                self.report.not_written_by_ingest += u64::from(split.is_none());
                self.report.refuse(split.as_ref().and_then(|(_, split)| split.refusal));
            }
            if let Some((reception, split)) = split {
                each(self, &record, reception, &split)?;
            }
        }
        Ok(())
    }

    /// Counts events, once each where they are `expected` to be compared.
    fn survey(&mut self, mut expected: Option<&mut Expected>) -> Result<()> {
        self.split("deliveries split", true, |this, _, reception, split| {
            if let Some(expected) = &mut expected {
                expected.delivery(reception.delivery_id)?;
            }
            for event in split.events.iter().filter(|event| this.settings.scope.holds(event)) {
                let row = this.report.row(event.topic(), event.kind.to_string());
                let is_new = match &mut expected {
                    Some(expected) => expected.event(event.id.0, row)?,
                    None => true,
                };
                this.report.count(row, is_new);
            }
            Ok(())
        })
    }

    /// Reads every typed topic that is meant, from the beginning of the range to the topic's end: an event may have been
    /// published late, out of a spool or by a replay.
    fn compare(&mut self, expected: &mut Expected) -> Result<()> {
        self.report.compared = true;
        let mut hidden = None;
        let since = self.settings.period.since.before(EARLIER);
        for topic in self.settings.scope.topics() {
            let name = topic.name(&self.settings.scope.topic_prefix);
            let range = self.source.range(&name, Some(since), None)?;
            let mut reading = self.source.open(&range)?.showing("records compared", !self.settings.json);
            hidden = hidden.or(reading.leave_out_hidden());
            while let Some(record) = reading.next()? {
                let id = record.header("ce_id").and_then(|id| std::str::from_utf8(id).ok()).and_then(number);
                match id.and_then(|id| expected.find(id)) {
                    Some((row, is_first)) => self.report.rows[row].present += u64::from(is_first),
                    None => self.look_whether_extra(topic, &record, expected),
                }
            }
        }
        // What is missing may be among what could not be read.
        match hidden {
            Some(error) if self.report.missing() > 0 => Err(error),
            _ => Ok(()),
        }
    }

    /// An event of a delivery of the range that splitting does not give any more.
    fn look_whether_extra(&mut self, topic: Topic, record: &Record, expected: &Expected) {
        let Ok(event) = TypedEvent::read(record.value.as_deref()) else { return };
        if expected.has_delivery(&event.deliveryid) && self.settings.scope.holds_typed(&event) {
            let kind =
                event.kind().map_or_else(|| "(unknown to this version)".to_owned(), |kind| kind.to_string());
            let row = self.report.row(topic, kind);
            self.report.rows[row].extra += 1;
        }
    }

    /// Publishes everything, or `only` what was not found; a missing event that several deliveries carry goes once.
    fn publish(&mut self, mut only: Option<&mut Expected>) -> Result<()> {
        let mut sink = Sink::open(self.session, &self.settings.kafka, self.settings.rate)?;
        // What is published without a comparison was not counted yet.
        let is_counted = only.is_none();
        let outcome = self.split("deliveries read", is_counted, |this, record, reception, split| {
            let (events, rows) = this.due(reception, split, only.as_deref_mut());
            if !events.is_empty() {
                let records: Vec<_> = events.iter().map(|event| event.outgoing(&this.report.run)).collect();
                let (position, at) = (RecordPosition::of(record), record.timestamp.map(Millis::of));
                sink.send(&records, Sent { position, at, rows })?;
            }
            this.note(&mut sink)
        });
        let reached = self.report.reached;
        let written = sink.finish();
        self.note(&mut sink)?;
        if outcome.is_err() || written.is_err() {
            // Something before the last that was acknowledged may not have been.
            self.report.reached = reached;
        }
        outcome.and(written)
    }

    /// The events of a delivery that are to be published, each with its row of the report.
    fn due(
        &mut self,
        reception: Reception<'_>,
        split: &Split<'_>,
        mut only: Option<&mut Expected>,
    ) -> (Vec<Typed>, Vec<usize>) {
        let (mut events, mut rows) = (Vec::new(), Vec::new());
        for event in split.events.iter().filter(|event| self.settings.scope.holds(event)) {
            let row = if let Some(expected) = &mut only {
                // Others are on their topic, or go with an earlier delivery.
                let Some((row, true)) = expected.find(event.id.0) else { continue };
                row
            } else {
                let row = self.report.row(event.topic(), event.kind.to_string());
                self.report.count(row, true);
                row
            };
            rows.push(row);
            events.push(Typed::of(event, reception, &self.settings.scope.topic_prefix));
        }
        (events, rows)
    }

    fn note(&mut self, sink: &mut Sink<'_, Sent>) -> Result<()> {
        for Settled { what: Sent { position, at, rows }, refused } in sink.settled()? {
            for row in &rows {
                self.report.rows[*row].published += 1;
            }
            for (index, error) in refused {
                let row = &mut self.report.rows[rows[index]];
                tracing::warn!(delivery = %position, kind = row.kind, %error, "the topic refuses an event of the delivery");
                row.published -= 1;
                self.report.not_taken += 1;
            }
            self.report.reached = at.max(self.report.reached);
        }
        Ok(())
    }
}
