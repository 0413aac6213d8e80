//! Tasks that run as long as their process begin again after a panic: without them something would stand still, and nobody
//! would notice.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use prometheus::IntCounter;

/// Watches one task.
#[derive(Debug)]
pub struct Supervisor {
    task: &'static str,
    panics: Option<IntCounter>,
    pauses: Pauses,
}

impl Supervisor {
    /// For the task of this name.
    pub fn new(task: &'static str) -> Self {
        Self { task, panics: None, pauses: Pauses::default() }
    }

    /// The same, which counts the panics too.
    #[must_use]
    pub fn counting(self, panics: IntCounter) -> Self {
        Self { panics: Some(panics), ..self }
    }

    /// Runs the task to its end. Returns whether that was a panic, after the pause, so that it is to begin again.
    pub async fn catches_panic_of(&mut self, task: impl Future<Output = ()>) -> bool {
        if AssertUnwindSafe(task).catch_unwind().await.is_ok() {
            return false;
        }
        if let Some(panics) = &self.panics {
            panics.inc();
        }
        let pause = self.pauses.after_panic(Instant::now());
        tracing::error!(task = self.task, pause_seconds = pause.as_secs(), "a task panicked, restarting it");
        tokio::time::sleep(pause).await;
        true
    }
}

/// How long to wait after each panic: not at all after one, then longer and longer while they follow each other.
#[derive(Debug, Default)]
pub struct Pauses {
    last: Option<(Instant, Duration)>,
}

impl Pauses {
    const LONGEST: Duration = Duration::from_mins(1);

    /// The pause after one that happened `now`.
    pub fn after_panic(&mut self, now: Instant) -> Duration {
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

    #[tokio::test]
    async fn a_task_that_panics_is_begun_again_and_one_that_ends_is_not() {
        let panics = IntCounter::new("panics", "Panics").unwrap();
        let mut supervisor = Supervisor::new("a task").counting(panics.clone());
        let mut begun = 0;
        loop {
            let task = async {
                begun += 1;
                assert!(begun > 1, "as the test wants");
            };
            if !supervisor.catches_panic_of(task).await {
                break;
            }
        }
        assert_eq!((begun, panics.get()), (2, 1));
    }

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
