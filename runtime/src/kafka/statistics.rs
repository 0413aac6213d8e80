//! What librdkafka says of its work every 5 s, as metrics.
//!
//! Few of its fields are read (<https://github.com/confluentinc/librdkafka/blob/master/STATISTICS.md>), and nothing is
//! logged of them but a broker that has a client wait: they name hosts.

mod topic;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus::{Gauge, IntCounter, IntGauge, Registry};
use serde::Deserialize;

pub(crate) use self::topic::Partition;
use self::topic::Topic;
use super::quota::{QuotaWait, QuotaWatch};
use crate::metrics;

/// `statistics.interval.ms` of every client that is watched.
pub(crate) const EVERY_MS: &str = "5000";

/// What is read of a client's statistics.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) struct Statistics {
    /// Records that wait, those on their way included.
    msg_cnt: usize,
    /// Their bytes.
    msg_size: usize,
    #[serde(default)]
    brokers: BTreeMap<String, Broker>,
    #[serde(default)]
    topics: BTreeMap<String, Topic>,
    /// Of a consumer, the coordinator of its group.
    #[serde(default, rename = "cgrp")]
    coordinator: Option<Coordinator>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
struct Coordinator {
    state: String,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
struct Broker {
    /// Its number; -1 of an address of `--brokers`.
    #[serde(default, rename = "nodeid")]
    number: i32,
    state: String,
    /// Connections that were tried, since the client was made.
    #[serde(default)]
    connects: u64,
    /// Requests that were sent again, since then.
    #[serde(default)]
    txretries: u64,
    #[serde(default)]
    rtt: RoundTrips,
    #[serde(default)]
    throttle: Throttling,
}

/// What a broker had the client wait for in a window, in milliseconds.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
struct Throttling {
    #[serde(default)]
    max: u64,
}

/// What requests to a broker took in a window, in microseconds.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
struct RoundTrips {
    #[serde(default)]
    cnt: u64,
    #[serde(default)]
    p99: u64,
}

impl Statistics {
    /// Reads what librdkafka gives; `None` where it is not what is known of it.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// Every partition that the client knows, by its topic.
    pub(crate) fn partitions(&self) -> impl Iterator<Item = (&str, &Partition)> {
        self.topics.iter().flat_map(|(name, topic)| {
            topic.partitions.values().map(move |partition| (name.as_str(), partition))
        })
    }

    /// Whether it is a member of a group, or is to be, and has no coordinator for it.
    pub(crate) fn lacks_coordinator(&self) -> bool {
        self.coordinator.as_ref().is_some_and(|coordinator| coordinator.state != "up")
    }

    /// How many brokers the client is connected to.
    pub(crate) fn brokers_up(&self) -> usize {
        self.connected().count()
    }

    /// The numbers of the brokers that the client is connected to.
    pub(crate) fn connected(&self) -> impl Iterator<Item = i32> {
        let connected =
            self.brokers.values().filter(|broker| matches!(broker.state.as_str(), "UP" | "UPDATE"));
        connected.map(|broker| broker.number)
    }

    /// Connections that were tried since the client was made.
    pub(crate) fn connects(&self) -> u64 {
        self.brokers.values().map(|broker| broker.connects).sum()
    }

    /// How many brokers the client knows.
    pub(crate) fn brokers(&self) -> usize {
        self.brokers.len()
    }

    /// The longest that a broker had the client wait for its quota in the window.
    pub(crate) fn quota_wait(&self) -> Option<QuotaWait> {
        let (broker, longest) = self.brokers.iter().max_by_key(|(_, broker)| broker.throttle.max)?;
        let wait = Duration::from_millis(longest.throttle.max);
        (!wait.is_zero()).then(|| QuotaWait { broker: broker.clone(), wait })
    }

    /// The round trip is that of the slowest broker that was asked anything in the window.
    fn state(&self) -> ProducerState {
        let asked = self.brokers.values().filter(|broker| broker.rtt.cnt > 0);
        let round_trip = asked.map(|broker| Duration::from_micros(broker.rtt.p99)).max();
        let (records, bytes) = (self.msg_cnt, self.msg_size);
        let quota_wait = self.quota_wait();
        ProducerState { records, bytes, brokers_up: self.brokers_up(), round_trip, quota_wait }
    }
}

/// The metrics of one producer, over all clients that it has had. One that is not librdkafka's never sends a request again, and is
/// never replaced.
#[derive(Debug)]
pub struct ProducerMetrics {
    pub(crate) in_flight: IntGauge,
    brokers_up: IntGauge,
    round_trip: Gauge,
    retries: IntCounter,
    queue_bytes: IntGauge,
    queue_records: IntGauge,
    quota: Arc<QuotaWatch>,
    /// Of the present client, as far as they are counted.
    counted_retries: u64,
}

/// What a producer does at a moment.
#[derive(Clone, Debug)]
pub struct ProducerState {
    /// Records that wait or are on their way.
    pub records: usize,
    /// The bytes of memory that they take.
    pub bytes: usize,
    /// Brokers with a connection.
    pub brokers_up: usize,
    /// Of the slowest broker that was asked since the last time, 99th percentile; `None` leaves what is shown.
    pub round_trip: Option<Duration>,
    /// The longest that a broker asked for since the last time.
    pub quota_wait: Option<QuotaWait>,
}

impl ProducerMetrics {
    /// Registers them; `quota` is one of all producers of a process.
    pub fn new(registry: &Registry, quota: &Arc<QuotaWatch>) -> Self {
        quota.register(registry);
        let gauge = |name: &str, help: &str| metrics::gauge(registry, name, help);
        let in_flight = "Records that are queued or on their way to Kafka and not yet acknowledged.";
        Self {
            in_flight: gauge("weir_producer_in_flight", in_flight),
            brokers_up: gauge("weir_kafka_brokers_up", "Brokers that the client is connected to."),
            round_trip: metrics::gauge_of_parts(
                registry,
                "weir_kafka_round_trip_seconds",
                "Round trip of the slowest broker, 99th percentile of the last 5 s in which it was asked.",
            ),
            retries: metrics::counter(
                registry,
                "weir_kafka_request_retries_total",
                "Requests to brokers that were sent again.",
            ),
            queue_bytes: gauge("weir_kafka_queue_bytes", "Bytes of records that wait in the client."),
            queue_records: gauge("weir_kafka_queue_records", "Records that wait in the client."),
            quota: Arc::clone(quota),
            counted_retries: 0,
        }
    }

