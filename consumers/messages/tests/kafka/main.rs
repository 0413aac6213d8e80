//! The inbox over the mock cluster that librdkafka brings along: what was published is known after a restart.
#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

mod cluster;

use cluster::Cluster;
use prometheus::proto::MetricFamily;
use runtime::process::Process;
use runtime::settings::{CommonSettings, ConsumerSettings};
use runtime::telemetry::LogFormat;
use schemas::{Reception, Topic, split};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::task::JoinHandle;
use weir_messages::{Input, Settings};

const EVENTS: usize = 300;

/// The consumer as a task.
struct Running {
    process: Process,
    task: JoinHandle<()>,
}

impl Running {
    fn start(cluster: &Cluster, settings: Settings) -> Self {
        let common = CommonSettings {
            kafka: cluster.kafka(),
            topic_prefix: cluster::PREFIX.to_owned(),
            admin_listen: "127.0.0.1:0".parse().unwrap(),
            log_format: LogFormat::Auto,
            worker_threads: None,
            consumer: ConsumerSettings::default(),
        };
        let process = Process::new("weir-messages", "0.0.0");
        let inner = process.clone();
        let task = tokio::spawn(async move { weir_messages::run(common, settings, inner).await.unwrap() });
        Self { process, task }
    }

    fn metric(&self, name: &str) -> f64 {
        let families = self.process.registry.gather();
        let metrics = families.iter().filter(|family| family.name() == name);
        metrics.flat_map(MetricFamily::get_metric).map(|metric| metric.get_counter().get_value()).sum()
    }

    async fn end(self) {
        self.process.shutdown.trigger();
        self.task.await.unwrap();
    }
}

/// Messages of conversations of their own: keys and values.
fn messages(from: usize) -> Vec<(String, Vec<u8>)> {
    let one = |number: usize| {
        typed(&json!({"object": "instagram", "entry": [{"id": "1784", "time": 1_752_834_911_447_u64,
            "messaging": [{"sender": {"id": number.to_string()}, "recipient": {"id": "1784"},
                "timestamp": 1_752_834_910_447_u64, "message": {"mid": format!("m{number}"), "text": "Hi"}}]}]}))
    };
    (from..from + EVENTS).map(one).collect()
}

/// Comments on posts of their own, as those of a page come among all else that happens on its wall: keys and values.
fn comments(from: usize) -> Vec<(String, Vec<u8>)> {
    let one = |number: usize| {
        let (post, comment) = (format!("106_{number}"), format!("{number}_1"));
        typed(&json!({"object": "page", "entry": [{"id": "106", "time": 1_752_834_911_447_u64,
            "changes": [{"field": "feed", "value": {"item": "comment", "verb": "add", "post_id": post,
                "parent_id": post, "comment_id": comment, "message": "Hi", "created_time": 1_752_834_910,
                "from": {"id": number.to_string(), "name": "Ann"}}}]}]}))
    };
    (from..from + EVENTS).map(one).collect()
}

/// A delivery's event, as ingest publishes it: key and value.
fn typed(body: &Value) -> (String, Vec<u8>) {
    let body = serde_json::to_vec(body).unwrap();
    let reception = Reception { delivery_id: "delivery", received: "2025-07-18T10:35:12.000Z" };
    let mut value = Vec::new();
    let split = split(&body, 10);
    split.events[0].write_json(reception, &mut value);
    (split.events[0].key.clone().unwrap(), value)
}

/// The ids in the inbox, of which each must be there once, after everything came again to a new process.
async fn inbox_after_a_restart(cluster: &Cluster) -> BTreeSet<String> {
    cluster.fill(Topic::Messages, &messages(0));
    let first = Running::start(cluster, Settings::default());
    cluster.ids(Topic::Inbox, EVENTS).await;
    first.end().await;
    cluster.fill(Topic::Messages, &messages(0));
    cluster.fill(Topic::Messages, &messages(EVENTS));
    let second = Running::start(cluster, Settings::default());
    // In each partition they come behind what came again.
    cluster.ids(Topic::Inbox, 2 * EVENTS).await;
    let duplicates = second.metric("weir_messages_duplicates_total");
    assert!((duplicates - f64::from(u32::try_from(EVENTS).unwrap())).abs() < 0.5, "{duplicates}");
    second.end().await;
    let ids = cluster.ids(Topic::Inbox, 2 * EVENTS).await;
    let once: BTreeSet<_> = ids.iter().cloned().collect();
    assert_eq!(once.len(), ids.len(), "each is there once");
    once
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_published_before_a_restart_is_not_published_again() {
    let cluster = Cluster::start(4, 4);
    assert_eq!(inbox_after_a_restart(&cluster).await.len(), 2 * EVENTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_is_it_where_the_inbox_has_another_number_of_partitions() {
    for (inputs, outputs) in [(4, 3), (2, 5)] {
        let cluster = Cluster::start(inputs, outputs);
        assert_eq!(inbox_after_a_restart(&cluster).await.len(), 2 * EVENTS, "{inputs} to {outputs}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_is_read_by_a_group_of_its_own_which_knows_after_a_restart_what_it_published() {
    let cluster = Cluster::start(4, 4);
    let feed = Settings { input: Input::Feed, ..Settings::default() };
    let messages_alone = Running::start(&cluster, Settings::default());
    cluster.fill(Topic::Messages, &messages(0));
    cluster.fill(Topic::Feed, &comments(0));
    let first = Running::start(&cluster, feed);
    cluster.ids(Topic::InboxComments, EVENTS).await;
    cluster.ids(Topic::Inbox, EVENTS).await;
    first.end().await;
    cluster.fill(Topic::Feed, &comments(0));
    cluster.fill(Topic::Feed, &comments(EVENTS));
    let second = Running::start(&cluster, feed);
    cluster.ids(Topic::InboxComments, 2 * EVENTS).await;
    second.end().await;
    messages_alone.end().await;
    let ids = cluster.ids(Topic::InboxComments, 2 * EVENTS).await;
    let once: BTreeSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), once.len()), (2 * EVENTS, 2 * EVENTS), "each is there once");
    assert_eq!(cluster.ids(Topic::Inbox, EVENTS).await.len(), EVENTS, "the messages are in their own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_there_is_no_room_for_is_counted() {
    let cluster = Cluster::start(1, 1);
    cluster.fill(Topic::Messages, &messages(0));
    let settings = Settings { dedupe_events: 100, ..Settings::default() };
    let running = Running::start(&cluster, settings);
    cluster.ids(Topic::Inbox, EVENTS).await;
    assert!((running.metric("weir_messages_recent_full_total") - 200.0).abs() < 0.5);
    running.end().await;
}
