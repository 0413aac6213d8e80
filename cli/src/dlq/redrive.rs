//! `weir dlq redrive`: decides on every dead letter, puts back what goes back, and remembers it.

use super::dead_letter::DeadLetter;
use super::decision::{Decision, Rules, Step, outgoing};
use super::outcome::{Line, Sums, Tally};
use super::settings::RedriveSettings;
use super::topic_marks::TopicMarks;
use crate::kafka::{Group, OutgoingRecord, REDRIVE, Range, RecordPosition, Settled, Sink, Source, Typed};
use crate::screen::{Screen, Tone, nonzero};
use crate::tool::{Exit, Result, Session, ToolError};
use runtime::consumer::Record;
use runtime::kafka::dead_letter::header;
use schemas::Millis;
use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime};

/// How often what was put back is committed; a crash can put back as much again as came between.
const COMMIT_EVERY: Duration = Duration::from_secs(1);

/// A record that was given up: where it lay, and when it was written first, since a topic that is made anew has the same positions.
type Original = (RecordPosition, Option<Vec<u8>>);

/// A dead letter that is given to Kafka; [`Redrive::note`] learns what became of it.
struct Sent {
    dead_letter: DeadLetter,
    decision: Decision,
    original: Option<Original>,
    /// The topics of what was sent: its own, or one of each event.
    topics: Vec<String>,
}

/// One run.
struct Redrive<'a> {
    session: &'a Session,
    settings: &'a RedriveSettings,
    source: Source,
    sink: Sink<'a, Sent>,
    group: Group,
    /// All topics of the cluster.
    topics: BTreeSet<String>,
    /// Records that are back, or on their way there: what several consumers gave up goes back once, since each of them reads it again.
    redriven: BTreeSet<Original>,
    /// The value of `ce_replay` for what is published anew.
    run: String,
    tally: Tally,
    /// Why some dead letters could not be looked at.
    hidden: Option<ToolError>,
    screen: &'a mut Screen,
}

/// Runs the command.
pub(super) fn run(settings: &RedriveSettings, screen: &mut Screen) -> Result<Exit> {
    let session = &Session::start()?;
    let source = Source::connect(session, &settings.kafka, &settings.scope.topics_of_redrive())?;
    let sink = Sink::open(session, &settings.kafka, settings.rate)?;
    let group = Group::open(&settings.kafka, REDRIVE)?;
    let mut redrive = Redrive {
        session,
        settings,
        source,
        sink,
        topics: group.topics()?,
        redriven: BTreeSet::new(),
        group,
        run: Millis::of(SystemTime::now()).to_string(),
        tally: Tally::default(),
        hidden: None,
        screen,
    };
    // Before the first goes back: what dies again meanwhile is for another run.
    let topics = settings.scope.topics();
    let range = |topic: &String| {
        let range = redrive.source.range(topic, Some(settings.since), settings.scope.until)?;
        TopicMarks::read(&redrive.group, &range).map(|marks| (range, marks))
    };
    let ranges = topics.iter().map(range).collect::<Result<Vec<_>, _>>()?;
    if settings.apply {
        session.stop_gently()?;
    }
    let outcome = ranges.into_iter().try_for_each(|(range, marks)| redrive.topic(&range, marks));
    // Of a run that failed at once there is nothing to report.
    let has_looked = outcome.is_ok() && redrive.hidden.is_none();
    if has_looked || redrive.tally.sums != Sums::default() {
        redrive.report()?;
    }
    outcome?;
    redrive.hidden.map_or(Ok(()), Err)?;
    Ok(match (session.must_stop(), redrive.tally.sums.stays) {
        (true, _) => Exit::Failure,
        (false, 0) => Exit::Done,
        (false, _) => Exit::Findings,
    })
}

