//! The folder of app secrets, with what must not be read in it, and one secret that is taken away.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use weir_tests::foreign::run;
use weir_tests::until::until;

use crate::attack::Told;
use crate::target::{SECOND_SECRET, Target};
use crate::wire;

const DELIVERY: &[u8] = br#"{"object":"instagram","entry":[]}"#;
/// Ingest looks every 10 s.
const READ_WITHIN: Duration = Duration::from_secs(30);
/// What is read without end has filled the memory by then.
const HELD: Duration = Duration::from_secs(20);

pub(crate) async fn of_apps(target: &Target) -> Result<Told> {
    ensure!(status(target, SECOND_SECRET).await == Some(200), "the second app's secret does not fit");
    let folder = target.secrets();
    run(Command::new("mkfifo").arg(folder.join("pipe")), "")?;
    for (name, leads_to) in [("zero", "/dev/zero"), ("environ", "/proc/self/environ")] {
        symlink(leads_to, folder.join(name)).with_context(|| format!("making the link {name}"))?;
    }
    target.take_second_secret_away()?;
    let mut harm = Vec::new();
    let gone = until("the secret to be gone", READ_WITHIN, async || {
        Ok((status(target, SECOND_SECRET).await == Some(401)).then_some(()))
    });
    if gone.await.is_err() {
        harm.push("the secret that was taken away fits on".to_owned());
    }
    tokio::time::sleep(HELD).await;
    let process = target.ingest.process.pid();
    let environment = fs::read(format!("/proc/{process}/environ")).context("reading the environment")?;
    let answer = status(target, environment.trim_ascii()).await;
    if answer != Some(401) {
        harm.push(format!("what its environment signs was answered {answer:?}"));
    }
    let note = "the secret that was taken away fits no more, and its environment is none";
    Ok(Told { note: if harm.is_empty() { note.to_owned() } else { String::new() }, harm })
}

/// What a delivery that this signs is answered.
async fn status(target: &Target, secret: &[u8]) -> Option<u16> {
    wire::post(target.at, &wire::delivery(secret, DELIVERY)).await
}
