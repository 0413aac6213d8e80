//! `weir tail` where nobody reads what it prints: it stays live, and says how much it left out.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const TOPIC: &str = "meta.messages.v1";
/// Far more than a pipe and the queue before it hold.
const MANY: u64 = 20_000;

fn write(cluster: &MockCluster<'static, DefaultProducerContext>, count: u64) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", cluster.bootstrap_servers())
        .set("linger.ms", "5")
        .create()
        .unwrap();
    for number in 0..count {
        let key = format!("17:{}", number % 7);
        producer
            .send(BaseRecord::to(TOPIC).key(&key).payload(r#"{"a":1}"#))
            .map_err(|(error, _)| error)
            .unwrap();
    }
    producer.flush(Duration::from_secs(30)).unwrap();
}

fn tail(cluster: &MockCluster<'static, DefaultProducerContext>, more: &[&str]) -> Child {
    let brokers = cluster.bootstrap_servers();
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command
        .args(["tail", "--topic", TOPIC, "--brokers", &brokers])
        .args(more)
        .env_remove("WEIR_TOPIC_PREFIX");
    command.stdout(Stdio::piped()).spawn().unwrap()
}

#[test]
fn what_nobody_takes_in_time_is_left_out_and_counted() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 3, 1).unwrap();
    write(&cluster, 5);
    let mut tail = tail(&cluster, &[]);
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "Records from now on; Ctrl-C ends.");
    write(&cluster, MANY);
    let (mut shown, mut left_out) = (0, 0);
    while shown + left_out < MANY {
        match lines.next().unwrap().split_once(" records left out") {
            Some((count, _)) => left_out += count.parse::<u64>().unwrap(),
            None => shown += 1,
        }
    }
    assert!(left_out > 0, "{shown} records were shown");
    assert_eq!(shown + left_out, MANY);
    tail.kill().unwrap();
    tail.wait().unwrap();
}

#[test]
fn objects_are_narrowed_by_user_and_end_at_the_limit() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 3, 1).unwrap();
    let mut tail = tail(&cluster, &["--json", "--user", "3", "--limit", "2"]);
    // It prints nothing before the first record, so records are written until it has seen two.
    while tail.try_wait().unwrap().is_none() {
        write(&cluster, 7);
    }
    let lines = BufReader::new(tail.stdout.take().unwrap()).lines().map(Result::unwrap);
    let objects: Vec<Value> = lines.map(|line| serde_json::from_str(&line).unwrap()).collect();
    assert_eq!(objects.len(), 2);
    assert!(objects.iter().all(|object| object["key"] == "17:3" && object["value"]["a"] == 1), "{objects:?}");
}

#[test]
fn an_interrupt_ends_it_as_its_help_says() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 3, 1).unwrap();
    let mut tail = tail(&cluster, &[]);
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "Records from now on; Ctrl-C ends.");
    let process = tail.id().to_string();
    let sent = Command::new("sh").args(["-c", "kill -s INT \"$1\"", "sh", &process]).status().unwrap();
    assert!(sent.success());
    assert_eq!(tail.wait().unwrap().code(), Some(0));
}
