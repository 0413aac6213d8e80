//! What goes wrong with a spool, how it is brought about, and what it may cost.

use std::fmt;
use std::fs;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use super::failing_calls::{ALLOCATIONS, FailingCalls, READS, READS_AND_WRITES, SYNCS, WRITES};
use super::harm::{self, ROOT, SPOOL};
use super::volume::{self, Volume};
use super::{Matrix, PATIENCE, Spooling};

const RESERVE: &str = "spool.reserve";
/// What fills the rest of a disk.
const FILLER: &str = "filler";
/// What fits a page of the spool, with room to spare.
const IN_A_PAGE: f64 = 16.0;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing but a restart.
    Restart,
    /// A page of the file has other bytes.
    PageOverwritten,
    /// A bit of an id is another, so that it is no text any more: neither its page nor its index tells.
    IdFlipped,
    /// The log ends in the middle, after a kill.
    LogCut,
    /// The disk fails to read, and to write.
    ReadsFail,
    /// The disk fails to write.
    WritesFail,
    /// The disk fails to bring what was written to the medium.
    SyncsFail,
    /// The file system is full.
    NoSpace,
    /// The quota is used up.
    QuotaExceeded,
    /// The kernel has found an error in the file system, and allows no more writing.
    ReadOnly,
    /// The same, and Kafka takes records: what can be read is drained.
    ReadOnlyWhileDraining,
    /// The file is another user's for a while.
    WrongOwner,
    /// The same for longer than the file is tried again.
    WrongOwnerForLong,
    /// A damaged file is being drained when ingest is killed.
    KilledWhileSalvaging,
    /// A damaged file is drained from a disk that goes on failing now and then.
    ReadsFailWhileSalvaging,
    /// A damaged file holds a delivery that Kafka refuses until its topic allows records of that size, and the disk is so full that
    /// the file that it is parked in needs the reserve.
    PageOverwrittenBesideParked,
}

impl Fault {
    /// What may happen however full it is.
    pub const ALL: [Self; 15] = [
        Self::Restart,
        Self::PageOverwritten,
        Self::IdFlipped,
        Self::LogCut,
        Self::ReadsFail,
        Self::WritesFail,
        Self::SyncsFail,
        Self::NoSpace,
        Self::QuotaExceeded,
        Self::ReadOnly,
        Self::ReadOnlyWhileDraining,
        Self::WrongOwner,
        Self::WrongOwnerForLong,
        Self::KilledWhileSalvaging,
        Self::ReadsFailWhileSalvaging,
    ];

    /// What happens, for a report.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Restart => "restart, with no temporary directory, as in every cell",
            Self::PageOverwritten => "a page overwritten",
            Self::IdFlipped => "a bit flipped in the id of a delivery",
            Self::LogCut => "killed, and the log cut in the middle",
            Self::ReadsFail => "`EIO` on every other read and write, while it drains",
            Self::WritesFail => "`EIO` on every third write",
            Self::SyncsFail => "`EIO` on every fifth `fsync`",
            Self::NoSpace => "`ENOSPC` on every write",
            Self::QuotaExceeded => "`EDQUOT` on every write",
            Self::ReadOnly => "an error of the file system, read-only until a restart",
            Self::ReadOnlyWhileDraining => "the same while Kafka takes records: drained before the restart",
            Self::WrongOwner => "the file is root's for a while",
            Self::WrongOwnerForLong => "the file is root's until it is retired",
            Self::KilledWhileSalvaging => "a page overwritten, killed while it is salvaged",
            Self::ReadsFailWhileSalvaging => "a page overwritten, and `EIO` on every 90th read for good",
            Self::PageOverwrittenBesideParked => {
                "a page overwritten beside a delivery that is parked, and the rest of the disk filled until the file is let go: its successor is \
                 made of `spool.reserve`"
            }
        }
    }

    /// Deliveries that were answered 200 and may be gone with the bytes that are gone.
    pub(super) fn costs_at_most(self, waiting: f64) -> f64 {
        match self {
            Self::PageOverwritten
            | Self::KilledWhileSalvaging
            | Self::ReadsFailWhileSalvaging
            | Self::PageOverwrittenBesideParked => IN_A_PAGE,
            Self::IdFlipped => 1.0,
            // What the log held and the file did not: at most everything.
            Self::LogCut => waiting,
            _ => 0.0,
        }
    }

    /// Brings it about, and ends it.
    pub(super) async fn inflict(self, matrix: &mut Matrix, spooling: &mut Spooling) -> Result<()> {
        match self {
            Self::Restart => restarted(matrix, spooling, |_| Ok(())).await,
            Self::PageOverwritten => overwritten(matrix, spooling).await,
            Self::IdFlipped => restarted(matrix, spooling, harm::flip_id).await,
            Self::LogCut => {
                spooling.ingest.process.kill()?;
                change(spooling, harm::cut)?;
                matrix.start_again(spooling).await
            }
            Self::ReadsFail => {
                matrix.ground.kafka.resume()?;
                failing(matrix, spooling, READS_AND_WRITES, "error=EIO:when=1+2").await
            }
            Self::WritesFail => failing(matrix, spooling, WRITES, "error=EIO:when=1+3").await,
            Self::SyncsFail => failing(matrix, spooling, SYNCS, "error=EIO:when=1+5").await,
            Self::NoSpace => failing(matrix, spooling, ALLOCATIONS, "error=ENOSPC").await,
            Self::QuotaExceeded => failing(matrix, spooling, ALLOCATIONS, "error=EDQUOT").await,
            Self::ReadOnly => {
                volume::fail(spooling.folder.path())?;
                matrix.deliver(spooling).await?;
                restarted(matrix, spooling, |_| Ok(())).await
            }
            Self::ReadOnlyWhileDraining => {
                volume::fail(spooling.folder.path())?;
                matrix.ground.kafka.resume()?;
                // A file that was not read to its end never counts as empty.
                left(spooling, 1.0).await?;
                restarted(matrix, spooling, |_| Ok(())).await
            }
            Self::WrongOwner => {
                wrong_owner(matrix, spooling, "weir_spool_healthy", |healthy| healthy == 0.0).await
            }
            // The next is taken into use: deliveries are stored again.
            Self::WrongOwnerForLong => {
                wrong_owner(matrix, spooling, "weir_spool_retired_files", |files| files >= 1.0).await?;
                matrix.deliver(spooling).await
            }
            Self::KilledWhileSalvaging => killed_while_salvaging(matrix, spooling).await,
            Self::ReadsFailWhileSalvaging => {
                overwritten(matrix, spooling).await?;
                // Until the end of the process: Kafka is away still, so that nothing of it is read yet.
                let process = spooling.ingest.process.pid();
                spooling.failing = Some(FailingCalls::begin(process, READS, "error=EIO:when=1+90")?);
                Ok(())
            }
            Self::PageOverwrittenBesideParked => beside_parked(matrix, spooling).await,
        }
    }
}

