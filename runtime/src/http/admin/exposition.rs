//! The metrics as Prometheus reads them: rendered by one at a time, once for all who wait, within a budget.
//!
//! A test or a person who looks right after a change wants to see it. So an answer is never older than its request: who asks
//! more often than the budget has renderings waits for the next one, and shares it with all who do.

use std::sync::Arc;

use bytes::Bytes;
use prometheus::{Encoder as _, Registry, TextEncoder};
use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, sleep_until};

use super::cpu_budget::CpuBudget;

/// Clones share the renderings.
#[derive(Clone, Debug)]
pub(super) struct Exposition {
    registry: Registry,
    latest: Arc<Mutex<Latest>>,
    /// For the connections that are kept while they wait.
    pub(super) kept: Arc<Semaphore>,
}

/// The latest rendering; whoever has its lock makes the next.
#[derive(Debug)]
struct Latest {
    budget: CpuBudget,
    begun: Instant,
    text: Bytes,
}

impl Exposition {
    pub(super) fn new(registry: Registry, kept: usize) -> Self {
        let now = Instant::now();
        let latest = Latest { budget: CpuBudget::new(now), begun: now, text: Bytes::new() };
        Self { registry, latest: Arc::new(Mutex::new(latest)), kept: Arc::new(Semaphore::new(kept)) }
    }

    /// The metrics as they are now, or a moment later; or why there is no text.
    pub(super) async fn text(&self) -> Result<Bytes, String> {
        let asked = Instant::now();
        let mut latest = Arc::clone(&self.latest).lock_owned().await;
        if latest.begun > asked {
            return Ok(latest.text.clone());
        }
        sleep_until(latest.budget.begins(asked)).await;
        let registry = self.registry.clone();
        // In a thread of its own, with the lock: who asks and goes away does not begin a second one beside it.
        let rendering = tokio::task::spawn_blocking(move || latest.render(&registry));
        rendering.await.unwrap_or_else(|_| Err("internal error, the task panicked".to_owned()))
    }
}

impl Latest {
    fn render(&mut self, registry: &Registry) -> Result<Bytes, String> {
        let (begun, mut text) = (Instant::now(), Vec::new());
        let outcome = TextEncoder::new().encode(&registry.gather(), &mut text);
        self.budget.spend(begun, begun.elapsed());
        outcome.map_err(|error| error.to_string())?;
        (self.begun, self.text) = (begun, text.into());
        Ok(self.text.clone())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use prometheus::IntCounter;
    use prometheus::core::{Collector, Desc};
    use prometheus::proto::MetricFamily;
    use tokio::task::JoinSet;

    use super::*;

    /// Counts how often metrics are rendered.
    #[derive(Clone, Default)]
    pub(in crate::http::admin) struct Looks(Arc<AtomicU32>);

    impl Looks {
        /// As many at once, and as many a second, as the budget has of the cheapest, and one under way.
        pub(in crate::http::admin) fn are_bounded(&self, since: Instant) {
            let (looks, allowed) = (self.0.load(Ordering::Relaxed), 41 + since.elapsed().as_millis() / 100);
            assert!(u128::from(looks) <= allowed, "{looks} in {:?}", since.elapsed());
        }
    }

    impl Collector for Looks {
        fn desc(&self) -> Vec<&Desc> {
            Vec::new()
        }

        fn collect(&self) -> Vec<MetricFamily> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Vec::new()
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_flood_shares_a_bounded_number_of_renderings_and_none_is_older_than_its_request() {
        let (registry, looks) = (Registry::new(), Looks::default());
        let things = crate::metrics::counter(&registry, "weir_things_total", "Things");
        registry.register(Box::new(looks.clone())).unwrap();
        let (exposition, begin, mut readers) = (Exposition::new(registry, 0), Instant::now(), JoinSet::new());
        for _ in 0..64 {
            readers.spawn(read_after_each_change(exposition.clone(), things.clone()));
        }
        readers.join_all().await;
        looks.are_bounded(begin);
    }

    async fn read_after_each_change(exposition: Exposition, things: IntCounter) {
        for _ in 0..50 {
            things.inc();
            let changed = things.get();
            let text = String::from_utf8(exposition.text().await.unwrap().to_vec()).unwrap();
            let shown = text.lines().find_map(|line| line.strip_prefix("weir_things_total "));
            assert!(shown.unwrap().parse::<u64>().unwrap() >= changed, "{changed}: {text}");
        }
    }
}
