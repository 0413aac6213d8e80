//! What a handler has of a record beside it: the state of its partition, and the work that was begun early.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use runtime::consumer::{self, ConsumerError, ConsumerOptions, Failure, Handler, Record, StallExemption};
use runtime::process::Process;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::cluster::{Cluster, DEADLINE, Stored, eventually, numbered};
use crate::handler::{Answer, echo, options};

/// Every call of a handler, in order.
type Log = Arc<Mutex<Vec<String>>>;
type Act = Box<dyn Fn(Record) -> BoxFuture<'static, Answer> + Send + Sync>;

/// Writes down how it is called, and does what a test says. The first state cannot be made at once.
struct Logged<const CAN_BE_DROPPED: bool> {
    log: Log,
    act: Act,
}

impl<const CAN_BE_DROPPED: bool> Logged<CAN_BE_DROPPED> {
    /// How many calls there were before this one.
    fn note(&self, call: String) -> usize {
        let mut log = self.log.lock().expect("no poison");
        log.push(call);
        log.len() - 1
    }
}

impl<const CAN_BE_DROPPED: bool> Handler for Logged<CAN_BE_DROPPED> {
    type State = ();
    type Prefetched = i64;

    const CAN_BE_DROPPED: bool = CAN_BE_DROPPED;

    async fn restore(&self, first: &Record) -> Result<(), Failure> {
        match self.note(format!("restore at {}", first.offset)) {
            0 => Err(Failure::of_kafka(&"it is away")),
            _ => Ok(()),
        }
    }

    fn prefetch(&self, record: &Record) -> Option<i64> {
        Some(record.offset)
    }

    async fn handle(
        &self,
        (): &mut (),
        record: &Record,
        prefetched: &mut Option<i64>,
        _: &StallExemption,
    ) -> Answer {
        self.note(format!("handle {} with {prefetched:?}", record.offset));
        (self.act)(record.clone()).await
    }
}

/// A consumer of `in` that runs as a task.
struct Running {
    process: Process,
    log: Log,
    task: JoinHandle<Result<(), ConsumerError>>,
}

fn start<const CAN_BE_DROPPED: bool, F>(
    cluster: &Cluster,
    options: ConsumerOptions,
    act: impl Fn(Record) -> F + Send + Sync + 'static,
) -> Running
where
    F: Future<Output = Answer> + Send + 'static,
{
    let (kafka, process, log) = (cluster.kafka(), Process::new("weir-test", "0.0.0"), Log::default());
    let act: Act = Box::new(move |record| Box::pin(act(record)));
    let handler = Logged::<CAN_BE_DROPPED> { log: Arc::clone(&log), act };
    let inner = process.clone();
    let task = tokio::spawn(async move { consumer::run(&kafka, options, handler, &inner).await });
    Running { process, log, task }
}

impl Running {
    fn calls(&self, call: &str) -> usize {
        self.log.lock().expect("no poison").iter().filter(|made| *made == call).count()
    }

    async fn end(self) {
        self.process.shutdown.trigger();
        let ended = tokio::time::timeout(DEADLINE, self.task).await;
        ended.expect("the consumer ends").expect("no panic").expect("no error");
    }
}

fn cluster() -> Cluster {
    Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_loses_neither_and_a_panic_no_work_of_other_records() {
    let cluster = cluster();
    cluster.fill("in", "a", numbered(3)).await;
    let attempts = AtomicUsize::new(0);
    let options = ConsumerOptions { look_ahead: 2, ..options() };
    let running = start::<false, _>(&cluster, options, move |_| {
        let attempt = attempts.fetch_add(1, Ordering::Relaxed);
        assert_ne!(attempt, 2, "a mistake");
        async move {
            if attempt == 0 { Err(Failure::Retry { error: String::from("once") }) } else { Ok(Vec::new()) }
        }
    });
    cluster.wait_for_committed("weir-test", "in", 3).await;
    let log = Arc::clone(&running.log);
    running.end().await;
    let expected = [
        "restore at 0",
        "restore at 0",
        "handle 0 with Some(0)",
        "handle 0 with Some(0)",
        "handle 1 with Some(1)",
        "restore at 1",
        "handle 1 with None",
        "handle 2 with Some(2)",
    ];
    assert_eq!(*log.lock().unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_can_be_dropped_holds_up_no_outputs_that_have_to_be_sent_again() {
    let cluster = cluster();
    cluster.fill("in", "a", numbered(2)).await;
    let refusals = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 3];
    cluster.mock.request_errors(RDKafkaApiKey::Produce, &refusals);
    let turns = Arc::new(Semaphore::new(1));
    let turn = Arc::clone(&turns);
    let running = start::<true, _>(&cluster, options(), move |record| {
        let turn = Arc::clone(&turn);
        async move {
            turn.acquire().await.expect("open").forget();
            Ok(vec![echo(&record)])
        }
    });
    cluster.wait_for_committed("weir-test", "in", 1).await;
    turns.add_permits(1);
    cluster.wait_for_committed("weir-test", "in", 2).await;
    let stored: Vec<String> = cluster.read_all("out").await.iter().map(Stored::text).collect();
    assert_eq!(stored, numbered(2));
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_can_be_dropped_is_not_waited_for() {
    let cluster = cluster();
    cluster.fill("in", "a", numbered(1)).await;
    let mut options = options();
    options.bounds.finish_timeout = Duration::from_hours(1);
    let running = start::<true, _>(&cluster, options, |_| std::future::pending());
    eventually("the work", || running.calls("handle 0 with Some(0)") == 1).await;
    running.end().await;
}
