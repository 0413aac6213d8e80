//! Who holds what, and who makes room.

use super::*;
use std::task::{Context, Waker};

fn budget(limit: usize) -> Arc<Budget> {
    let registry = Registry::new();
    Budget::new(limit, &registry, Refusals::new(&registry))
}

/// A share of a body of which this much has come.
fn share(budget: &Arc<Budget>, bytes: usize) -> Result<Share, Short> {
    let mut share = budget.open(bytes)?;
    share.grow_to(bytes)?;
    Ok(share)
}

fn is_cut(share: &mut Share) -> bool {
    let mut cut = std::pin::pin!(share.is_cut());
    cut.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn what_is_dropped_is_given_back() {
    let budget = budget(100);
    let first = share(&budget, 60).unwrap();
    let mut second = share(&budget, 40).unwrap();
    second.prove().unwrap();
    assert_eq!(budget.in_flight.get(), 100);
    drop(first);
    assert_eq!(budget.in_flight.get(), 40);
    drop(second);
    assert_eq!(budget.in_flight.get(), 0);
}

#[test]
fn the_body_that_waits_longest_makes_room() {
    let budget = budget(100);
    let mut stalled = share(&budget, 40).unwrap();
    let mut coming = budget.open(60).unwrap();
    for bytes in [20, 40, 50] {
        coming.grow_to(bytes).unwrap();
    }
    let mut newest = share(&budget, 30).unwrap();
    assert!(is_cut(&mut stalled) && !is_cut(&mut coming));
    assert_eq!(budget.in_flight.get(), 80);
    assert_eq!(stalled.prove(), Err(Short), "what made room is not held any more");
    assert_eq!(stalled.grow_to(41), Err(Short));
    drop(stalled);
    coming.grow_to(60).unwrap();
    assert_eq!(budget.in_flight.get(), 90);
    coming.grow_to(80).unwrap();
    assert!(is_cut(&mut newest), "who comes makes room for nobody that waits");
    drop((coming, newest));
    assert_eq!(budget.in_flight.get(), 0);
}

#[test]
fn a_proven_body_makes_room_for_nobody_and_the_new_one_is_refused() {
    let budget = budget(100);
    let mut proven = share(&budget, 80).unwrap();
    proven.prove().unwrap();
    let mut unproven = share(&budget, 20).unwrap();
    assert_eq!(share(&budget, 30).err(), Some(Short));
    assert!(!is_cut(&mut proven) && !is_cut(&mut unproven), "nobody is cut off in vain");
    assert_eq!(budget.refusals_of_bytes(), 1);
    assert!(share(&budget, 20).is_ok());
}

#[test]
fn what_is_declared_takes_no_room_before_it_comes() {
    let budget = budget(100);
    let mut small = share(&budget, 50).unwrap();
    let declared: Vec<Share> = (0..1000).map(|_| budget.open(100).unwrap()).collect();
    assert!(!is_cut(&mut small));
    assert_eq!(budget.in_flight.get(), 50);
    small.prove().unwrap();
    assert_eq!(budget.open(51).err(), Some(Short), "it can never fit while the proven body is here");
    drop(declared);
    assert_eq!(budget.in_flight.get(), 50);
}

impl Budget {
    fn refusals_of_bytes(&self) -> u64 {
        self.refusals.of(Limit::BodyBytes)
    }
}
