//! Who has the next slot.

mod backlog;

use super::*;
use futures_util::FutureExt as _;
use std::pin::pin;

const HOST: &str = "a.fbcdn.net";

fn dies(at: u64) -> Millis {
    Millis::since_epoch(at)
}

#[tokio::test]
async fn no_more_have_one_at_once_than_there_are() {
    let slots = Slots::new(2);
    let [first, _second] = [slots.acquire(dies(1), HOST).await, slots.acquire(dies(2), HOST).await];
    assert!(slots.acquire(dies(0), HOST).now_or_never().is_none());
    drop(first);
    assert!(slots.acquire(dies(3), HOST).now_or_never().is_some());
    assert!(slots.acquire(dies(3), HOST).now_or_never().is_some(), "it was given back");
}

#[tokio::test]
async fn the_link_that_dies_first_has_the_next_and_of_equal_ones_the_one_that_came_first() {
    let slots = Slots::new(1);
    let slot = slots.acquire(dies(9), HOST).await;
    let [mut late, mut early, mut equal] = [5, 3, 3].map(|at| Box::pin(slots.acquire(dies(at), HOST)));
    for waiting in [&mut late, &mut early, &mut equal] {
        assert!(waiting.as_mut().now_or_never().is_none());
    }
    drop(slot);
    assert!(late.as_mut().now_or_never().is_none() && equal.as_mut().now_or_never().is_none());
    drop(early.await);
    assert!(late.as_mut().now_or_never().is_none());
    drop(equal.await);
    late.await;
}

#[tokio::test]
async fn who_waits_longest_has_a_slot_although_others_that_die_sooner_come_again_and_again() {
    let slots = Slots::new(1);
    let mut slot = slots.acquire(dies(1), HOST).await;
    let mut late = Box::pin(slots.acquire(dies(9), HOST));
    assert!(late.as_mut().now_or_never().is_none());
    for _ in 1..LONGEST_EVERY {
        let mut again = Box::pin(slots.acquire(dies(1), HOST));
        assert!(again.as_mut().now_or_never().is_none());
        drop(slot);
        slot = again.await;
    }
    let mut again = Box::pin(slots.acquire(dies(1), HOST));
    assert!(again.as_mut().now_or_never().is_none());
    drop(slot);
    assert!(late.now_or_never().is_some());
}

#[tokio::test]
async fn a_silent_host_leaves_half_of_the_slots_to_others() {
    let slots = Slots::new(4);
    let mut silent = Vec::new();
    for _ in 0..4 {
        silent.push(slots.acquire(dies(1), "silent").await);
    }
    let mut backlog: Vec<_> = (0..60).map(|_| Box::pin(slots.acquire(dies(1), "silent"))).collect();
    assert!(backlog.iter_mut().all(|waiting| waiting.as_mut().now_or_never().is_none()));
    let mut others: Vec<_> = (0..3).map(|_| Box::pin(slots.acquire(dies(9), HOST))).collect();
    assert!(others.iter_mut().all(|waiting| waiting.as_mut().now_or_never().is_none()));
    // The four end in silence; those that are answered give their slots back at once.
    drop(silent);
    for other in others {
        drop(other.now_or_never().expect("a slot within one silence"));
    }
}

#[tokio::test]
async fn beside_several_silent_hosts_one_slot_of_three_goes_to_the_host_that_has_none() {
    let slots = Slots::new(4);
    let mut silent = Vec::new();
    for host in ["one", "one", "other", "other"] {
        silent.push(slots.acquire(dies(1), host).await);
    }
    let mut backlog: Vec<_> = ["one", "other"].repeat(30);
    let mut backlog: Vec<_> = backlog.drain(..).map(|host| Box::pin(slots.acquire(dies(1), host))).collect();
    assert!(backlog.iter_mut().all(|waiting| waiting.as_mut().now_or_never().is_none()));
    let mut late = Box::pin(slots.acquire(dies(9), HOST));
    assert!(late.as_mut().now_or_never().is_none());
    drop(silent);
    assert!(late.now_or_never().is_some());
}

#[tokio::test]
async fn a_slot_of_someone_who_gave_up_is_handed_on() {
    let slots = Slots::new(1);
    let slot = slots.acquire(dies(1), HOST).await;
    let mut last = pin!(slots.acquire(dies(3), HOST));
    assert!(last.as_mut().now_or_never().is_none());
    {
        let mut gave_up = Box::pin(slots.acquire(dies(1), HOST));
        let mut given_too_late = Box::pin(slots.acquire(dies(2), HOST));
        assert!(gave_up.as_mut().now_or_never().is_none());
        assert!(given_too_late.as_mut().now_or_never().is_none());
        drop(gave_up);
        drop(slot);
    }
    assert!(last.now_or_never().is_some());
    let queue = lock(&slots.0);
    assert_eq!((queue.waiting.len(), queue.free), (0, 1));
}
