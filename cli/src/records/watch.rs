//! Watches topics without a group, every partition through one client, and hands over what comes.

use crate::kafka::brokers::with_silence;
use crate::kafka::{no_client, request_failed};
use crate::tool::{Result, not_started};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};
use runtime::consumer::{Record, is_for_good, is_forbidden, read};
use runtime::settings::KafkaSettings;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};

/// How long one look at the topics takes where they have nothing new, so that the thread notices its end.
const LOOK: Duration = Duration::from_millis(100);
/// How long the brokers may take to answer a question at the start.
const ANSWER: Duration = Duration::from_secs(10);
/// How often the brokers are asked for new partitions and whether each leader is there, and how long they may take then.
const ASK_EVERY: Duration = Duration::from_secs(5);
const ANSWER_AGAIN: Duration = Duration::from_secs(2);
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

/// Why something cannot be read at the moment. What is written meanwhile is read once it can be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WatchError {
    /// A broker that leads a partition, or every broker, gives no answer.
    #[error("the brokers do not answer ({0}), or not all of them; it goes on by itself once they do")]
    Away(String),
    /// Of the partitions in these topics, so many.
    #[error("{0} partitions have no leader, since the brokers that have them are away; it goes on by itself")]
    Leaderless(usize),
    /// The topic was there at the start.
    #[error("{0} is not there any more, or may not be seen")]
    Gone(String),
    /// Nobody tells of which topic it is.
    #[error(
        "this user may not read some of it ({0}); let it read these topics, or name only those that it may read; it goes on by \
         itself once it may"
    )]
    Forbidden(String),
    /// Nor here.
    #[error(
        "some of it can never be read ({0}); docs/operations.md, WeirPartitionUnreadable, says how to find it"
    )]
    Unreadable(String),
}

/// What comes on the topics, in the order in which it is read. Dropping it ends the thread that reads.
#[derive(Debug)]
pub(crate) struct Watch {
    records: mpsc::Receiver<Record>,
    left_out: Arc<AtomicU64>,
    trouble: watch::Receiver<Option<WatchError>>,
}

impl Watch {
    /// Begins to read the topics, which must exist; records that do not `fit` are passed over.
    pub(crate) fn start(
        kafka: &KafkaSettings,
        topics: &[String],
        span: Span,
        fits: impl Fn(&Record) -> bool + Send + 'static,
    ) -> Result<Self> {
        let mut config = kafka.client_config(CLIENT_ID);
        for (name, value) in OWNED {
            config.set(name, value);
        }
        let consumer: BaseConsumer = config.create().map_err(no_client)?;
        let (sender, records) = mpsc::channel(WAITING);
        let (reports, trouble) = watch::channel(None);
        let left_out = Arc::default();
        let names = topics.iter().map(|topic| Arc::from(topic.as_str())).collect();
        let reader = Reader { consumer, names, sender, span, left_out: Arc::clone(&left_out), reports };
        match reader.begin(span == Span::FromNowOn) {
            Ok(()) => {}
            Err(some @ WatchError::Leaderless(_)) => drop(reader.reports.send_replace(Some(some))),
            Err(trouble) => {
                let failed = request_failed(&kafka.brokers, "say where their topics end", trouble);
                return Err(with_silence(kafka, failed));
            }
        }
        thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || reader.read(fits))
            .map_err(not_started)?;
        Ok(Self { records, left_out, trouble })
    }

    /// The next record; `None` where the thread that reads has ended.
    pub(crate) async fn next(&mut self) -> Option<Record> {
        self.records.recv().await
    }

    /// How many records were left out since this was asked for the last time.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out.swap(0, Ordering::Relaxed)
    }

    /// Why something cannot be read at the moment.
    pub(crate) fn trouble(&self) -> Option<WatchError> {
        self.trouble.borrow().clone()
    }
}

/// What the thread has.
struct Reader {
    consumer: BaseConsumer,
    names: BTreeSet<Arc<str>>,
    sender: mpsc::Sender<Record>,
    span: Span,
    left_out: Arc<AtomicU64>,
    reports: watch::Sender<Option<WatchError>>,
}

