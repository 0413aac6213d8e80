//! Random schedules of answers, errors, cuts and delays, and single cases.

mod model;
mod random;
pub(in super::super) mod seen;
mod wire;

use self::model::Model;
use super::super::compression::Compression;
use super::super::options::Tuning;
use super::super::produce::name;
use super::{State, local};
use kafka_protocol::messages::ProduceResponse;
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use runtime::producer::Outgoing;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// How many schedules are driven; `tests/run` has 100,000.
const SCHEDULES: &str = "TESTS_SCHEDULES";
/// As many take a second or two.
const FEW: u64 = 2_000;

#[test]
fn whatever_brokers_do_what_is_acknowledged_is_written_in_order_and_everything_is_answered() {
    let schedules = std::env::var_os(SCHEDULES);
    let schedules = schedules.map_or(FEW, |count| count.to_str().unwrap().parse().unwrap());
    let (mut acknowledged, mut refused_or_lost) = (0, 0);
    for seed in 0..schedules {
        let mut model = Model::new(seed);
        model.run();
        let of_model: usize = model.acknowledged.values().map(Vec::len).sum();
        acknowledged += of_model as u64;
        refused_or_lost += model.next - of_model as u64;
    }
    assert!(
        acknowledged > 2 * schedules && refused_or_lost > 2 * schedules,
        "{acknowledged} {refused_or_lost}"
    );
}

/// What may wait, and for 10 s; nothing else is of any meaning to the state.
const fn bounded(
    queue_bytes: usize,
    queue_records: usize,
    batch_bytes: usize,
    record_bytes: usize,
) -> Tuning {
    Tuning {
        queue_bytes,
        queue_records,
        record_bytes,
        batch_bytes,
        compression: Compression::None,
        timeout: Duration::from_secs(10),
        broker_timeout: Duration::ZERO,
        connects_within: Duration::ZERO,
        reconnect: (Duration::ZERO, Duration::ZERO),
        refresh_every: Duration::ZERO,
    }
}

/// A topic whose partitions have these leaders, and every leader connected to.
fn led_by(leaders: &[i32]) -> State<()> {
    let mut state = State::new(bounded(1 << 20, 100, 1_000, 1_000), &[String::from("raw")]);
    let topic = seen::topic("raw", 1, 0, leaders.iter().map(|leader| (*leader, 0)));
    assert!(state.update(&seen::cluster(leaders.iter().copied(), vec![topic])).is_empty());
    for leader in leaders {
        state.connected(*leader);
    }
    state
}

fn accept(state: &mut State<()>, now: Instant) {
    let record = Outgoing { topic: "raw", key: None, value: b"x", headers: &[] };
    state.accept(&record, || (), now, 0).unwrap();
}

#[test]
fn a_record_that_comes_after_the_end_is_refused_for_that() {
    let mut state = led_by(&[1]);
    assert!(state.close().is_empty());
    let record = Outgoing { topic: "raw", key: None, value: b"x", headers: &[] };
    let refused = state.accept(&record, || (), Instant::now(), 0).unwrap_err();
    assert_eq!(refused.to_string(), "a record for raw cannot be queued: the producer has ended");
}

#[test]
fn a_request_carries_every_partition_of_a_broker_that_has_something() {
    let (mut state, now) = (led_by(&[1, 1, 2, 1]), Instant::now());
    for key in 0..100_u8 {
        let key = [key];
        let record = Outgoing { topic: "raw", key: Some(&key), value: b"x", headers: &[] };
        state.accept(&record, || (), now, 0).unwrap();
    }
    let (_, parts) = state.next_request(1, now).unwrap();
    let partitions: BTreeSet<i32> = parts.iter().map(|part| part.partition).collect();
    assert_eq!(partitions, BTreeSet::from([0, 1, 3]));
    assert!(state.next_request(1, now).is_none());
    assert_eq!(state.next_request(2, now).unwrap().1.len(), 1);
}

#[test]
fn records_without_a_key_leave_a_broker_alone_that_hangs_or_is_away() {
    let (mut state, now) = (led_by(&[1, 1, 1, 2, 2]), Instant::now());
    let sent_to = |broker, state: &mut State<()>| {
        accept(state, now);
        state.next_request(broker, now).is_some()
    };
    // It answers none of them, and gets no third.
    assert!(sent_to(1, &mut state) && sent_to(1, &mut state));
    assert!(sent_to(2, &mut state));
    drop(state.disconnected(1, -1));
    assert!(sent_to(2, &mut state));
}

