//! SIGTERM under load: nothing that was acknowledged is lost, no request goes without an answer.

#![cfg(feature = "everything")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, ensure};
use schemas::Topic;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use weir_tests::pipeline::{APP_SECRET, Ground, PATIENCE};
use weir_tests::reader::Record;
use weir_tests::signed;
use weir_tests::until::until;

const ROUNDS: usize = 10;
const CLIENTS: usize = 16;
/// So many deliveries are answered before the end is asked for.
const ANSWERED_BEFORE: usize = 200;

/// What became of one client's requests on its one connection.
#[derive(Default)]
struct Ledger {
    /// The bodies that were answered 200.
    accepted: BTreeSet<String>,
    /// Whole answers that were no 200: a machine that is busy otherwise may be late.
    refused: usize,
    /// Requests that were sent and got no whole answer.
    cut_off: usize,
}

#[tokio::test]
async fn sigterm_under_load_loses_nothing_and_cuts_nothing_off_ten_times() {
    let ground = Ground::prepare().await.unwrap();
    let mut total = Ledger::default();
    for round in 0..ROUNDS {
        let ledger = one_round(&ground, round).await.unwrap();
        assert_eq!(ledger.cut_off, 0, "round {round}: requests were sent and got no whole answer");
        total.accepted.extend(ledger.accepted);
        total.refused += ledger.refused;
    }
    // Every one of them, and not as many: what was refused may be there too.
    let is_there = |all: &[Record]| {
        let kept: BTreeSet<_> = all.iter().filter_map(|record| record.value.as_deref()).collect();
        total.accepted.iter().all(|body| kept.contains(body.as_bytes()))
    };
    let raw = ground.records(Topic::Raw, "every delivery that was answered 200", is_there).await.unwrap();
    println!(
        "{} deliveries acknowledged, {} refused, {} raw records",
        total.accepted.len(),
        total.refused,
        raw.len()
    );
}

/// Ingest is started, put under load, and asked to end.
async fn one_round(ground: &Ground, round: usize) -> Result<Ledger> {
    let (mut ingest, sender) = ground.ingest(&["--drain-delay", "500ms"]).await?;
    let address = sender.url().trim_start_matches("http://").trim_end_matches("/webhook").to_owned();
    let answered = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let client = round * CLIENTS + client;
        clients.spawn(post_until_closed(address.clone(), client, Arc::clone(&answered)));
    }
    until("load", PATIENCE, async || Ok((answered.load(Ordering::Relaxed) >= ANSWERED_BEFORE).then_some(())))
        .await?;

    let status = ingest.process.terminate(PATIENCE).await?;

    ensure!(status.success(), "{status}");
    let mut total = Ledger::default();
    while let Some(ledger) = clients.join_next().await {
        let ledger = ledger?;
        total.accepted.extend(ledger.accepted);
        total.refused += ledger.refused;
        total.cut_off += ledger.cut_off;
    }
    Ok(total)
}

/// Posts one delivery after another on one connection, until the server says that it closes it.
async fn post_until_closed(address: String, client: usize, answered: Arc<AtomicUsize>) -> Ledger {
    let mut ledger = Ledger::default();
    let Ok(mut connection) = TcpStream::connect(&address).await else { return ledger };
    for number in 0.. {
        let body = format!(r#"{{"object":"instagram","entry":[{{"id":"{client}","time":{number}}}]}}"#);
        let signature = signed::signature(APP_SECRET.as_bytes(), body.as_bytes());
        let request = format!(
            "POST /webhook HTTP/1.1\r\nhost: weir\r\nx-hub-signature-256: {signature}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        if connection.write_all(request.as_bytes()).await.is_err() {
            ledger.cut_off += 1;
            break;
        }
        let Some(answer) = answer(&mut connection).await else {
            ledger.cut_off += 1;
            break;
        };
        if answer.status == 200 {
            ledger.accepted.insert(body);
            answered.fetch_add(1, Ordering::Relaxed);
        } else {
            ledger.refused += 1;
        }
        if answer.closes {
            break;
        }
    }
    ledger
}

struct Answer {
    status: u16,
    /// Whether the server closes the connection after it.
    closes: bool,
}

/// Reads an answer; `None` when none came, or only a part of it.
async fn answer(connection: &mut TcpStream) -> Option<Answer> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut text = vec![0; length.unwrap_or("0").parse().ok()?];
    connection.read_exact(&mut text).await.ok()?;
    Some(Answer { status: head.split(' ').nth(1)?.parse().ok()?, closes: head.contains("connection: close") })
}