    /// Shows what a producer that is not librdkafka's does now.
    pub fn show(&self, state: &ProducerState) {
        self.in_flight.set(i64::try_from(state.records).unwrap_or(i64::MAX));
        self.show_state(state);
    }

    /// Shows what a client of librdkafka's says of itself, which is not how many records are in flight.
    pub(crate) fn sample(&mut self, statistics: &Statistics) {
        self.show_state(&statistics.state());
        let retries = statistics.brokers.values().map(|broker| broker.txretries).sum::<u64>();
        self.retries.inc_by(retries.saturating_sub(self.counted_retries));
        self.counted_retries = retries;
    }

    fn show_state(&self, state: &ProducerState) {
        let small = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        self.brokers_up.set(small(state.brokers_up));
        self.queue_bytes.set(small(state.bytes));
        self.queue_records.set(small(state.records));
        self.quota.look(state.quota_wait.as_ref(), Instant::now());
        if let Some(round_trip) = state.round_trip {
            self.round_trip.set(round_trip.as_secs_f64());
        }
    }

    /// A new client counts from zero.
    pub(crate) const fn renewed(&mut self) {
        self.counted_retries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As librdkafka 2 writes them, shortened.
    const SAID: &str = r#"{"name":"weir#producer-1","type":"producer","msg_cnt":3,"msg_size":4096,"msg_max":100000,"brokers":{
        "a:9092/1":{"name":"a:9092/1","nodeid":1,"state":"UP","txretries":2,"rtt":{"min":90,"max":900,"p99":800,"cnt":7},"throttle":{"min":0,"max":40,"cnt":1},"toppars":{}},
        "b:9092/2":{"name":"b:9092/2","nodeid":2,"state":"UP","txretries":1,"rtt":{"min":90,"max":5000,"p99":2500,"cnt":2},"throttle":{"min":0,"max":3200,"cnt":2}},
        "c:9092/bootstrap":{"name":"c:9092/bootstrap","nodeid":-1,"state":"CONNECT","txretries":0,"rtt":{"p99":9999,"cnt":0}}
    },"topics":{}}"#;

    fn metrics() -> ProducerMetrics {
        ProducerMetrics::new(&Registry::new(), &Arc::new(QuotaWatch::of_producers()))
    }

    fn said(retries: u64) -> Statistics {
        let text = SAID.replace(r#""txretries":2"#, &format!(r#""txretries":{retries}"#));
        Statistics::read(text.as_bytes()).unwrap()
    }

    fn not_limited() -> Statistics {
        let text = SAID.replace(r#""max":40"#, r#""max":0"#).replace(r#""max":3200"#, r#""max":0"#);
        Statistics::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_slowest_broker_that_was_asked_counts_and_only_connected_ones_are_up() {
        let mut metrics = metrics();
        metrics.sample(&said(2));
        assert_eq!(metrics.brokers_up.get(), 2);
        assert!((metrics.round_trip.get() - 0.0025).abs() < 1e-9);
        assert_eq!((metrics.queue_bytes.get(), metrics.queue_records.get()), (4096, 3));
    }

    #[test]
    fn the_broker_that_has_the_client_wait_longest_is_named() {
        let mut metrics = metrics();
        metrics.sample(&said(2));
        assert!((metrics.quota.shown() - 3.2).abs() < 1e-9);
        let wait = Duration::from_millis(3200);
        assert_eq!(said(2).quota_wait(), Some(QuotaWait { broker: String::from("b:9092/2"), wait }));
        assert_eq!(not_limited().quota_wait(), None);
    }

    #[test]
    fn the_longest_wait_of_all_producers_of_a_process_is_shown() {
        let (shown, elsewhere) = (Registry::new(), Registry::new());
        let quota = Arc::new(QuotaWatch::of_producers());
        let (mut first, mut second) =
            (ProducerMetrics::new(&shown, &quota), ProducerMetrics::new(&elsewhere, &quota));
        second.sample(&said(2));
        first.sample(&not_limited());
        let gathered = shown.gather();
        let wait = gathered.iter().find(|family| family.name() == "weir_kafka_throttle_seconds").unwrap();
        assert!((wait.get_metric()[0].get_gauge().get_value() - 3.2).abs() < 1e-9);
    }

    #[test]
    fn retries_are_counted_once_over_all_clients() {
        let mut metrics = metrics();
        for retries in [2, 2, 5] {
            metrics.sample(&said(retries));
        }
        assert_eq!(metrics.retries.get(), 6);
        metrics.renewed();
        metrics.sample(&said(1));
        assert_eq!(metrics.retries.get(), 8);
    }

    #[test]
    fn what_is_no_statistics_gives_nothing() {
        assert_eq!(Statistics::read(b"{"), None);
        assert_eq!(Statistics::read(b"{}"), None);
    }
}