impl Redrive<'_> {
    /// Puts back the dead letters of one topic. What was acknowledged is remembered, however it ends; where that fails nothing else
    /// matters as much.
    fn topic(&mut self, range: &Range, mut marks: TopicMarks) -> Result<()> {
        let outcome = self.dead_letters(range, &mut marks);
        let settled = self.settle(&mut marks);
        let committed = marks.commit(&self.group);
        committed.and(outcome).and(settled)
    }

    fn dead_letters(&mut self, range: &Range, marks: &mut TopicMarks) -> Result<()> {
        let mut reading = self.source.open(range)?.showing("dead letters", !self.settings.json);
        self.hidden = self.hidden.take().or(reading.leave_out_hidden());
        let mut committed = Instant::now();
        while let Some(record) = reading.next()? {
            if self.session.must_stop() {
                break;
            }
            let dead_letter = DeadLetter::of(&record);
            if self.settings.scope.holds(&dead_letter) {
                self.redrive(&record, dead_letter, marks)?;
            }
            self.note(marks)?;
            if committed.elapsed() >= COMMIT_EVERY {
                if let Err(why) = marks.commit(&self.group) {
                    // What may be back and is not remembered is told before this, and a commit is tried once more.
                    self.settle(marks)?;
                    return Err(stopped(&why).into());
                }
                committed = Instant::now();
            }
        }
        Ok(())
    }

    /// Decides on one dead letter, and puts it back where it goes back.
    fn redrive(&mut self, record: &Record, dead_letter: DeadLetter, marks: &mut TopicMarks) -> Result<()> {
        if marks.contains(record.partition, record.offset) && !self.settings.again {
            self.redriven.extend(original(record, &dead_letter));
            return self.tell(&dead_letter, &Decision::AlreadyRedriven, 0);
        }
        let rules = Rules { topics: &self.topics, settings: self.settings, now: SystemTime::now() };
        match rules.decide(record, &dead_letter) {
            Ok(decided) => self.put_back(record, dead_letter, &decided, marks),
            Err(why) => self.tell(&dead_letter, &Decision::Keep(why), 0),
        }
    }

    /// Puts a dead letter back, as far as the others of this run leave it room.
    fn put_back(
        &mut self,
        record: &Record,
        dead_letter: DeadLetter,
        decided: &(Decision, Vec<Typed>),
        marks: &mut TopicMarks,
    ) -> Result<()> {
        let (partition, offset, unsettled) = (record.partition, record.offset, self.sink.unsettled());
        let (decision, events) = decided;
        let original = original(record, &dead_letter);
        let is_redriven = original.as_ref().is_some_and(|record| self.redriven.contains(record));
        let has_room = marks.has_room(partition, offset, unsettled);
        let limit = self.settings.limit.unwrap_or(u64::MAX);
        let is_at_limit = self.tally.sums.back + unsettled as u64 >= limit;
        match Step::of(is_redriven, has_room, is_at_limit, unsettled) {
            Step::SettleFirst => {
                self.settle(marks)?;
                self.put_back(record, dead_letter, decided, marks)
            }
            Step::Leave => {
                self.tally.sums.left += 1;
                Ok(())
            }
            Step::Keep(why) => self.tell(&dead_letter, &Decision::Keep(why.to_owned()), 0),
            Step::Duplicate => {
                marks.mark_planned(partition, offset);
                if self.settings.apply {
                    marks.mark_redriven(partition, offset);
                }
                self.tell(&dead_letter, &Decision::Duplicate, 0)
            }
            Step::Send => {
                marks.mark_planned(partition, offset);
                self.redriven.extend(original.clone());
                if !self.settings.apply {
                    return self.tell(&dead_letter, decision, events.len());
                }
                let records: Vec<OutgoingRecord<'_>> = match decision {
                    Decision::Redrive(topic) => vec![outgoing(record, topic)],
                    _ => events.iter().map(|event| event.outgoing(&self.run)).collect(),
                };
                let topics = records.iter().map(|record| record.topic.to_owned()).collect();
                let sent = Sent { dead_letter, decision: decision.clone(), original, topics };
                self.sink.send(&records, sent)
            }
        }
    }

    /// Waits for all that is under way, and takes note of it.
    fn settle(&mut self, marks: &mut TopicMarks) -> Result<()> {
        let written = self.sink.finish();
        let noted = self.note(marks);
        written.and(noted)
    }

    /// Takes note of dead letters that are where they belong, and of those that are refused.
    fn note(&mut self, marks: &mut TopicMarks) -> Result<()> {
        let mut settled = self.sink.settled()?;
        let mut written = Ok(());
        let is_any_refused = settled.iter().any(|one| !one.refused.is_empty());
        if is_any_refused {
            // What was planned with them in it may need more room without them.
            written = self.sink.finish();
            settled.extend(self.sink.settled()?);
        }
        // All of them before the first is told, which can fail, as on a full disk.
        for Settled { what: Sent { dead_letter, original, .. }, refused } in &settled {
            let RecordPosition { partition, offset, .. } = dead_letter.position;
            if refused.is_empty() {
                marks.mark_redriven(partition, offset);
            } else if let Some(original) = original {
                self.redriven.remove(original);
            }
        }
        if is_any_refused {
            marks.plan_anew();
        }
        for Settled { what: Sent { dead_letter, decision, topics, .. }, refused } in &settled {
            let of_body = if *decision == Decision::Publish { topics.len() } else { 0 };
            match refused.first() {
                None => self.tell(dead_letter, decision, of_body)?,
                Some((index, error)) => {
                    let topic = topics.get(*index).map_or("", String::as_str);
                    tracing::warn!(dead_letter = %dead_letter.position, topic, %error, "its topic refuses it");
                    let why = format!("{topic} refuses it: {error}");
                    self.tell(dead_letter, &Decision::Keep(why), of_body.saturating_sub(refused.len()))?;
                }
            }
        }
        written
    }

    fn tell(&mut self, dead_letter: &DeadLetter, decision: &Decision, events: usize) -> Result<()> {
        self.tally.add(dead_letter, decision, events);
        if self.settings.json {
            self.screen.json(&Line::of(dead_letter, decision, self.settings.apply))?;
        }
        Ok(())
    }

    fn report(&mut self) -> Result<()> {
        let (sums, apply) = (self.tally.sums, self.settings.apply);
        if self.settings.json {
            return Ok(self.screen.line(serde_json::json!({ "summary": sums, "applied": apply }))?);
        }
        self.tally.print(apply, self.screen)?;
        if sums == Sums::default() {
            return Ok(self.screen.line("There are no such dead letters.")?);
        }
        self.screen.line("")?;
        let events =
            if sums.events > 0 { format!(" ({} events of bodies)", sums.events) } else { String::new() };
        let would = if apply { "" } else { "would be " };
        let mut parts = vec![format!("{} {would}put back{events}", sums.back)];
        parts.extend(nonzero(&[
            (sums.before, "put back before"),
            (sums.duplicates, "of a record that goes back already"),
            (sums.stays, "stay"),
            (sums.left, "left for another run (--limit)"),
        ]));
        self.screen.toned(Tone::Strong, &parts.join(", "))?;
        if apply && self.session.must_stop() {
            self.screen.line("Stopped; the next run goes on with the rest.")?;
        } else if !apply && sums.back > 0 {
            self.screen.line("A dry run: nothing was written. Do it with the same command and --apply.")?;
        }
        Ok(())
    }
}

/// Of a run that nothing but the commit ended, where the last one came through.
fn stopped(why: &ToolError) -> String {
    format!("stopped: {why}; what was put back is remembered by now, and the next run goes on with the rest")
}

/// None where nothing says where it came from.
fn original(record: &Record, dead_letter: &DeadLetter) -> Option<Original> {
    Some((dead_letter.origin.clone()?, record.header(header::FIRST_WRITTEN).map(<[u8]>::to_vec)))
}
