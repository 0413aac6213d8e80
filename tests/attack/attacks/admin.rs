//! The admin port: probes have to be answered.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use crate::attack::Told;
use crate::target::Target;
use crate::wire;

const SILENT: usize = 64;
const UNREAD: usize = 70;
const LENGTH: Duration = Duration::from_secs(40);
/// How long an attacker waits before it sees that its connection was closed.
const OPENED_AGAIN: Duration = Duration::from_secs(1);

pub(crate) async fn silent(target: &Target) -> Result<Told> {
    attack(target, SILENT, b"").await
}

pub(crate) async fn unread(target: &Target) -> Result<Told> {
    attack(target, UNREAD, &b"GET /metrics HTTP/1.1\r\nhost: weir\r\n\r\n".repeat(500)).await
}

async fn attack(target: &Target, connections: usize, bytes: &[u8]) -> Result<Told> {
    let (mut attackers, begin, at) = (JoinSet::new(), Instant::now(), target.admin);
    for _ in 0..connections {
        let bytes = bytes.to_vec();
        attackers.spawn(async move {
            while begin.elapsed() < LENGTH {
                let Ok(mut stream) = wire::connect(at).await else { continue };
                if !bytes.is_empty() {
                    wire::write(&mut stream, &bytes).await;
                }
                // A closed connection is opened again; nothing is read of one that stays.
                while begin.elapsed() < LENGTH && !wire::is_closed(&stream) {
                    tokio::time::sleep(OPENED_AGAIN).await;
                }
            }
        });
    }
    let (asked, failed) = target.probe(LENGTH).await?;
    attackers.join_all().await;
    let harm =
        if failed == 0 { Vec::new() } else { vec![format!("{failed} of {asked} probes of liveness failed")] };
    Ok(Told { note: format!("{asked} probes of liveness, {failed} failed"), harm })
}
