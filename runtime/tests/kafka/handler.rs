//! A handler that does what a test says, and a consumer around it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use runtime::consumer::{
    self, ConsumerError, ConsumerOptions, Failure, Handler, Output, Record, StallExemption,
};
use runtime::process::Process;
use runtime::process::health::Probe;
use runtime::settings::{ConsumerSettings, KafkaSettings};
use tokio::task::JoinHandle;

use crate::cluster::{DEADLINE, eventually};

pub(crate) type Answer = Result<Vec<Output>, Failure>;
type Act = Box<dyn Fn(Record, StallExemption) -> BoxFuture<'static, Answer> + Send + Sync>;

/// Every call of the handler, in order: partition and value.
pub(crate) type Seen = Arc<Mutex<Vec<(i32, String)>>>;

struct Scripted {
    act: Act,
    seen: Seen,
    prefetched: Seen,
}

impl Handler for Scripted {
    type State = ();
    type Prefetched = ();

    async fn restore(&self, _: &Record) -> Result<(), Failure> {
        Ok(())
    }

    fn reasons(&self) -> &'static [&'static str] {
        &["scripted"]
    }

    fn prefetch(&self, record: &Record) -> Option<()> {
        self.prefetched.lock().expect("no poison").push((record.partition, text(record)));
        None
    }

    async fn handle(
        &self,
        (): &mut (),
        record: &Record,
        _: &mut Option<()>,
        waits: &StallExemption,
    ) -> Answer {
        self.seen.lock().expect("no poison").push((record.partition, text(record)));
        (self.act)(record.clone(), waits.clone()).await
    }
}

/// A consumer of `in` that runs as a task.
pub(crate) struct Running {
    pub(crate) process: Process,
    pub(crate) seen: Seen,
    prefetched: Seen,
    task: JoinHandle<Result<(), ConsumerError>>,
}

/// Options of a consumer that reads `in`, writes `out` and gives up quickly.
pub(crate) fn options() -> ConsumerOptions {
    let name = |name: &str| name.to_owned();
    ConsumerOptions {
        bounds: ConsumerSettings {
            retry_backoff: Duration::from_millis(1),
            retry_backoff_max: Duration::from_millis(20),
            ..ConsumerSettings::default()
        },
        max_attempts: 3,
        ..ConsumerOptions::new("weir-test", vec![name("in")], vec![name("out")], name("dlq"))
    }
}

pub(crate) fn start<F>(
    kafka: KafkaSettings,
    options: ConsumerOptions,
    act: impl Fn(Record) -> F + Send + Sync + 'static,
) -> Running
where
    F: Future<Output = Answer> + Send + 'static,
{
    start_that_waits(kafka, options, move |record, _| act(record))
}

/// As [`start`], with a handler that says what it waits for.
pub(crate) fn start_that_waits<F>(
    kafka: KafkaSettings,
    options: ConsumerOptions,
    act: impl Fn(Record, StallExemption) -> F + Send + Sync + 'static,
) -> Running
where
    F: Future<Output = Answer> + Send + 'static,
{
    let (process, seen, prefetched) = (Process::new("weir-test", "0.0.0"), Seen::default(), Seen::default());
    let act: Act = Box::new(move |record, waits| Box::pin(act(record, waits)));
    let handler = Scripted { act, seen: Arc::clone(&seen), prefetched: Arc::clone(&prefetched) };
    let inner = process.clone();
    let task = tokio::spawn(async move { consumer::run(&kafka, options, handler, &inner).await });
    Running { process, seen, prefetched, task }
}

impl Running {
    pub(crate) fn values(&self) -> Vec<String> {
        values(&self.seen)
    }

    /// The values of the records that the handler was told of.
    pub(crate) fn prefetched(&self) -> Vec<String> {
        values(&self.prefetched)
    }

    /// Returns once the handler has been called this often.
    pub(crate) async fn wait_for_calls(&self, count: usize) {
        eventually("calls of the handler", || self.seen.lock().expect("no poison").len() >= count).await;
    }

    pub(crate) fn is_started(&self) -> bool {
        self.process.health.report(Probe::Startup).passes()
    }

    /// Why the consumer is not ready, if it is not.
    pub(crate) fn readiness(&self) -> String {
        self.process.health.report(Probe::Readiness).verbose()
    }

    /// The value of a metric, all labels added up.
    #[expect(clippy::cast_possible_truncation, reason = "a test counts whole numbers, and few")]
    pub(crate) fn metric(&self, name: &str) -> i64 {
        let families = self.process.registry.gather();
        let family = families.iter().filter(|family| family.name() == name);
        let values = family.flat_map(prometheus::proto::MetricFamily::get_metric);
        values.map(|metric| metric.get_counter().get_value() + metric.get_gauge().get_value()).sum::<f64>()
            as i64
    }

    /// The value of a gauge whose only label has this value.
    pub(crate) fn labelled(&self, name: &str, label: &str) -> i64 {
        let families = self.process.registry.gather();
        let family = families.iter().filter(|family| family.name() == name);
        let mut metrics = family.flat_map(prometheus::proto::MetricFamily::get_metric);
        let found = metrics.find(|metric| metric.get_label().iter().any(|found| found.value() == label));
        #[expect(clippy::cast_possible_truncation, reason = "a test counts whole numbers, and few")]
        found.map_or(-1, |metric| metric.get_gauge().get_value() as i64)
    }

    /// The values of the labels of a metric, a list a sample, in the order of the labels' names.
    pub(crate) fn labels(&self, name: &str) -> Vec<Vec<String>> {
        let families = self.process.registry.gather();
        let family = families.iter().filter(|family| family.name() == name);
        let metrics = family.flat_map(prometheus::proto::MetricFamily::get_metric);
        let values = |metric: &prometheus::proto::Metric| {
            metric.get_label().iter().map(|label| label.value().to_owned()).collect()
        };
        metrics.map(values).collect()
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.task.is_finished()
    }

    pub(crate) async fn end(self) -> Result<(), ConsumerError> {
        self.process.shutdown.trigger();
        self.ended().await
    }

    pub(crate) async fn ended(self) -> Result<(), ConsumerError> {
        tokio::time::timeout(DEADLINE, self.task).await.expect("the consumer ends").expect("no panic")
    }
}

fn values(seen: &Seen) -> Vec<String> {
    seen.lock().expect("no poison").iter().map(|(_, value)| value.clone()).collect()
}

fn text(record: &Record) -> String {
    String::from_utf8_lossy(record.value.as_deref().unwrap_or(b"null")).into_owned()
}

/// The record's value again, on `out`.
pub(crate) fn echo(record: &Record) -> Output {
    Output {
        topic: Arc::from("out"),
        key: record.key.clone(),
        value: record.value.clone().unwrap_or_default(),
        headers: vec![("from".into(), record.offset.to_string().into_bytes())],
    }
}
