//! Which faults come in which order: by chance, each as often as the others but for those that kill.

use super::fault::Fault;
use crate::chance::Chance;

/// One for each of so many minutes. Those that kill a process come in the first half, so that what each keeps can be told of the
/// second.
pub(crate) fn faults(minutes: usize, seed: u64) -> Vec<Fault> {
    let mut chance = Chance(seed);
    let mut below = |end: usize| usize::try_from(chance.below(end.max(1) as u64)).unwrap_or_default();
    let (kills, others): (Vec<_>, Vec<_>) = Fault::ALL.into_iter().partition(|fault| fault.kills());
    let half = minutes / 2;
    let kills = kills.repeat((half / Fault::ALL.len()).max(1));
    let (mut drawn, mut bag) = (Vec::new(), Vec::new());
    while drawn.len() + kills.len() < minutes {
        if bag.is_empty() {
            bag.clone_from(&others);
        }
        drawn.push(bag.swap_remove(below(bag.len())));
    }
    // Each pushes those behind it by one, and none so far that it leaves the half.
    let places = (half + 1).saturating_sub(kills.len());
    for fault in kills {
        drawn.insert(below(places), fault);
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
        assert_eq!(drawn.len(), 45);
        assert!(Fault::ALL.into_iter().all(|fault| (1..=3).contains(&count(fault))));
        assert!(drawn[22..].iter().all(|fault| !fault.kills()));
        assert_ne!(drawn, faults(45, 2));
        assert!(faults(600, 1)[300..].iter().all(|fault| !fault.kills()));
    }
}
