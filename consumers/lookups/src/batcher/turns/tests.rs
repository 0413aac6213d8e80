//! Nobody waits for the silence of others.

use super::*;
use crate::batcher::batch_buffer::BatchBuffer;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

const SLOTS: usize = 4;

fn alone(app: &'static str, account: &'static str) -> Row<&'static str> {
    Row { app, batch_size: 1, alone: Some(account) }
}

fn together(app: &'static str, batch_size: usize) -> Row<&'static str> {
    Row { app, batch_size, alone: None }
}

/// After how many requests that end in silence a call of `waiting` is made, that comes when rows with more calls than are ever
/// made have had all requests for a while; they end in the order in which they were made.
fn waited(silent: &[Row<&'static str>], waiting: &Row<&'static str>) -> usize {
    let (mut buffer, mut turns, start) = (BatchBuffer::new(Duration::ZERO), Turns::new(), Instant::now());
    for row in silent {
        for _ in 0..1_000 * row.batch_size {
            buffer.put(row.clone(), start, ());
        }
    }
    let mut under_way = VecDeque::new();
    for ended in 0.. {
        if under_way.len() == SLOTS {
            turns.end(&under_way.pop_front().unwrap());
        }
        if ended == 10 * SLOTS {
            buffer.put(waiting.clone(), start + Duration::from_secs(1), ());
        }
        let (row, _) = buffer.take(start + Duration::from_secs(2), |row| turns.of(row)).unwrap();
        if row == *waiting {
            return ended - 10 * SLOTS;
        }
        turns.begin(&row);
        under_way.push_back(row);
    }
    unreachable!("it is endless")
}

#[test]
fn an_app_that_is_answered_has_the_next_request_beside_fewer_silent_ones_than_requests() {
    let silent = ["1", "2", "3"].map(|app| alone(app, app));
    for count in 1..SLOTS {
        assert_eq!(waited(&silent[..count], &alone("answered", "account")), 0, "{count}");
    }
}

#[test]
fn beside_more_silent_apps_it_waits_for_one_turn_of_each_at_most() {
    let silent = ["1", "2", "3", "4", "5", "6", "7", "8", "9"].map(|app| alone(app, app));
    for count in SLOTS..=silent.len() {
        let waited = waited(&silent[..count], &alone("answered", "account"));
        assert!(waited <= count, "{waited} of {count}");
    }
}

#[test]
fn batches_that_fail_do_not_hold_untried_ones_of_the_same_app() {
    let silent = [together("app", 12), together("app", 3), alone("app", "silent"), alone("app", "too")];
    assert_eq!(waited(&silent, &together("app", 50)), 0);
}

#[test]
fn an_account_whose_calls_are_silent_does_not_hold_another_at_a_host_without_batches() {
    assert_eq!(waited(&[alone("app", "silent")], &alone("app", "answered")), 0);
}

#[test]
fn who_had_no_turn_for_longest_is_next() {
    let (mut turns, [one, other]) = (Turns::new(), [alone("1", "1"), alone("2", "2")]);
    turns.begin(&one);
    turns.end(&one);
    assert!(turns.of(&other) < turns.of(&one));
    turns.begin(&other);
    assert!(turns.of(&one) < turns.of(&other));
    turns.end(&other);
    assert!(turns.of(&one) < turns.of(&other));
}

#[test]
fn a_batch_is_one_request_as_a_call_that_goes_alone_is() {
    let (mut turns, [batch, call]) = (Turns::new(), [together("app", 50), alone("app", "account")]);
    turns.begin(&batch);
    turns.begin(&call);
    assert!(turns.of(&batch) < turns.of(&call), "it had none for longer");
}
