//! How long a host may take for what a link leads to. Only what is waited for it counts: the store may take its time for what came.

use super::NotFetched;
use super::failure::{classify, timed_out};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// The time of one link, redirects and all.
#[derive(Debug)]
pub(super) struct HostTime {
    /// How long nothing may come.
    stall: Duration,
    left: Duration,
}

impl HostTime {
    pub(super) const fn new(stall: Duration, most: Duration) -> Self {
        Self { stall, left: most }
    }

    /// Waits for what the host sends next.
    pub(super) async fn wait<T>(
        &mut self,
        next: impl Future<Output = reqwest::Result<T>>,
    ) -> Result<T, NotFetched> {
        let began = Instant::now();
        let came = timeout(self.stall.min(self.left), next).await;
        self.left = self.left.saturating_sub(began.elapsed());
        came.map_err(|_| timed_out())?.map_err(|error| classify(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use tokio::task::yield_now;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_mins(1);

    async fn at_once() -> reqwest::Result<()> {
        yield_now().await;
        Ok(())
    }

    /// What comes after so long.
    async fn after(delay: Duration) -> reqwest::Result<()> {
        assert!(timeout(delay, pending::<()>()).await.is_err());
        Ok(())
    }

    #[tokio::test]
    async fn what_passes_while_nobody_waits_for_the_host_does_not_count() {
        let mut time = HostTime::new(LONG, LONG);
        assert_eq!(time.wait(at_once()).await, Ok(()));
        let left = time.left;
        // The store takes what came.
        after(SHORT).await.unwrap();
        assert_eq!(time.left, left);
        assert_eq!(time.wait(after(SHORT)).await, Ok(()));
        assert!(left.saturating_sub(time.left) >= SHORT);
    }

    #[tokio::test]
    async fn a_host_that_sends_nothing_and_one_that_sends_slowly_for_too_long_are_given_up() {
        let late: Result<(), _> = Err(NotFetched::for_now("timed_out"));
        let nothing = pending::<reqwest::Result<()>>;
        assert_eq!(HostTime::new(SHORT, LONG).wait(nothing()).await, late);
        let mut time = HostTime::new(LONG, SHORT * 2);
        assert_eq!(time.wait(after(SHORT)).await, Ok(()));
        assert!(time.left <= SHORT);
        assert_eq!(time.wait(nothing()).await, late);
    }
}
