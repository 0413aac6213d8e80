//! What a process takes of the machine while something goes on.

use std::time::Instant;

use anyhow::Result;
use weir_tests::pipeline::Service;
use weir_tests::vitals::{Vitals, Watch};

pub(crate) struct Meter {
    pid: u32,
    before: Vitals,
    watch: Watch,
    since: Instant,
}

/// Resident memory in MiB, and cores that were busy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    pub(crate) before: u64,
    pub(crate) peak: u64,
    pub(crate) after: u64,
    pub(crate) cores: f64,
}

impl Meter {
    /// Begins.
    pub(crate) fn of(service: &Service) -> Result<Self> {
        let pid = service.process.pid();
        Ok(Self { pid, before: Vitals::of(pid)?, watch: Watch::of(pid), since: Instant::now() })
    }

    pub(crate) async fn end(self) -> Result<Spent> {
        let (after, took) = (Vitals::of(self.pid)?, self.since.elapsed());
        let peak = self.watch.end().await?.memory.max(after.memory);
        let cores = (after - self.before).cpu.as_secs_f64() / took.as_secs_f64();
        Ok(Spent { before: self.before.memory, peak, after: after.memory, cores })
    }
}
