//! Memory: many connections that are none, and bodies that nobody can take off.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use weir_tests::pipeline::APP_SECRET;

use crate::attack::Told;
use crate::target::Target;
use crate::wire;

const CONNECTIONS: usize = 9_000;
const OPENED_AT_ONCE: usize = 300;
/// For all of a round.
const OPENING: Duration = Duration::from_secs(15);
const HELD: Duration = Duration::from_secs(5);
const LARGE: usize = 3_800_000;
const SENDERS: usize = 8;
const LENGTH: Duration = Duration::from_secs(20);

pub(crate) async fn unsigned(target: &Target) -> Result<Told> {
    let mut note = Vec::new();
    for (name, bytes) in [("half heads", half_head()), ("headers", many_headers()), ("chunks", chunked())] {
        let held = open(target.at, &bytes).await;
        ensure!(!held.is_empty(), "{name}: no connection came about");
        tokio::time::sleep(HELD).await;
        note.push(format!("{name}: {} connections, {} MiB", held.len(), target.vitals()?.memory));
    }
    Ok(Told { note: note.join("; "), harm: Vec::new() })
}

/// Connections that have sent this and stay.
async fn open(at: SocketAddr, bytes: &[u8]) -> Vec<TcpStream> {
    let (mut held, begin) = (Vec::new(), Instant::now());
    while held.len() < CONNECTIONS && begin.elapsed() < OPENING {
        let mut opening = JoinSet::new();
        for _ in 0..OPENED_AT_ONCE {
            let bytes = bytes.to_vec();
            opening.spawn(async move {
                let mut stream = wire::connect(at).await.ok()?;
                wire::write(&mut stream, &bytes).await;
                Some(stream)
            });
        }
        let opened = opening.join_all().await;
        // Where none comes about any more, the attacker has what can be had.
        if opened.iter().all(Option::is_none) {
            break;
        }
        held.extend(opened.into_iter().flatten());
    }
    held
}

fn half_head() -> Vec<u8> {
    format!("POST /webhook HTTP/1.1\r\nhost: weir\r\nx-filler: {}", "x".repeat(16_000)).into_bytes()
}

fn many_headers() -> Vec<u8> {
    let headers: Vec<_> = (0..95).map(|number| format!("x-filler-{number}: {number}\r\n")).collect();
    format!("POST /webhook HTTP/1.1\r\nhost: weir\r\n{}", headers.concat()).into_bytes()
}

fn chunked() -> Vec<u8> {
    let head = format!(
        "POST /webhook HTTP/1.1\r\nhost: weir\r\n{}: {}\r\ntransfer-encoding: chunked\r\n\r\n",
        weir_tests::signed::HEADER,
        wire::wrong_signature()
    );
    format!("{head}4000\r\n{}", "x".repeat(16_000)).into_bytes()
}

pub(crate) async fn large_without_kafka(target: &mut Target) -> Result<Told> {
    target.ground.kafka.kill()?;
    let text = "x".repeat(LARGE - 400);
    let body = format!(
        r#"{{"object":"instagram","entry":[{{"id":"17841405726653027","time":1752834911447,"messaging":[{{"sender":{{"id":"5"}},"recipient":{{"id":"17841405726653027"}},"timestamp":1752834910447,"message":{{"mid":"large","text":"{text}"}}}}]}}]}}"#
    );
    let request = wire::delivery(APP_SECRET.as_bytes(), body.as_bytes());
    let (mut senders, begin, at) = (JoinSet::new(), Instant::now(), target.at);
    for _ in 0..SENDERS {
        let request = request.clone();
        senders.spawn(async move {
            let mut taken = 0;
            while begin.elapsed() < LENGTH {
                match wire::post(at, &request).await {
                    Some(200) => taken += 1,
                    _ => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
            taken
        });
    }
    let taken: usize = senders.join_all().await.into_iter().sum();
    let is_alive = target.vitals().is_ok();
    let mut refused = Vec::new();
    for reason in ["spool_full", "spool_failing", "body_bytes"] {
        refused.push(format!(
            "{reason} {}",
            target.ingest.metric("weir_ingest_unavailable_total", reason).await?
        ));
    }
    target.ground.kafka.start_again().await?;
    ensure!(taken > 0, "none of these bodies was answered 200");
    let harm = if is_alive { Vec::new() } else { vec!["the process was ended".to_owned()] };
    let refused = refused.join(", ");
    Ok(Told { note: format!("{taken} of these bodies were answered 200; 503 in all: {refused}"), harm })
}
