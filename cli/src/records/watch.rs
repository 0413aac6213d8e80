//! Watches topics without a group, every partition through one client, and hands over what comes.

use crate::kafka::request::RequestError;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaResult;
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};
use runtime::consumer::{Record, read};
use runtime::settings::KafkaSettings;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// How long one look at the topics takes where they have nothing new, so that the thread notices its end.
const LOOK: Duration = Duration::from_millis(100);
/// How long the brokers may take to answer a question.
const ANSWER: Duration = Duration::from_secs(10);
/// Records that may wait for whoever takes them.
const WAITING: usize = 1_000;
const CLIENT_ID: &str = "weir";

/// What every client of it is, whatever a file says.
const OWNED: [(&str, &str); 4] = [
    ("group.id", CLIENT_ID),
    ("enable.auto.commit", "false"),
    ("auto.offset.reset", "earliest"),
    ("fetch.wait.max.ms", "50"),
];

/// Which records come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// All that there are, and those to come; they wait for whoever takes them.
    Everything,
    /// Those to come. What nobody takes in time is left out and counted, so that the rest stays live.
    FromNowOn,
}

/// What comes on the topics, in the order in which it is read. Dropping it ends the thread that reads.
#[derive(Debug)]
pub(crate) struct Watch {
    records: mpsc::Receiver<Record>,
    left_out: Arc<AtomicU64>,
}

impl Watch {
    /// Begins to read the topics, which must exist; records that do not `fit` are passed over.
    pub(crate) fn start(
        kafka: &KafkaSettings,
        topics: &[String],
        span: Span,
        fits: impl Fn(&Record) -> bool + Send + 'static,
    ) -> Result<Self, RequestError> {
        let mut config = kafka.client_config(CLIENT_ID);
        for (name, value) in OWNED {
            config.set(name, value);
        }
        let consumer: BaseConsumer = config.create().map_err(RequestError::Client)?;
        assign(&consumer, topics, span).map_err(|error| failed(kafka, &error))?;
        let (sender, records) = mpsc::channel(WAITING);
        let left_out = Arc::default();
        let names = topics.iter().map(|topic| (topic.clone(), Arc::from(topic.as_str()))).collect();
        let reader = Reader { consumer, names, sender, span, left_out: Arc::clone(&left_out) };
        thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || reader.read(fits))
            .map_err(|error| failed(kafka, &error))?;
        Ok(Self { records, left_out })
    }

    /// The next record; `None` where the thread that reads has ended.
    pub(crate) async fn next(&mut self) -> Option<Record> {
        self.records.recv().await
    }

    /// How many records were left out since this was asked for the last time.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out.swap(0, Ordering::Relaxed)
    }
}

/// What the thread has.
struct Reader {
    consumer: BaseConsumer,
    names: HashMap<String, Arc<str>>,
    sender: mpsc::Sender<Record>,
    span: Span,
    left_out: Arc<AtomicU64>,
}

impl Reader {
    /// Reads until nobody listens any more.
    fn read(&self, fits: impl Fn(&Record) -> bool) {
        while !self.sender.is_closed() {
            let record = match self.consumer.poll(LOOK) {
                Some(Ok(message)) => {
                    let Some(topic) = self.names.get(message.topic()) else { continue };
                    read(&message, Arc::clone(topic))
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "the watch waits for the brokers");
                    continue;
                }
                None => continue,
            };
            if fits(&record) {
                self.hand_over(record);
            }
        }
    }

    fn hand_over(&self, record: Record) {
        match self.span {
            // Nobody listens any more where it fails, which ends the thread.
            Span::Everything => drop(self.sender.blocking_send(record)),
            Span::FromNowOn => {
                if let Err(TrySendError::Full(_)) = self.sender.try_send(record) {
                    self.left_out.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
}

fn assign(consumer: &BaseConsumer, topics: &[String], span: Span) -> KafkaResult<()> {
    let metadata = consumer.fetch_metadata(None, ANSWER)?;
    let start = if span == Span::Everything { Offset::Beginning } else { Offset::End };
    let mut partitions = TopicPartitionList::new();
    for topic in metadata.topics().iter().filter(|topic| topics.iter().any(|name| name == topic.name())) {
        for partition in topic.partitions() {
            partitions.add_partition_offset(topic.name(), partition.id(), start)?;
        }
    }
    // Where the ends are is asked now, so that what is written from here on is seen; as a time `End` means the latest.
    let partitions = match span {
        Span::Everything => partitions,
        Span::FromNowOn => consumer.offsets_for_times(partitions, ANSWER)?,
    };
    consumer.assign(&partitions)
}

fn failed(kafka: &KafkaSettings, error: &impl ToString) -> RequestError {
    let (brokers, action) = (kafka.brokers.clone(), "say where their topics end");
    RequestError::Failed { brokers, action, reason: error.to_string() }
}
