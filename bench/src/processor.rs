//! Time on processors, to the nanosecond: the hundredths of a second that Linux shows otherwise are too coarse for a second of
//! a calm load. What threads that have ended had spent is gone from there, so threads are compared one by one.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// Nanoseconds of each thread that processes have, by its id.
#[derive(Debug)]
pub(crate) struct Threads(BTreeMap<OsString, u64>);

impl Threads {
    /// As they are now.
    pub(crate) fn of(pids: impl IntoIterator<Item = u32>) -> Result<Self> {
        let mut times = BTreeMap::new();
        for pid in pids {
            let threads = fs::read_dir(format!("/proc/{pid}/task"));
            for thread in threads.with_context(|| format!("process {pid}"))? {
                let thread = thread?;
                // One that has just ended is passed over.
                let Ok(text) = fs::read_to_string(thread.path().join("schedstat")) else { continue };
                let first = text.split(' ').next().context("an empty schedstat")?;
                let time: u64 = first.parse().context("schedstat is no number")?;
                times.insert(thread.file_name(), time);
            }
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
        let own = || Threads::of([std::process::id()]);
        let before = own().unwrap();
        let end = std::time::Instant::now() + Duration::from_millis(50);
        while std::time::Instant::now() < end {}
        assert!(own().unwrap().since(&before) > Duration::ZERO);
        assert!(Threads::of([std::process::id(), 0]).is_err());
    }

    #[test]
    fn work_is_seen_although_a_thread_that_had_worked_more_has_ended() {
        let work = |millis| {
            let end = std::time::Instant::now() + Duration::from_millis(millis);
            while std::time::Instant::now() < end {}
        };
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let other = std::thread::spawn(move || {
            work(100);
            tell.send(()).unwrap();
            ended.recv().unwrap_err();
        });
        told.recv().unwrap();
        let before = Threads::of([std::process::id()]).unwrap();
        drop(end);
        other.join().unwrap();
        work(20);
        let spent = Threads::of([std::process::id()]).unwrap().since(&before);
        assert!(spent >= Duration::from_millis(1), "{spent:?}");
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
