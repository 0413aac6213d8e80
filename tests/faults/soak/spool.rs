//! What happens to the spool in the soak, while no broker takes anything: the spool is all there is.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use weir_tests::spool_matrix::failing_calls;
use weir_tests::spool_matrix::harm::{self, ROOT, SPOOL};
use weir_tests::spool_matrix::volume;

use crate::rig::{PATIENCE, Rig};

/// How long deliveries come to a spool that is well, or in trouble: less than a file is tried again.
const LENGTH: Duration = Duration::from_secs(10);
/// A piece of what fills the disk.
const PIECE: usize = 4 << 20;

/// The volume is full.
pub(crate) async fn full(rig: &mut Rig) -> Result<()> {
    let filler = rig.inside().join("filler");
    fill(&filler)?;
    rig.cluster.kill_all()?;
    tokio::time::sleep(LENGTH * 2).await;
    let started = rig.cluster.start_again(&[0, 1, 2]).await;
    std::fs::remove_file(&filler).context("emptying the volume")?;
    started
}

/// Writes until nothing more fits.
fn fill(file: &Path) -> Result<()> {
    use std::io::Write as _;
    let mut filler = std::fs::File::create(file).with_context(|| format!("making {}", file.display()))?;
    let piece = vec![1; PIECE];
    for size in [PIECE, 4096] {
        while filler.write_all(piece.get(..size).unwrap_or_default()).is_ok() {}
    }
    Ok(())
}

/// System calls fail while deliveries are stored.
pub(crate) async fn storing_fails(rig: &mut Rig, calls: &str, how: &str) -> Result<()> {
    rig.cluster.kill_all()?;
    failing(rig.pid(), calls, how).await?;
    rig.cluster.start_again(&[0, 1, 2]).await
}

/// System calls fail while it drains.
pub(crate) async fn draining_fails(rig: &mut Rig, calls: &str, how: &str) -> Result<()> {
    rig.cluster.kill_all()?;
    tokio::time::sleep(LENGTH).await;
    rig.cluster.start_again(&[0, 1, 2]).await?;
    failing(rig.pid(), calls, how).await
}

async fn failing(process: u32, calls: &str, how: &str) -> Result<()> {
    let mut tracer = failing_calls::begin(process, calls, how, "/dev/null")?;
    tokio::time::sleep(LENGTH).await;
    ensure!(tracer.is_running()?, "strace has ended: {}", tracer.stderr()?);
    tracer.terminate(PATIENCE).await.map(drop)
}

/// The kernel finds an error in its file system and allows no more writing until ingest is started again.
pub(crate) async fn read_only(rig: &mut Rig) -> Result<()> {
    rig.cluster.kill_all()?;
    tokio::time::sleep(LENGTH).await;
    volume::fail(rig.spool())?;
    tokio::time::sleep(LENGTH).await;
    rig.restart(|_| Ok(())).await?;
    rig.cluster.start_again(&[0, 1, 2]).await
}

/// Its file is root's as ingest starts, and for a while after.
pub(crate) async fn wrong_owner(rig: &mut Rig) -> Result<()> {
    rig.cluster.kill_all()?;
    tokio::time::sleep(LENGTH).await;
    let mut before = ROOT;
    rig.restart(|volume| {
        before = harm::give(&volume.file(SPOOL), ROOT)?;
        Ok(())
    })
    .await?;
    rig.until("weir_spool_healthy", |healthy| healthy < 1.0).await?;
    harm::give(&rig.inside().join(SPOOL), before)?;
    rig.cluster.start_again(&[0, 1, 2]).await
}

/// Ingest is killed while its spool takes everything.
pub(crate) async fn killed_while_storing(rig: &mut Rig) -> Result<()> {
    rig.cluster.kill_all()?;
    tokio::time::sleep(LENGTH).await;
    rig.kill_and_restart().await?;
    tokio::time::sleep(LENGTH).await;
    rig.cluster.start_again(&[0, 1, 2]).await
}

/// Ingest is killed in the middle of a drain.
pub(crate) async fn killed_while_draining(rig: &mut Rig) -> Result<()> {
    rig.cluster.kill_all()?;
    tokio::time::sleep(LENGTH).await;
    let before = rig.metric("weir_spool_drained_total").await?;
    rig.cluster.start_again(&[0, 1, 2]).await?;
    rig.until("weir_spool_drained_total", |drained| drained > before).await?;
    rig.kill_and_restart().await.map(drop)
}
