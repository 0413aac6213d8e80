use super::*;
use std::task::{Context, Waker};

fn budget(limit: usize) -> Arc<Budget> {
    let registry = Registry::new();
    Budget::new(limit, &registry, Refusals::new(&registry))
}

fn is_cut(share: &mut Share) -> bool {
    let mut cut = std::pin::pin!(share.is_cut());
    cut.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn what_is_dropped_is_given_back() {
    let budget = budget(100);
    let first = budget.share(60).unwrap();
    let mut second = budget.share(40).unwrap();
    second.prove().unwrap();
    assert_eq!(budget.in_flight.get(), 100);
    drop(first);
    assert_eq!(budget.in_flight.get(), 40);
    drop(second);
    assert_eq!(budget.in_flight.get(), 0);
}

#[test]
fn the_oldest_unproven_body_makes_room() {
    let budget = budget(100);
    let mut oldest = budget.share(50).unwrap();
    let mut younger = budget.share(50).unwrap();
    let newest = budget.share(30).unwrap();
    assert!(is_cut(&mut oldest) && !is_cut(&mut younger));
    assert_eq!(budget.in_flight.get(), 80);
    assert_eq!(oldest.prove(), Err(Short), "what made room is not held any more");
    drop(oldest);
    assert_eq!(budget.in_flight.get(), 80);
    drop((younger, newest));
    assert_eq!(budget.in_flight.get(), 0);
}

#[test]
fn a_proven_body_makes_room_for_nobody_and_the_new_one_is_refused() {
    let budget = budget(100);
    let mut proven = budget.share(80).unwrap();
    proven.prove().unwrap();
    let mut unproven = budget.share(20).unwrap();
    assert_eq!(budget.share(30).err(), Some(Short));
    assert!(!is_cut(&mut proven) && !is_cut(&mut unproven), "nobody is cut off in vain");
    assert_eq!(budget.refusals_of_bytes(), 1);
    assert!(budget.share(20).is_ok());
}

#[test]
fn a_body_that_grows_cuts_off_none_that_is_younger() {
    let budget = budget(100);
    let mut slow = budget.share(10).unwrap();
    let mut quick = budget.share(80).unwrap();
    slow.grow_to(20).unwrap();
    assert_eq!(slow.grow_to(21), Err(Short));
    quick.grow_to(90).unwrap();
    assert!(is_cut(&mut slow));
    assert_eq!(slow.grow_to(22), Err(Short));
    assert_eq!(budget.in_flight.get(), 90);
}

impl Budget {
    fn refusals_of_bytes(&self) -> u64 {
        self.refusals.of(Limit::BodyBytes)
    }
}
