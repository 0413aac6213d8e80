//! What permits hold, and which body is evicted.

use super::*;
use prometheus::Registry;
use std::task::{Context, Waker};

fn memory(limit: usize) -> Arc<BodyMemory> {
    BodyMemory::new(limit, Arc::new(Metrics::new(&Registry::new())))
}

/// A permit of a body of which this much was received.
fn permit(memory: &Arc<BodyMemory>, bytes: usize) -> Result<Permit, Unavailable> {
    let mut permit = memory.open(bytes)?;
    permit.grow_to(bytes)?;
    Ok(permit)
}

fn is_evicted(permit: &mut Permit) -> bool {
    let mut eviction = std::pin::pin!(permit.is_evicted());
    eviction.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn a_dropped_permit_is_released() {
    let memory = memory(100);
    let first = permit(&memory, 60).unwrap();
    let mut second = permit(&memory, 40).unwrap();
    second.authenticate().unwrap();
    assert_eq!(memory.in_flight(), 100);
    drop(first);
    assert_eq!(memory.in_flight(), 40);
    drop(second);
    assert_eq!(memory.in_flight(), 0);
}

#[test]
fn the_body_that_waits_longest_is_evicted() {
    let memory = memory(100);
    let mut stalled = permit(&memory, 40).unwrap();
    let mut coming = memory.open(60).unwrap();
    for bytes in [20, 40, 50] {
        coming.grow_to(bytes).unwrap();
    }
    let mut newest = permit(&memory, 30).unwrap();
    assert!(is_evicted(&mut stalled) && !is_evicted(&mut coming));
    assert_eq!(memory.in_flight(), 80);
    assert_eq!(stalled.authenticate(), Err(Unavailable::BodyBytes), "what was evicted is not held any more");
    assert_eq!(stalled.grow_to(41), Err(Unavailable::BodyBytes));
    drop(stalled);
    coming.grow_to(60).unwrap();
    assert_eq!(memory.in_flight(), 90);
    coming.grow_to(80).unwrap();
    assert!(is_evicted(&mut newest), "a body that keeps coming is not evicted for one that waits");
    drop((coming, newest));
    assert_eq!(memory.in_flight(), 0);
}

#[test]
fn an_authenticated_body_is_not_evicted_and_the_new_one_is_refused() {
    let memory = memory(100);
    let mut authenticated = permit(&memory, 80).unwrap();
    authenticated.authenticate().unwrap();
    let mut unauthenticated = permit(&memory, 20).unwrap();
    assert_eq!(permit(&memory, 30).err(), Some(Unavailable::BodyBytes));
    assert!(
        !is_evicted(&mut authenticated) && !is_evicted(&mut unauthenticated),
        "nothing is evicted in vain"
    );
    assert_eq!(memory.refused(), 1);
    assert!(permit(&memory, 20).is_ok());
}

#[test]
fn a_declared_length_holds_nothing_before_it_is_received() {
    let memory = memory(100);
    let mut small = permit(&memory, 50).unwrap();
    let declared: Vec<Permit> = (0..1000).map(|_| memory.open(100).unwrap()).collect();
    assert!(!is_evicted(&mut small));
    assert_eq!(memory.in_flight(), 50);
    small.authenticate().unwrap();
    assert_eq!(
        memory.open(51).err(),
        Some(Unavailable::BodyBytes),
        "it can never fit while the authenticated body is here"
    );
    drop(declared);
    assert_eq!(memory.in_flight(), 50);
}

#[test]
fn a_body_over_its_equal_share_is_evicted_before_one_that_waits_longer() {
    let memory = memory(100);
    let mut small = permit(&memory, 10).unwrap();
    let mut greedy: Vec<Permit> = (0..2).map(|_| permit(&memory, 45).unwrap()).collect();
    for round in 0..10 {
        let newest = permit(&memory, 45).unwrap();
        assert!(is_evicted(&mut greedy[round]), "the one of the large bodies that waits longest");
        greedy.push(newest);
    }
    assert!(!is_evicted(&mut small));
    small.grow_to(20).unwrap();
    small.authenticate().unwrap();
}

#[test]
fn without_a_greedy_body_the_one_that_waits_longest_is_evicted() {
    let memory = memory(100);
    let mut many: Vec<Permit> = (0..10).map(|_| permit(&memory, 9).unwrap()).collect();
    let mut large = permit(&memory, 30).unwrap();
    assert!(many.iter_mut().take(3).all(is_evicted) && !many.iter_mut().skip(3).any(is_evicted));
    assert!(!is_evicted(&mut large));
}

#[test]
fn many_who_hold_nearly_a_share_evict_none_that_holds_little() {
    let memory = memory(100);
    let mut small = permit(&memory, 1).unwrap();
    let mut many: Vec<Permit> = (0..11).map(|_| permit(&memory, 8).unwrap()).collect();
    for round in 0..20 {
        many.push(permit(&memory, 8).unwrap());
        assert!(round < 1 || is_evicted(&mut many[round - 1]), "the one that waits longest");
        assert!(!is_evicted(&mut small), "in round {round}");
    }
    small.authenticate().unwrap();
}

#[test]
fn a_share_is_one_of_what_authenticated_bodies_leave() {
    let memory = memory(1000);
    let mut authenticated = permit(&memory, 600).unwrap();
    authenticated.authenticate().unwrap();
    let mut small = permit(&memory, 1).unwrap();
    let mut many: Vec<Permit> = (0..13).map(|_| permit(&memory, 30).unwrap()).collect();
    for round in 0..20 {
        many.push(permit(&memory, 30).unwrap());
        assert!(is_evicted(&mut many[round]) && !is_evicted(&mut small), "in round {round}");
    }
    small.authenticate().unwrap();
}

impl BodyMemory {
    fn refused(&self) -> u64 {
        self.metrics.limits.of(Limit::BodyBytes)
    }

    fn in_flight(&self) -> i64 {
        self.metrics.body_bytes_in_flight.get()
    }
}
