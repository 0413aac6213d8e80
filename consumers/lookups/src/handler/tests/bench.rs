//! A handler with its simulator, and what it is given.

use crate::handler::*;
use crate::lookup::WaitReason;
use crate::metrics::LookupMetrics;
use crate::pending_lookup::PendingLookup;
use crate::settings::LookupSettings;
use crate::settings::tests::read;
use prometheus::Registry;
use runtime::consumer::{Headers, Wait};
use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;
use weir_graph_simulator::Simulator;

pub(super) const ACCOUNT: &str = "17841405726653026";
pub(super) const RECEPTION: schemas::Reception<'_> = schemas::Reception {
    delivery_id: "01980000-0000-7000-8000-000000000000",
    received: "2025-07-18T10:35:10.000Z",
};

/// Generous, for a machine that does other things too.
const PATIENCE: Duration = Duration::from_mins(1);

/// A handler with its simulator, tokens and metrics.
pub(crate) struct Bench {
    pub(crate) simulator: Simulator,
    pub(crate) folder: TempDir,
    pub(super) registry: Registry,
    pub(super) handler: Lookups,
    pub(super) limit_waits: Mutex<LimitWaits>,
    /// The lookups of records that were told of, by their offsets.
    prefetched: Mutex<HashMap<i64, Option<PendingLookup<LookupAnswer>>>>,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With settings that a test changes; nothing waits long.
    pub(super) async fn with(change: impl FnOnce(&mut LookupSettings)) -> Self {
        let simulator = Simulator::start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("default"), "EAAdefault\n").unwrap();
        let tokens = folder.path().to_str().unwrap();
        let mut settings = read(&["--graph-url", &simulator.url(), "--access-tokens", tokens]).unwrap();
        settings.batch.lookup_batch_wait = Duration::from_millis(2);
        settings.retries.backoff_base = Duration::from_millis(2);
        settings.retries.backoff_max = Duration::from_millis(10);
        change(&mut settings);
        let registry = Registry::new();
        let tokens = Arc::new(settings.graph.open_tokens(&registry));
        let metrics = LookupMetrics::new(&registry);
        let mut context = crate::context(settings, tokens, metrics, &registry).unwrap();
        for probe in [&mut context.client.probe, &mut context.client.probe_of_others] {
            *probe = runtime::throttle::Throttle::new(Duration::from_millis(1));
        }
        let handler = Lookups::new(Arc::new(context), "meta");
        let (limit_waits, prefetched) = (Mutex::default(), Mutex::default());
        Self { simulator, folder, registry, handler, limit_waits, prefetched }
    }

    /// What every other lookup needs too.
    pub(crate) fn context(&self) -> Arc<LookupContext> {
        Arc::clone(&self.handler.context)
    }

    /// What comes of a record in the end.
    pub(super) async fn handle(&self, record: &Record) -> Result<Output, Failure> {
        let (mut limit_waits, mut prefetched) = (self.limit_waits.lock().await, self.prefetched.lock().await);
        let prefetched = prefetched.entry(record.offset).or_default();
        self.handler.look_up(&mut limit_waits, record, prefetched, &StallExemption::unwatched()).await
    }

    /// As [`Self::handle`], in another partition.
    pub(super) async fn handle_beside(&self, record: &Record) -> Result<Output, Failure> {
        self.handler
            .look_up(&mut LimitWaits::default(), record, &mut None, &StallExemption::unwatched())
            .await
    }

    /// Returns once the lookup of a record waits for `on`.
    pub(super) async fn waits(&self, record: &Record, on: Wait) {
        let mut waiting = self.prefetch(record).await.expect("it is under way");
        let comes = waiting.wait_for(|waiting| waiting.as_ref().is_some_and(|waiting| waiting.on == on));
        drop(timeout(PATIENCE, comes).await.expect("it comes to that").expect("it has not ended"));
    }

    /// Returns once the lookup of a record has ended.
    pub(super) async fn ends(&self, record: &Record) {
        let mut waiting = self.prefetch(record).await.expect("it is under way");
        // What it says goes with it.
        let end = async { while waiting.changed().await.is_ok() {} };
        timeout(PATIENCE, end).await.expect("it comes to that");
    }

    /// A record is told of as the loop tells of it, and not handled yet; what its lookup says that it waits for.
    pub(super) async fn prefetch(&self, record: &Record) -> Option<watch::Receiver<Option<WaitReason>>> {
        let prefetched = self.handler.prefetch(record);
        let reasons = prefetched.as_ref().map(|pending| pending.reasons.clone());
        self.prefetched.lock().await.insert(record.offset, prefetched);
        reasons
    }

    pub(crate) fn reread(&self) {
        self.handler.context.client.tokens.reread();
    }

    pub(super) fn counted(&self, name: &str, label: &str) -> f64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == name).unwrap();
        let is_labelled = |metric: &&prometheus::proto::Metric| metric.get_label()[0].value() == label;
        let metric = family.get_metric().iter().find(is_labelled).unwrap();
        metric.get_counter().get_value() + metric.get_gauge().get_value()
    }
}

/// The records that ingest makes of `schemas/fixtures/{fixture}.json`.
pub(crate) fn records(fixture: &str) -> Vec<Record> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/fixtures");
    let body = fs::read(root.join(fixture).with_extension("json")).unwrap();
    let split = schemas::split(&body, 100);
    split.events.iter().map(|event| record(event)).collect()
}

pub(super) fn record(event: &schemas::Event<'_>) -> Record {
    let mut value = Vec::new();
    event.write_json(RECEPTION, &mut value);
    Record {
        topic: event.topic().name("meta").into(),
        partition: 3,
        offset: 42,
        timestamp: None,
        key: event.key.clone().map(String::into_bytes),
        value: Some(value),
        headers: Headers::default(),
    }
}

pub(super) fn one(fixture: &str) -> Record {
    let mut records = records(fixture);
    assert_eq!(records.len(), 1, "{fixture}");
    records.remove(0)
}

/// The `lookup` of an enriched record, after every other byte was found as it came in.
pub(super) fn lookup(input: &Record, output: &Output) -> Value {
    let came = input.value.as_deref().unwrap();
    let members = came.strip_suffix(b"}").unwrap();
    let rest = output.value.strip_prefix(members).expect("the input's bytes come first");
    let rest = rest.strip_prefix(br#","lookup":"#).expect("the lookup follows");
    serde_json::from_slice(rest.strip_suffix(b"}").unwrap()).unwrap()
}

pub(super) async fn reason(bench: &Bench, record: &Record) -> (&'static str, String) {
    match bench.handle(record).await.unwrap_err() {
        Failure::Reject { reason, error } | Failure::RejectUncounted { reason, error } => (reason, error),
        other => panic!("{other:?}"),
    }
}

/// Comments of one partition, so many of them.
pub(super) fn many(count: i64) -> Vec<Record> {
    let first = one("comment/on-post");
    let numbered = |number: i64| {
        let id = format!("17865799348089{number:03}");
        Record { offset: number, ..record_of(&first, "17865799348089039", &id) }
    };
    (0..count).map(numbered).collect()
}

/// A record with `from` replaced by `to` wherever it stands.
pub(super) fn record_of(record: &Record, from: &str, to: &str) -> Record {
    let value = String::from_utf8(record.value.clone().unwrap()).unwrap().replace(from, to);
    Record { value: Some(value.into_bytes()), offset: record.offset + 1, ..record.clone() }
}
