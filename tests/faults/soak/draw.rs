//! Which faults come in which order: by chance, each as often as the others.

use super::fault::Fault;
use crate::chance::Chance;

/// One for each of so many minutes. None of the second half kills a process, so that what each keeps can be told.
pub(crate) fn faults(minutes: usize, seed: u64) -> Vec<Fault> {
    let mut chance = Chance(seed);
    let (mut drawn, mut bag) = (Vec::new(), Vec::new());
    while drawn.len() < minutes {
        let kills = drawn.len() < minutes / 2;
        bag.retain(|fault: &Fault| kills || !fault.kills());
        if bag.is_empty() {
            bag.extend(Fault::ALL.into_iter().filter(|fault| kills || !fault.kills()));
        }
        let place = usize::try_from(chance.below(bag.len() as u64)).unwrap_or_default();
        drawn.push(bag.swap_remove(place));
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_comes_as_often_as_the_others_and_no_process_is_killed_late() {
        let drawn = faults(45, 1);
        let count = |wanted: Fault| drawn.iter().filter(|fault| **fault == wanted).count();
        assert!(Fault::ALL.into_iter().all(|fault| count(fault) > usize::from(!fault.kills())));
        assert!(drawn[22..].iter().all(|fault| !fault.kills()));
        assert_ne!(drawn, faults(45, 2));
    }
}
