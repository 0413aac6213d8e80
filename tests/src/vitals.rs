//! What a process takes of the machine, as `/proc` tells it.

use std::fs;
use std::ops::Sub;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::task::JoinHandle;

/// How often a [`Watch`] looks.
const LOOK: Duration = Duration::from_millis(200);
/// Linux counts a process's time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// Memory, time and descriptors of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    /// Resident memory, in MiB.
    pub memory: u64,
    /// Time on processors since it began.
    pub cpu: Duration,
    /// Open file descriptors.
    pub descriptors: usize,
}

impl Vitals {
    /// Of the process with this id.
    ///
    /// # Errors
    ///
    /// When it has ended.
    pub fn of(pid: u32) -> Result<Self> {
        let read = |name: &str| {
            fs::read_to_string(format!("/proc/{pid}/{name}")).with_context(|| format!("process {pid}"))
        };
        let status = read("status")?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.context("no VmRSS: the process has ended")?.trim().trim_end_matches(" kB");
        let stat = read("stat")?;
        // The name in brackets may have blanks in it; time in user mode and in the kernel are the 12th and 13th after it.
        let fields = stat.rsplit_once(')').context("no name")?.1.split_whitespace();
        let ticks: Vec<u32> = fields.skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).context("the process has ended")?.count();
        let memory = resident.parse::<u64>().context("VmRSS is no number")? / 1024;
        Ok(Self { memory, cpu: TICK * ticks.iter().sum(), descriptors })
    }

    fn highest(self, other: Self) -> Self {
        Self {
            memory: self.memory.max(other.memory),
            cpu: self.cpu.max(other.cpu),
            descriptors: self.descriptors.max(other.descriptors),
        }
    }
}

/// What was spent between two looks; memory and descriptors are those of the later one.
impl Sub for Vitals {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { cpu: self.cpu.saturating_sub(earlier.cpu), ..self }
    }
}

/// Looks at a process until it is asked for the highest that it saw.
#[derive(Debug)]
pub struct Watch {
    is_over: Arc<AtomicBool>,
    task: JoinHandle<Vitals>,
}

impl Watch {
    /// Begins.
    pub fn of(pid: u32) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let task = tokio::spawn(async move {
            let mut highest = Vitals::default();
            while !over.load(Ordering::Relaxed) {
                highest = Vitals::of(pid).map_or(highest, |now| highest.highest(now));
                tokio::time::sleep(LOOK).await;
            }
            highest
        });
        Self { is_over, task }
    }

    /// The highest of each.
    ///
    /// # Errors
    ///
    /// When the watch itself has failed.
    pub async fn end(self) -> Result<Vitals> {
        self.is_over.store(true, Ordering::Relaxed);
        self.task.await.context("the watch failed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_has_memory_and_descriptors_until_it_ends() {
        let own = Vitals::of(std::process::id()).unwrap();
        assert!(own.memory > 0 && own.descriptors >= 3, "{own:?}");
        let highest = Watch::of(std::process::id());
        tokio::time::sleep(LOOK).await;
        assert!(highest.end().await.unwrap().descriptors >= 3);
        assert!(Vitals::of(0).is_err());
    }
}
