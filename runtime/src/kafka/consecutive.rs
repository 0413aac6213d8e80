//! Of how many samples in a row something is so.

use std::sync::atomic::{AtomicU32, Ordering};

/// Counted by who takes the samples, for others to see.
#[derive(Debug, Default)]
pub(crate) struct Consecutive(AtomicU32);

impl Consecutive {
    /// Takes a sample, and returns of how many in a row it is so.
    pub(crate) fn sample(&self, is_so: bool) -> u32 {
        let count = if is_so { self.count().saturating_add(1) } else { 0 };
        self.0.store(count, Ordering::Relaxed);
        count
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    /// Begins anew.
    pub(crate) fn forget(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_counted_until_one_is_not_so() {
        let samples = Consecutive::default();
        assert_eq!([true, true, false, true].map(|is_so| samples.sample(is_so)), [1, 2, 0, 1]);
        assert_eq!(samples.count(), 1);
        samples.forget();
        assert_eq!(samples.sample(true), 1);
    }
}
