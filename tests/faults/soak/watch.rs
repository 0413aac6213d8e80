//! Which alerts fire, whether a fault explains them, and what the processes take meanwhile.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use weir_tests::prometheus::Prometheus;
use weir_tests::vitals::Vitals;

use super::alerts::OF_A_RETIRED_FILE;
use super::fault::Fault;

const LOOK_EVERY: Duration = Duration::from_secs(2);
/// What memory (MiB) and descriptors may differ by, between the third and the fourth quarter of the run.
const GROWTH: f64 = 1.125;
const MORE: f64 = 16.0;

/// Looks at Prometheus and at processes, for a while at a time.
pub(crate) struct Watch {
    prometheus: Prometheus,
    faults: Vec<Inflicted>,
    alerts: BTreeMap<String, bool>,
    vitals: BTreeMap<&'static str, Vec<Vitals>>,
}

/// A fault, when it began, and when it was over where it is.
type Inflicted = (Fault, Instant, Option<Instant>);

/// What a process took in the third and the fourth quarter of the run.
#[derive(Clone, Debug)]
pub(crate) struct Flat {
    pub(crate) name: &'static str,
    pub(crate) memory: [f64; 2],
    pub(crate) descriptors: [f64; 2],
}

impl Watch {
    pub(crate) fn of(prometheus: Prometheus) -> Self {
        Self { prometheus, faults: Vec::new(), alerts: BTreeMap::new(), vitals: BTreeMap::new() }
    }

    pub(crate) fn begins(&mut self, fault: Fault) {
        self.faults.push((fault, Instant::now(), None));
    }

    pub(crate) fn ends(&mut self) {
        if let Some((_, _, end)) = self.faults.last_mut() {
            *end = Some(Instant::now());
        }
    }

    /// Looks at the alerts until the fault is over.
    pub(crate) async fn during(&mut self, fault: impl Future<Output = Result<()>>) -> Result<()> {
        tokio::pin!(fault);
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                outcome = &mut fault => return outcome,
                _ = looks.tick() => self.look_at_alerts().await?,
            }
        }
    }

    /// Looks until then, and at least once.
    pub(crate) async fn until(&mut self, end: Instant, pids: &[(&'static str, u32)]) -> Result<()> {
        loop {
            self.look_at_alerts().await?;
            for (name, pid) in pids {
                let vitals = self.without_senders(name, Vitals::of(*pid)?).await?;
                self.vitals.entry(*name).or_default().push(vitals);
            }
            if Instant::now() >= end {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Without the connections that ingest's senders hold: as many as they have deliveries without an answer.
    async fn without_senders(&self, name: &str, vitals: Vitals) -> Result<Vitals> {
        if name != "weir-ingest" {
            return Ok(vitals);
        }
        let held = self.prometheus.query("weir_ingest_connections").await?;
        let held =
            held.first().and_then(|series| series["value"][1].as_str()?.parse().ok()).unwrap_or_default();
        Ok(Vitals { descriptors: vitals.descriptors.saturating_sub(held), ..vitals })
    }

    /// The second half of the run begins: what processes took before is of no interest.
    pub(crate) fn half(&mut self) {
        self.vitals.clear();
    }

    async fn look_at_alerts(&mut self) -> Result<()> {
        for alert in self.prometheus.firing().await? {
            let now = Instant::now();
            let explained = is_explained(&self.faults, &alert, now);
            let known = self.alerts.contains_key(&alert);
            let is_right = self.alerts.entry(alert.clone()).or_insert(true);
            *is_right &= explained;
            if !known {
                let why = if explained { "" } else { ", and nothing explains it" };
                crate::say(&format!("  {alert} fires{why}"));
            }
        }
        Ok(())
    }

    /// The processes that cannot be looked at.
    pub(crate) async fn down(&self) -> Result<Vec<String>> {
        self.prometheus.down().await
    }

    pub(crate) fn end(self) -> (Vec<(String, bool)>, Vec<Flat>) {
        let flat = self.vitals.into_iter().map(|(name, vitals)| Flat::of(name, &vitals));
        (self.alerts.into_iter().collect(), flat.collect())
    }
}

fn is_explained(faults: &[Inflicted], alert: &str, now: Instant) -> bool {
    (0..faults.len()).any(|turn| {
        let (fault, begin, end) = faults[turn];
        let over = if alert == OF_A_RETIRED_FILE { end_of_ingest(&faults[turn..]) } else { end };
        let last = over.unwrap_or(now) + Fault::explained_after(alert);
        fault.explains(alert) && (begin..=last).contains(&now)
    })
}

/// When the process of ingest that saw the first of these was followed by another.
fn end_of_ingest(faults: &[Inflicted]) -> Option<Instant> {
    faults.iter().find(|(fault, ..)| fault.ends_ingest())?.2
}

impl Flat {
    fn of(name: &'static str, vitals: &[Vitals]) -> Self {
        let (third, fourth) = vitals.split_at(vitals.len() / 2);
        let parts = [third, fourth];
        let memory = parts.map(|part| middle(part.iter().map(|vitals| vitals.memory).collect()));
        let descriptors =
            parts.map(|part| middle(part.iter().map(|vitals| vitals.descriptors as u64).collect()));
        Self { name, memory, descriptors }
    }

    /// Not more at the end than before, but for what comes and goes.
    pub(crate) fn is_flat(&self) -> bool {
        let flat = |[before, after]: [f64; 2]| after <= before * GROWTH + MORE;
        flat(self.memory) && flat(self.descriptors)
    }
}

fn middle(mut numbers: Vec<u64>) -> f64 {
    numbers.sort_unstable();
    let middle = numbers.get(numbers.len() / 2).copied().unwrap_or_default();
    f64::from(u32::try_from(middle).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retired_file_is_explained_until_the_process_that_retired_it_has_ended() {
        let begin = Instant::now();
        let at = |minutes| begin + Duration::from_mins(minutes);
        let mut faults = vec![(Fault::SyncsFail, begin, Some(at(1))), (Fault::TwoDown, at(2), Some(at(3)))];
        assert!(is_explained(&faults, OF_A_RETIRED_FILE, at(600)));
        assert!(!is_explained(&faults, "WeirSpoolUnhealthy", at(600)));
        assert!(!is_explained(&faults[1..], OF_A_RETIRED_FILE, at(3)));
        faults.push((Fault::IngestKilled, at(20), Some(at(21))));
        assert!(is_explained(&faults, OF_A_RETIRED_FILE, at(22)));
        assert!(!is_explained(&faults, OF_A_RETIRED_FILE, at(600)));
    }

    fn with_memory(memory: impl Iterator<Item = u64>) -> Flat {
        let vitals: Vec<_> = memory.map(|memory| Vitals { memory, ..Vitals::default() }).collect();
        Flat::of("weir-ingest", &vitals)
    }

    #[test]
    fn memory_that_grows_to_the_end_is_not_flat_and_a_peak_is() {
        assert!(!with_memory((0..150).map(|look| 20 + 4 * look)).is_flat());
        assert!(with_memory((0..150).map(|look| if look == 100 { 600 } else { 40 })).is_flat());
        assert!(!with_memory((0..150).map(|look| 169 + look * 21 / 25)).is_flat(), "200 MiB, then 263");
        assert!(with_memory((0..150).map(|look| 190 + look / 10)).is_flat());
    }
}