/// Ends ingest in order, changes its volume, and starts it again.
async fn restarted(
    matrix: &Matrix,
    spooling: &mut Spooling,
    harm: impl FnOnce(&Volume) -> Result<()>,
) -> Result<()> {
    spooling.ingest.process.terminate(PATIENCE).await?;
    change(spooling, harm)?;
    matrix.start_again(spooling).await
}

fn change(spooling: &Spooling, harm: impl FnOnce(&Volume) -> Result<()>) -> Result<()> {
    harm(&Volume::of(spooling.folder.path())?)
}

/// Overwrites a page, which is noticed as the file is opened.
async fn overwritten(matrix: &Matrix, spooling: &mut Spooling) -> Result<()> {
    restarted(matrix, spooling, harm::overwrite).await?;
    spooling.ingest.until_metric("weir_spool_retired_files", "", PATIENCE, |files| files >= 1.0).await
}

async fn killed_while_salvaging(matrix: &mut Matrix, spooling: &mut Spooling) -> Result<()> {
    overwritten(matrix, spooling).await?;
    matrix.ground.kafka.resume()?;
    let drained = |drained| drained > 0.0;
    spooling.ingest.until_metric("weir_spool_drained_total", "", PATIENCE, drained).await?;
    spooling.ingest.process.kill()?;
    matrix.start_again(spooling).await
}

/// Everything else is drained while the topic allows no record of that size and nothing more fits the disk; then it does.
async fn beside_parked(matrix: &mut Matrix, spooling: &mut Spooling) -> Result<()> {
    let overwrite_and_fill = |volume: &Volume| {
        ensure!(volume.file(RESERVE).exists(), "there is no {RESERVE} to make the next file of");
        harm::overwrite(volume)?;
        volume.fill(FILLER)
    };
    restarted(matrix, spooling, overwrite_and_fill).await?;
    spooling.ingest.until_metric("weir_spool_retired_files", "", PATIENCE, |files| files >= 1.0).await?;
    let inside = volume::inside(spooling.folder.path(), spooling.ingest.process.pid());
    ensure!(!inside.join(RESERVE).exists(), "{RESERVE} is still there: the next file was not made of it");
    matrix.ground.kafka.resume()?;
    left(spooling, 0.0).await?;
    let drained = |files| files == 0.0;
    spooling.ingest.until_metric("weir_spool_retired_files", "", PATIENCE, drained).await?;
    let parked = spooling.ingest.metric("weir_spool_set_aside", "").await?;
    ensure!(parked > 0.0, "nothing is parked any more");
    fs::remove_file(inside.join(FILLER)).context("emptying the volume")?;
    matrix.allow_large().await?;
    // A record that is too large is tried again after an hour, and as a process starts, which counts anew what is lost.
    spooling.counted = spooling.ingest.metric("weir_spool_lost_total", "").await?;
    restarted(matrix, spooling, |_| Ok(())).await
}

/// Waits until no more than so many wait in the spool.
async fn left(spooling: &Spooling, most: f64) -> Result<()> {
    spooling.ingest.until_metric("weir_spool_deliveries", "", PATIENCE, |left| left <= most).await
}

/// Lets system calls of the running process fail while deliveries come.
async fn failing(matrix: &Matrix, spooling: &Spooling, calls: &str, how: &str) -> Result<()> {
    let failing = FailingCalls::begin(spooling.ingest.process.pid(), calls, how)?;
    let (begin, are_reads) = (Instant::now(), failing.are_reads());
    matrix.deliver(spooling).await?;
    failing.end(PATIENCE).await?;
    let refused = matrix.oracle.lap(begin).answers.get(&503).copied().unwrap_or_default();
    ensure!(refused > 0 || are_reads, "no delivery noticed that {calls} failed");
    Ok(())
}

/// Gives the file to root until a metric is so.
async fn wrong_owner(
    matrix: &Matrix,
    spooling: &mut Spooling,
    metric: &str,
    until: impl Fn(f64) -> bool,
) -> Result<()> {
    spooling.ingest.process.terminate(PATIENCE).await?;
    let mut before = ROOT;
    change(spooling, |volume| {
        before = harm::give(&volume.file(SPOOL), ROOT)?;
        Ok(())
    })?;
    matrix.start_again(spooling).await?;
    spooling.ingest.until_metric(metric, "", PATIENCE, until).await?;
    let inside = volume::inside(spooling.folder.path(), spooling.ingest.process.pid());
    harm::give(&inside.join(SPOOL), before).map(drop)
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.about())
    }
}
