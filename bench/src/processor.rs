//! Time on processors, to the nanosecond: the hundredths of a second that Linux shows otherwise are too coarse for a second of
//! a calm load.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// Of all threads that the process has now, since each began. Where threads end meanwhile, [`Threads`] are to be compared.
pub(crate) fn time(pid: u32) -> Result<Duration> {
    Ok(Duration::from_nanos(Threads::of(pid)?.0.values().sum()))
}

/// Nanoseconds of each thread that a process has, by its id.
#[derive(Debug)]
pub(crate) struct Threads(BTreeMap<OsString, u64>);

impl Threads {
    /// As they are now.
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let mut times = BTreeMap::new();
        for thread in fs::read_dir(format!("/proc/{pid}/task")).with_context(|| format!("process {pid}"))? {
            let thread = thread?;
            // One that has just ended is passed over.
            let Ok(text) = fs::read_to_string(thread.path().join("schedstat")) else { continue };
            let first = text.split(' ').next().context("an empty schedstat")?;
            let time: u64 = first.parse().context("schedstat is no number")?;
            times.insert(thread.file_name(), time);
        }
        Ok(Self(times))
    }

    /// What they have spent since; of a thread that has ended since then it is not known.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        let spent = |(thread, time): (&OsString, &u64)| {
            time.saturating_sub(earlier.0.get(thread).copied().unwrap_or_default())
        };
        Duration::from_nanos(self.0.iter().map(spent).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_time() {
        let before = time(std::process::id()).unwrap();
        let end = std::time::Instant::now() + Duration::from_millis(50);
        while std::time::Instant::now() < end {}
        assert!(time(std::process::id()).unwrap() > before);
        assert!(time(0).is_err());
    }

    #[test]
    fn what_a_thread_spent_before_it_ended_is_not_taken_from_the_others() {
        let threads = |times: &[(&str, u64)]| {
            Threads(times.iter().map(|(thread, time)| (OsString::from(thread), *time)).collect())
        };
        let (earlier, now) = (threads(&[("1", 10), ("2", 500)]), threads(&[("1", 30), ("3", 5)]));
        assert_eq!(now.since(&earlier), Duration::from_nanos(25));
    }
}
