//! The tour: posts the samples, shows what was answered and what came of each, and says what is missing.

use super::ledger::Ledger;
use super::pipeline::Shape;
use super::sample::{SAMPLES, Sample};
use super::{APP_SECRET, VERIFY_TOKEN, command, next, report};
use crate::delivery::poster::Poster;
use crate::records::fact::{DescribedRecord, Fact};
use crate::records::watch::Watch;
use crate::screen::Screen;
use crate::tool::Result;
use bytes::Bytes;
use prometheus::proto::{Metric, MetricFamily};
use schemas::Topic;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use weir_ingest::Secret;

/// How long it may take in all, whatever is missing.
const ALL_WITHIN: Duration = Duration::from_secs(50);
/// How long ingest's records of one delivery may take to be seen.
const INGEST_WITHIN: Duration = Duration::from_secs(5);
/// How long all consumers may take, the start of their groups included.
const CONSUMERS_WITHIN: Duration = Duration::from_secs(30);
/// How often the consumers are asked how far they are.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// How long records are still looked for that should not be there, after the consumers are done.
const LAST_LOOK: Duration = Duration::from_millis(300);
const CHALLENGE: &str = "1158201444";

/// One round of all samples.
pub(super) struct Tour<'a> {
    shape: &'a Shape,
    watch: &'a mut Watch,
    screen: &'a mut Screen,
    ledger: Ledger,
    problems: Vec<String>,
    end: Instant,
    /// What consumers wrote while ingest was looked at.
    early: Vec<Fact>,
}

impl<'a> Tour<'a> {
    pub(super) fn new(shape: &'a Shape, watch: &'a mut Watch, screen: &'a mut Screen) -> Self {
        let (ledger, end) = (Ledger::default(), Instant::now() + ALL_WITHIN);
        Self { shape, watch, screen, ledger, problems: Vec::new(), end, early: Vec::new() }
    }

    /// Goes all the way; gives what is not as it should be.
    pub(super) async fn run(mut self, started: Instant) -> Result<Vec<String>> {
        self.deliveries().await?;
        self.ledger.expect(command::facts());
        command::send(&self.shape.bootstrap).await?;
        self.consumers().await?;
        let mut problems = self.problems;
        problems.extend(self.ledger.problems());
        report::verdict(self.screen, &problems, &self.ledger, started.elapsed())?;
        Ok(problems)
    }

    async fn deliveries(&mut self) -> Result<()> {
        report::heading(self.screen, "Meta posts, ingest answers once these records are on their topics")?;
        let poster = Poster::new(&self.shape.url())?;
        let answer = poster.handshake(VERIFY_TOKEN, CHALLENGE).await?;
        let is_right = answer.status == 200 && answer.text == CHALLENGE;
        report::delivery(self.screen, "the handshake: its challenge comes back", &answer, is_right)?;
        if !is_right {
            self.problems.push(format!("the handshake: answered {} {:?}", answer.status, answer.text));
        }
        for sample in &SAMPLES {
            self.deliver(&poster, sample).await?;
        }
        Ok(())
    }

    async fn deliver(&mut self, poster: &Poster, sample: &Sample) -> Result<()> {
        let Sample { name, body, status, .. } = *sample;
        let facts = sample.facts();
        self.ledger.expect(facts.iter().cloned());
        let secret = if status == 401 { "another-secret" } else { APP_SECRET };
        let body = Bytes::from_static(body.as_bytes());
        let signature = Secret::new("demo", secret).sign(&body);
        let answer = poster.post(body, &signature).await?;
        report::delivery(self.screen, name, &answer, answer.status == status)?;
        if answer.status != status {
            self.problems.push(format!("{name}: answered {} instead of {status}", answer.status));
        }
        let of_ingest: Vec<Fact> = facts.into_iter().filter(Fact::is_of_ingest).collect();
        let deadline = self.end.min(Instant::now() + INGEST_WITHIN);
        while self.ledger.lacks(&of_ingest) {
            let Some(seen) = self.next(deadline).await? else { break };
            if !seen.fact.is_of_ingest() {
                self.early.push(seen.fact);
            }
        }
        for fact in &of_ingest {
            let has_come = !self.ledger.lacks(std::slice::from_ref(fact));
            report::record(self.screen, fact, has_come)?;
        }
        Ok(())
    }

    /// Shows what the consumers write, until they are done with all that ingest wrote.
    async fn consumers(&mut self) -> Result<()> {
        report::heading(
            self.screen,
            "The consumers read on, and an answer is commanded (groups begin after 3 s)",
        )?;
        for fact in std::mem::take(&mut self.early) {
            report::record(self.screen, &fact, true)?;
        }
        let deadline = self.end.min(Instant::now() + CONSUMERS_WITHIN);
        while !self.is_done() && Instant::now() < deadline {
            self.show_until(Instant::now() + ASK_EVERY).await?;
        }
        self.show_until(Instant::now() + LAST_LOOK).await?;
        self.compare_counts();
        Ok(())
    }

    async fn show_until(&mut self, deadline: Instant) -> Result<()> {
        while let Some(seen) = self.next(deadline).await? {
            report::record(self.screen, &seen.fact, true)?;
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.ledger.is_settled()
            && readers(self.shape, self.ledger.arrived()).into_iter().all(|(_, done, due)| done >= due)
    }

    /// Every consumer has done what was due, and weir-metrics shows as many events as there are.
    fn compare_counts(&mut self) {
        let readers = readers(self.shape, self.ledger.arrived());
        let [.., (_, _, events)] = readers;
        let shown = ("weir-metrics, by its metrics,", counted_events(self.shape), events);
        let wrong = readers.into_iter().chain([shown]).filter(|(_, done, due)| done != due);
        self.problems
            .extend(wrong.map(|(name, done, due)| format!("{name} has done {done} records of {due}")));
    }

    /// The next record, noted in the ledger; `None` after the deadline.
    async fn next(&mut self, deadline: Instant) -> Result<Option<DescribedRecord>> {
        let Ok(seen) = timeout_at(deadline, next(self.watch)).await else { return Ok(None) };
        let seen = seen?;
        self.ledger.see(&seen.fact);
        Ok(Some(seen))
    }
}

/// Every consumer of the demo, with the topics that it reads.
const READERS: [(&str, &[Topic]); 4] = [
    ("weir-messages", Topic::MessagesDlq.sources()),
    ("weir-lookups", Topic::LookupsDlq.sources()),
    ("weir-replies", Topic::RepliesDlq.sources()),
    ("weir-metrics", Topic::MetricsDlq.sources()),
];

/// Of every consumer its name, the records that it is done with, outputs acknowledged, and those that it has to do of those
/// that are on the topics.
fn readers(shape: &Shape, on_topics: &BTreeMap<Topic, usize>) -> [(&'static str, usize, usize); 4] {
    READERS.map(|(name, topics)| {
        let due = topics.iter().filter_map(|topic| on_topics.get(topic)).sum();
        (name, total(shape, name, "weir_consumer_records_total"), due)
    })
}

/// Events that weir-metrics shows.
fn counted_events(shape: &Shape) -> usize {
    total(shape, "weir-metrics", "weir_metrics_events_total")
}

/// The sum of a counter over all its labels.
fn total(shape: &Shape, part: &str, counter: &str) -> usize {
    let families = shape.part(part).map(|process| process.registry.gather()).unwrap_or_default();
    let metrics =
        families.iter().filter(|family| family.name() == counter).flat_map(MetricFamily::get_metric);
    metrics.map(whole).sum()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it counts whole records")]
fn whole(metric: &Metric) -> usize {
    metric.get_counter().get_value() as usize
}
