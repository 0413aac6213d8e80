//! The spool's folder, by somebody who may write there.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use weir_tests::pipeline::PATIENCE;
use weir_tests::until::until;

use crate::attack::Told;
use crate::target::Target;

const VICTIM: &[u8] = b"somebody else's file";
/// Longer than a process takes to open its spool.
const OPENED_WITHIN: Duration = Duration::from_secs(10);

pub(crate) async fn of_spool(target: &mut Target) -> Result<Told> {
    let mut told = Told::default();
    second_process(target, &mut told).await?;
    for name in ["spool.reserve", "spool.db"] {
        linked(target, name, &mut told).await?;
    }
    open_to_all(target, &mut told).await?;
    Ok(told)
}

/// Its lock is removed, and another process is started with the same spool.
async fn second_process(target: &mut Target, told: &mut Told) -> Result<()> {
    // It may have none by this name.
    drop(fs::remove_file(target.inside().join("spool.lock")));
    let mut second = target.second()?;
    let begin = Instant::now();
    let opened = until("the second process", PATIENCE, async || {
        let healthy = second.metric("weir_spool_healthy", "").await.is_ok_and(|healthy| healthy > 0.0);
        let waited = begin.elapsed() > OPENED_WITHIN || !second.process.is_running()?;
        Ok(if healthy { Some(true) } else { waited.then_some(false) })
    })
    .await?;
    let harm = "without its lock, a second process opened the spool";
    tell(told, opened, harm, "without its lock, no second process opened the spool");
    Ok(())
}

/// A name of the spool is a link to another file.
async fn linked(target: &mut Target, name: &str, told: &mut Told) -> Result<()> {
    let folder = target.inside();
    let victim = folder.join("victim");
    fs::write(&victim, VICTIM).context("writing the victim")?;
    fs::set_permissions(&victim, fs::Permissions::from_mode(0o666))?;
    // The file itself stays, for the end.
    drop(fs::rename(folder.join(name), folder.join("kept")));
    symlink("victim", folder.join(name)).context("making a link")?;
    target.restart()?;
    tokio::time::sleep(OPENED_WITHIN).await;
    if target.ingest.process.is_running()? {
        let overwritten = fs::read(target.inside().join("victim")).ok().as_deref() != Some(VICTIM);
        let harm = format!("{name} was followed, and what it names overwritten");
        tell(told, overwritten, &harm, &format!("{name} was not followed"));
        target.ingest.process.kill()?;
    } else {
        tell(told, false, "", &format!("with {name} a link, it does not start"));
    }
    target.mend(name)?;
    target.restart()?;
    target.ingest.ready().await
}

/// Everybody may write the folder.
async fn open_to_all(target: &mut Target, told: &mut Told) -> Result<()> {
    fs::set_permissions(target.inside(), fs::Permissions::from_mode(0o2777))?;
    target.restart()?;
    tokio::time::sleep(OPENED_WITHIN).await;
    let text = [target.ingest.process.stdout()?, target.ingest.process.stderr()?].concat();
    let said = !target.ingest.process.is_running()? || text.contains("everybody can write");
    let harm = "a folder that everybody may write was taken without a word";
    tell(told, !said, harm, "a folder that everybody may write is refused or named");
    target.ingest.process.kill()?;
    target.mend("no such file")?;
    target.restart()?;
    target.ingest.ready().await
}

fn tell(told: &mut Told, harmed: bool, harm: &str, held: &str) {
    if harmed {
        told.harm.push(harm.to_owned());
    } else {
        told.note.push_str(if told.note.is_empty() { "" } else { "; " });
        told.note.push_str(held);
    }
}
