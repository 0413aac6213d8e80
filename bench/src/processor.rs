//! Time on processors, to the nanosecond: the hundredths of a second that Linux shows otherwise are too coarse for a second of
//! a calm load.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// Of all threads that the process has now, since each began. Nothing that is measured here ends threads under load.
pub(crate) fn time(pid: u32) -> Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).with_context(|| format!("process {pid}"))? {
        // One that has just ended is passed over.
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        let first = text.split(' ').next().context("an empty schedstat")?;
        nanoseconds += first.parse::<u64>().context("schedstat is no number")?;
    }
    Ok(Duration::from_nanos(nanoseconds))
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
}