#[test]
fn a_partition_is_acknowledged_where_the_answer_says_so_of_it_each_time_that_it_names_it() {
    let (mut state, now) = (led_by(&[1; 6]), Instant::now());
    for key in 0..100_u8 {
        let key = [key];
        let record = Outgoing { topic: "raw", key: Some(&key), value: b"x", headers: &[] };
        state.accept(&record, || (), now, 0).unwrap();
    }
    let (correlation, parts) = state.next_request(1, now).unwrap();
    assert_eq!(parts.len(), 6);
    let of = |topic: &str, said: &[(i32, i16, i64)]| {
        let part = |(index, error, offset): &(i32, i16, i64)| {
            let part = PartitionProduceResponse::default().with_index(*index);
            part.with_error_code(*error).with_base_offset(*offset)
        };
        let parts = said.iter().map(part).collect();
        TopicProduceResponse::default().with_name(name(topic)).with_partition_responses(parts)
    };
    // It says nothing of 3, tells of 5 without an offset, and of what it was not sent.
    let first = of("raw", &[(0, 0, 7), (1, 0, 7), (2, 19, 5), (5, 0, -1), (6, 0, 7), (-1, 0, 7)]);
    let again = of("raw", &[(0, 0, 7), (1, 7, -1), (2, 0, 7), (4, 0, 0)]);
    let answer =
        ProduceResponse::default().with_responses(vec![first, of("typed", &[(3, 0, 7), (5, 0, 7)]), again]);
    let ended = state.answered(1, correlation, &answer, now).unwrap();
    let ended: BTreeMap<i32, Option<i32>> =
        ended.into_iter().map(|outcome| (outcome.partition, outcome.failure)).collect();
    let unknown = Some(local::UNKNOWN);
    let told = [(0, None), (1, Some(7)), (2, Some(19)), (3, unknown), (4, None), (5, unknown)];
    assert_eq!(ended, BTreeMap::from(told));
    assert_eq!(state.queued(), (0, 0));
    // Each of them was answered once, and another answer is none.
    assert!(state.answered(1, correlation, &answer, now).is_none());
}

#[test]
fn the_longest_wait_that_a_broker_asks_for_is_told_once() {
    let (mut state, now) = (led_by(&[1, 2]), Instant::now());
    for key in 0..100_u8 {
        let record = Outgoing { topic: "raw", key: Some(&[key]), value: b"x", headers: &[] };
        state.accept(&record, || (), now, 0).unwrap();
    }
    for (broker, throttle) in [(1, 300), (2, 3_200)] {
        let (correlation, _) = state.next_request(broker, now).unwrap();
        let answer = ProduceResponse::default().with_throttle_time_ms(throttle);
        state.answered(broker, correlation, &answer, now).unwrap();
    }
    let told = [(); 2].map(|()| state.snapshot(false).quota_wait.map(|told| (told.broker, told.wait)));
    let address = state.address_and_wake(2).unwrap().0;
    assert_eq!(told, [Some((format!("{address}/2"), Duration::from_millis(3_200))), None]);
}

#[test]
fn an_answer_is_late_once_the_oldest_request_has_waited_for_as_long_as_a_record_may() {
    let (mut state, sent) = (led_by(&[1, 1]), Instant::now());
    let timeout = Duration::from_secs(10);
    let is_late = |state: &State<()>, after| state.missed_timeout(1, sent + after).is_some();
    assert!(state.is_answered(1) && !is_late(&state, timeout));
    accept(&mut state, sent);
    let (correlation, _) = state.next_request(1, sent).unwrap();
    accept(&mut state, sent + timeout / 2);
    state.next_request(1, sent + timeout / 2).unwrap();
    assert!(!state.is_answered(1) && !is_late(&state, timeout / 10 * 9));
    assert_eq!(state.missed_timeout(1, sent + timeout), Some(timeout));
    state.answered(1, correlation, &ProduceResponse::default(), sent + timeout).unwrap();
    assert!(!is_late(&state, timeout), "the next one has its own time");
}
