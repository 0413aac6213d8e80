//! What happens to the spool in the soak, while no broker takes anything: the spool is all there is.

use std::time::Duration;

use anyhow::{Context as _, Result};
use weir_tests::spool_matrix::failing_calls::FailingCalls;
use weir_tests::spool_matrix::harm::{self, ROOT, SPOOL};
use weir_tests::spool_matrix::volume;

use crate::rig::{PATIENCE, Rig, until_draining};

/// How long deliveries come to a spool that is well, or in trouble: less than a file is tried again.
const LENGTH: Duration = Duration::from_secs(10);

/// The volume is full.
pub(crate) async fn full(rig: &mut Rig) -> Result<()> {
    let filler = rig.inside().join("filler");
    volume::fill(&filler)?;
    rig.cluster.kill_all()?;
    in_trouble(rig).await?;
    let started = rig.cluster.start_again(&[0, 1, 2]).await;
    std::fs::remove_file(&filler).context("emptying the volume")?;
    started
}

/// Waits until a delivery has met the trouble, and then for a while: else nothing is shown.
async fn in_trouble(rig: &Rig) -> Result<()> {
    rig.until("weir_spool_healthy", |healthy| healthy < 1.0).await?;
    tokio::time::sleep(LENGTH).await;
    Ok(())
}

/// System calls fail while deliveries are stored.
pub(crate) async fn storing_fails(rig: &mut Rig, calls: &str, how: &str) -> Result<()> {
    rig.cluster.kill_all()?;
    failing(rig.pid(), calls, how).await?;
    rig.cluster.start_again(&[0, 1, 2]).await
}

/// System calls fail while it drains, which it does before all brokers answer.
pub(crate) async fn draining_fails(rig: &mut Rig, calls: &str, how: &str) -> Result<()> {
    rig.cluster.kill_all()?;
    tokio::time::sleep(LENGTH).await;
    let (process, admin) = (rig.pid(), rig.admin().to_owned());
    let fail = async {
        until_draining(&admin).await?;
        failing(process, calls, how).await
    };
    tokio::try_join!(rig.cluster.start_again(&[0, 1, 2]), fail).map(drop)
}

async fn failing(process: u32, calls: &str, how: &str) -> Result<()> {
    let failing = FailingCalls::begin(process, calls, how)?;
    tokio::time::sleep(LENGTH).await;
    failing.end(PATIENCE).await
}

/// The kernel finds an error in its file system and allows no more writing until ingest is started again.
pub(crate) async fn read_only(rig: &mut Rig) -> Result<()> {
    rig.cluster.kill_all()?;
    tokio::time::sleep(LENGTH).await;
    volume::fail(rig.spool())?;
    in_trouble(rig).await?;
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
    rig.until("weir_spool_deliveries", |waiting| waiting > 0.0).await?;
    rig.kill_and_restart().await?;
    tokio::time::sleep(LENGTH).await;
    rig.cluster.start_again(&[0, 1, 2]).await
}

/// Ingest is killed in the middle of a drain.
pub(crate) async fn killed_while_draining(rig: &mut Rig) -> Result<()> {
    rig.cluster.kill_all()?;
    tokio::time::sleep(LENGTH).await;
    rig.start_brokers_and_kill_while_draining().await
}
