//! Tasks of the spool begin again after a panic, as its thread does: without them deliveries would stay where they are.

use super::SpoolMetrics;
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

/// Watches one task.
#[derive(Debug)]
pub(super) struct Supervisor {
    task: &'static str,
    metrics: SpoolMetrics,
    pauses: Pauses,
}

impl Supervisor {
    pub(super) fn new(task: &'static str, metrics: SpoolMetrics) -> Self {
        Self { task, metrics, pauses: Pauses::default() }
    }

    /// Runs the task to its end; whether that was a panic, after the pause, so that it is to begin again.
    pub(super) async fn panicked(&mut self, task: impl Future<Output = ()>) -> bool {
        if AssertUnwindSafe(task).catch_unwind().await.is_ok() {
            return false;
        }
        self.metrics.panics.inc();
        let pause = self.pauses.after_panic(Instant::now());
        tracing::error!(
            task = self.task,
            pause_seconds = pause.as_secs(),
            "a task of the spool panicked, beginning it again"
        );
        tokio::time::sleep(pause).await;
        true
    }
}

/// How long to wait after each panic: not at all after one, then longer and longer while they follow each other.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    last: Option<(Instant, Duration)>,
}

impl Pauses {
    const LONGEST: Duration = Duration::from_mins(1);

    pub(super) fn after_panic(&mut self, now: Instant) -> Duration {
        let before =
            self.last.filter(|(at, pause)| now.saturating_duration_since(*at) < *pause + Self::LONGEST);
        let pause = before
            .map_or(Duration::ZERO, |(_, pause)| (pause * 2).clamp(Duration::from_secs(1), Self::LONGEST));
        self.last = Some((now, pause));
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_panic_is_not_waited_after_and_a_loop_of_them_does_not_spin() {
        let (mut pauses, mut now) = (Pauses::default(), Instant::now());
        let mut waited = Vec::new();
        for _ in 0..9 {
            let pause = pauses.after_panic(now);
            waited.push(pause.as_secs());
            now += pause;
        }
        assert_eq!(waited, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pauses.after_panic(now + Duration::from_mins(3)), Duration::ZERO);
    }
}