impl Reader {
    /// Asks until the brokers answer: those of topics that were just made say for a moment that they do not lead them.
    fn begin(&self, from_end: bool) -> Result<(), WatchError> {
        let deadline = Instant::now() + ANSWER;
        loop {
            match self.ask(from_end, ANSWER) {
                // It waits; nothing is read before something is assigned.
                Err(WatchError::Away(_)) if Instant::now() < deadline => drop(self.consumer.poll(LOOK)),
                begun => return begun,
            }
        }
    }

    /// Reads until nobody listens any more.
    fn read(self, fits: impl Fn(&Record) -> bool) {
        // What was told since the brokers were asked last.
        let (mut asked, mut refused) = (Instant::now(), None);
        while !self.sender.is_closed() {
            if asked.elapsed() >= ASK_EVERY {
                // What was made since the start has nothing that was there before it.
                let trouble = self.ask(false, ANSWER_AGAIN).err();
                let refused = refused.take();
                if refused.is_some() {
                    self.fetch_anew();
                }
                self.reports.send_replace(trouble.or(refused));
                asked = Instant::now();
            }
            match self.consumer.poll(LOOK) {
                Some(Ok(message)) => {
                    let Some(topic) = self.names.get(message.topic()) else { continue };
                    let record = read(&message, Arc::clone(topic));
                    if fits(&record) {
                        self.hand_over(record);
                    }
                }
                Some(Err(error)) if is_forbidden(&error) || is_for_good(&error) => {
                    let trouble =
                        if is_forbidden(&error) { WatchError::Forbidden } else { WatchError::Unreadable };
                    refused = Some(trouble(error.to_string()));
                    self.reports.send_replace(refused.clone());
                }
                // The client heals by itself; whether it has is what the next question tells.
                Some(Err(error)) => tracing::debug!(%error, "the watch waits for the brokers"),
                None => {}
            }
        }
    }

    /// Has every partition fetched again from where it is: librdkafka says once of each that it may not be read, and again only
    /// when fetching begins anew.
    fn fetch_anew(&self) {
        let paused = self.consumer.assignment().and_then(|all| {
            self.consumer.pause(&all)?;
            self.consumer.resume(&all)
        });
        if let Err(error) = paused {
            tracing::debug!(%error, "the watch goes on as it was");
        }
    }

    /// Asks every leader where its partitions end, and reads those that it does not read yet: from there, or from their
    /// beginning.
    fn ask(&self, from_end: bool, within: Duration) -> Result<(), WatchError> {
        let (mut led, leaderless) = self.partitions(within)?;
        if led.count() > 0 {
            // As a time `End` means the latest.
            led = self.consumer.offsets_for_times(led, within)?;
        }
        let (assigned, mut added) = (self.consumer.assignment()?, TopicPartitionList::new());
        for partition in led.elements().iter().chain(&leaderless.elements()) {
            partition.error()?;
            // `End` still, of one that nobody could be asked of.
            let start = if from_end { partition.offset() } else { Offset::Beginning };
            if assigned.find_partition(partition.topic(), partition.partition()).is_none() {
                added.add_partition_offset(partition.topic(), partition.partition(), start)?;
            }
        }
        if added.count() > 0 {
            self.consumer.incremental_assign(&added)?;
        }
        if leaderless.count() > 0 { Err(WatchError::Leaderless(leaderless.count())) } else { Ok(()) }
    }

    /// The partitions that have a leader, and those that have none.
    fn partitions(&self, within: Duration) -> Result<(TopicPartitionList, TopicPartitionList), WatchError> {
        let metadata = self.consumer.fetch_metadata(None, within)?;
        let (mut led, mut leaderless) = (TopicPartitionList::new(), TopicPartitionList::new());
        for name in &self.names {
            let topic = metadata.topics().iter().find(|topic| topic.name() == &**name);
            for partition in topic.ok_or_else(|| WatchError::Gone(name.to_string()))?.partitions() {
                let list = if partition.leader() < 0 { &mut leaderless } else { &mut led };
                list.add_partition_offset(name, partition.id(), Offset::End)?;
            }
        }
        Ok((led, leaderless))
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

impl From<KafkaError> for WatchError {
    fn from(error: KafkaError) -> Self {
        Self::Away(error.to_string())
    }
}
