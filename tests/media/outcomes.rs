//! What became of every link, as the topic of media tells it. A link is that of one event and one attachment, and stands for both.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use anyhow::{Context as _, Result};
use schemas::{Millis, Topic};
use weir_tests::pipeline::PREFIX;
use weir_tests::reader::{self, Record};

use crate::place::Place;

/// How long the rest may take, once the last event is written.
const WITHIN: Duration = Duration::from_mins(10);
const SOON: Duration = Duration::from_mins(1);
/// How many of those that are wrong are named.
const NAMED: usize = 5;

pub(crate) struct Outcomes {
    pub(crate) links: usize,
    by_link: HashMap<String, Told>,
    /// All records, those that tell the same again included, and their ids.
    records: usize,
    ids: usize,
    /// Objects and records that are told of and are not in the store.
    missing: usize,
}

struct Told {
    /// `saved`, `gone (http_403)`.
    outcome: String,
    bytes: u64,
    /// The time from receipt.
    after: Duration,
}

impl Outcomes {
    /// Waits for the outcome of each link; one that does not come is lost.
    pub(crate) async fn of(place: &Place, links: &[String], received: &[Millis]) -> Result<Self> {
        let records = records(place.ground.kafka.bootstrap(), links.len()).await?;
        let received: HashMap<_, _> =
            links.iter().map(String::as_str).zip(received.iter().copied()).collect();
        let mut by_link: HashMap<String, Told> = HashMap::new();
        let mut ids: HashSet<String> = HashSet::new();
        let mut keys: Vec<String> = Vec::new();
        for record in &records {
            let value = record.json()?;
            let text = |name: &str| value[name].as_str();
            let link = text("url").context("a record without its link")?;
            let received = received.get(link).with_context(|| format!("no event had {link}"))?;
            let at = text("at").and_then(Millis::parse).context("a record without its time")?;
            let id = text("id").context("a record without its id")?;
            if let Some(key) = text("key") {
                let (folder, _) = key.rsplit_once('/').context("a key without its folder")?;
                keys.extend([key.to_owned(), format!("{folder}/{id}.json")]);
            }
            ids.insert(id.to_owned());
            let after = at.since(*received);
            let first = by_link.get(link).map_or(after, |told| told.after.min(after));
            let outcome = outcome(text("status").context("a record without its status")?, text("reason"));
            let told = Told { outcome, bytes: value["bytes"].as_u64().unwrap_or_default(), after: first };
            by_link.insert(link.to_owned(), told);
        }
        let missing = place.store.missing(&keys).await;
        Ok(Self { links: links.len(), by_link, records: records.len(), ids: ids.len(), missing })
    }

    /// Links without an outcome.
    pub(crate) fn lost(&self) -> usize {
        self.links.saturating_sub(self.by_link.len())
    }

    /// Records that tell an outcome again.
    pub(crate) fn again(&self) -> usize {
        self.records - self.ids
    }

    /// The share of links that were saved within a minute.
    pub(crate) fn soon(&self) -> f64 {
        let soon = self.delays().into_iter().filter(|after| *after <= SOON).count();
        number(soon) / number(self.links.max(1))
    }

    /// From receipt until it was saved, in order.
    pub(crate) fn delays(&self) -> Vec<Duration> {
        let saved = self.by_link.values().filter(|told| told.outcome == "saved");
        let mut delays: Vec<_> = saved.map(|told| told.after).collect();
        delays.sort_unstable();
        delays
    }

    /// Bytes that were saved of a link.
    pub(crate) fn bytes(&self, link: &str) -> u64 {
        self.by_link.get(link).map_or(0, |told| told.bytes)
    }

    /// How many links came to what.
    pub(crate) fn counts(&self) -> String {
        let mut counts = BTreeMap::new();
        for told in self.by_link.values() {
            *counts.entry(told.outcome.as_str()).or_insert(0_usize) += 1;
        }
        counts.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect::<Vec<_>>().join(", ")
    }

    /// What came to something else than it should have.
    pub(crate) fn unlike(&self, expected: &[(String, &str)]) -> Vec<String> {
        let wrong = expected.iter().filter_map(|(link, outcome)| {
            let told = self.by_link.get(link).filter(|told| told.outcome != *outcome)?;
            Some(format!("{link} is {}, not {outcome}", told.outcome))
        });
        wrong.take(NAMED).collect()
    }

    /// What must not be in any scenario.
    pub(crate) fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        if self.lost() > 0 {
            failures.push(format!("{} links have no outcome", self.lost()));
        }
        if self.ids != self.by_link.len() {
            failures.push(format!("{} ids stand for {} links", self.ids, self.by_link.len()));
        }
        if self.missing > 0 {
            failures.push(format!("{} objects and records are not in the store", self.missing));
        }
        failures
    }
}

/// All records of the topic, once there are so many ids or time is over.
async fn records(bootstrap: &str, links: usize) -> Result<Vec<Record>> {
    let topic = Topic::Media.name(PREFIX);
    let seen = RefCell::new((0_usize, HashSet::<String>::new()));
    let enough = |all: &[Record]| {
        let mut seen = seen.borrow_mut();
        let (looked, ids) = &mut *seen;
        ids.extend(all[*looked..].iter().filter_map(|record| record.header("ce_id")));
        *looked = all.len();
        ids.len() >= links
    };
    match reader::read_until(bootstrap, &topic, "an outcome of every link", WITHIN, enough).await {
        Ok(records) => Ok(records),
        // What is not there is counted.
        Err(_) => reader::read(bootstrap, &topic).await,
    }
}

fn outcome(status: &str, reason: Option<&str>) -> String {
    match reason.filter(|reason| *reason != status) {
        Some(reason) => format!("{status} ({reason})"),
        None => status.to_owned(),
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
