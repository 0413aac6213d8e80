//! Who holds a slot, and who is evicted.

use std::task::{Context, Waker};

use super::*;

const A_WHILE: Duration = Duration::from_secs(10);

fn is_evicted(slot: &Slot) -> bool {
    std::pin::pin!(slot.evicted()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

/// Returns once the clock has moved on.
fn tick() {
    let now = Instant::now();
    while Instant::now() == now {
        std::thread::yield_now();
    }
}

#[test]
fn the_oldest_unauthenticated_connection_is_evicted_and_a_busy_one_never() {
    let connections = Connections::new(3, A_WHILE);
    let [busy, oldest, younger] = [0, 1, 2].map(|_| connections.admit().unwrap());
    let request = busy.slot.authenticate();
    let newest = connections.admit().unwrap();
    assert!(newest.evicts_another && is_evicted(&oldest.slot));
    let others = [newest.slot.authenticate(), younger.slot.authenticate()];
    drop(oldest.slot);
    assert!(connections.admit().is_none(), "each has a request under way");
    assert!(!is_evicted(&busy.slot) && !is_evicted(&younger.slot));
    drop((request, others, busy.slot));
    assert!(connections.admit().is_some_and(|admitted| !admitted.evicts_another));
}

#[test]
fn a_replayed_request_does_not_hold_a_slot() {
    let connections = Connections::new(4, A_WHILE);
    let replayed = [0, 1, 2, 3].map(|_| connections.admit().unwrap());
    for admitted in &replayed {
        drop(admitted.slot.authenticate());
    }
    // More than half of the slots are idle, so they are evicted before the newcomers.
    let honest = [0, 1].map(|_| connections.admit().unwrap());
    assert_eq!(replayed.each_ref().map(|admitted| is_evicted(&admitted.slot)), [true, true, false, false]);
    // From then on, newcomers are.
    let newest = connections.admit().unwrap();
    let [first, second] = honest.each_ref().map(|admitted| is_evicted(&admitted.slot));
    assert!(first && !second && !is_evicted(&newest.slot));
}

#[test]
fn what_was_authenticated_fades() {
    for (authenticated_for, fades) in [(Duration::ZERO, true), (A_WHILE, false)] {
        let connections = Connections::new(3, authenticated_for);
        let idle = connections.admit().unwrap();
        drop(idle.slot.authenticate());
        tick();
        let others = [0, 1].map(|_| connections.admit().unwrap());
        let _newest = connections.admit().unwrap();
        assert_eq!(is_evicted(&idle.slot), fades);
        drop(others);
    }
}

#[test]
fn who_was_busy_since_is_not_the_longest_idle() {
    let connections = Connections::new(2, A_WHILE);
    let [one, other] = [0, 1].map(|_| connections.admit().unwrap());
    drop((one.slot.authenticate(), other.slot.authenticate()));
    tick();
    drop(one.slot.authenticate());
    let _newest = connections.admit().unwrap();
    assert!(is_evicted(&other.slot) && !is_evicted(&one.slot));
}

#[test]
fn a_request_of_who_was_evicted_takes_no_slot_and_gives_none_back() {
    let connections = Connections::new(1, A_WHILE);
    let evicted = connections.admit().unwrap();
    let holder = connections.admit().unwrap();
    assert!(holder.evicts_another && is_evicted(&evicted.slot));
    let request = holder.slot.authenticate();
    let late = evicted.slot.authenticate();
    assert!(connections.admit().is_none(), "the one that holds the slot has a request under way");
    drop((late, evicted));
    assert!(connections.admit().is_none());
    drop(request);
    assert!(connections.admit().is_some_and(|admitted| admitted.evicts_another));
}

#[test]
fn connections_are_evicted_for_nobody_but_those_that_are_busy() {
    let connections = Connections::new(4, A_WHILE);
    let [stranger, busy, idle] = [0, 1, 2].map(|_| connections.admit().unwrap());
    let _request = busy.slot.authenticate();
    drop(idle.slot.authenticate());
    assert_eq!(connections.evict(1), 1);
    assert!(is_evicted(&stranger.slot));
    assert_eq!(connections.evict(5), 1);
    assert!(is_evicted(&idle.slot) && !is_evicted(&busy.slot));
    assert!(connections.admit().is_some_and(|admitted| !admitted.evicts_another));
}

#[test]
fn a_slot_is_free_again_whether_authenticated_or_not() {
    let connections = Connections::new(1, A_WHILE);
    drop(connections.admit().unwrap());
    let again = connections.admit().unwrap();
    assert!(!again.evicts_another);
    drop((again.slot.authenticate(), again.slot.authenticate()));
    drop(again);
    assert!(connections.admit().is_some_and(|admitted| !admitted.evicts_another));
}

#[test]
fn only_want_of_descriptors_or_memory_is_exhaustion() {
    for (number, expected) in [(23, true), (24, true), (12, true), (103, false), (4, false), (1, false)] {
        assert_eq!(is_exhausted(&io::Error::from_raw_os_error(number)), expected, "{number}");
    }
}
