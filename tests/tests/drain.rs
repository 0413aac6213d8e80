//! SIGTERM under load: nothing that was acknowledged is lost, nothing is cut off in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use schemas::Topic;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use weir_tests::pipeline::{APP_SECRET, Ground, PATIENCE};
use weir_tests::signed;
use weir_tests::until::until;

const CLIENTS: usize = 16;
/// So many deliveries are answered before the end is asked for.
const ANSWERED_BEFORE: usize = 200;

/// What became of one client's requests on its one connection.
#[derive(Default)]
struct Ledger {
    accepted: usize,
    /// Whole answers that were no 200: a machine that is busy otherwise may be late.
    refused: usize,
    cut_off: usize,
}

#[tokio::test]
async fn sigterm_under_load_loses_nothing_and_cuts_nothing_off() {
    let ground = Ground::prepare().await.unwrap();
    let (mut ingest, sender) = ground.ingest(&["--drain-delay", "200ms"]).await.unwrap();
    let address = sender.url().trim_start_matches("http://").trim_end_matches("/webhook").to_owned();
    let answered = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        clients.spawn(post_until_closed(address.clone(), client, Arc::clone(&answered)));
    }
    until("load", PATIENCE, async || Ok((answered.load(Ordering::Relaxed) >= ANSWERED_BEFORE).then_some(())))
        .await
        .unwrap();

    let status = ingest.process.terminate(Duration::from_secs(30)).await.unwrap();

    assert!(status.success(), "{status}");
    let mut total = Ledger::default();
    while let Some(ledger) = clients.join_next().await {
        let ledger = ledger.unwrap();
        total.accepted += ledger.accepted;
        total.refused += ledger.refused;
        total.cut_off += ledger.cut_off;
    }
    assert_eq!(total.cut_off, 0, "answers were begun and not finished, or requests read and not answered");
    let raw =
        ground.records(Topic::Raw, "every acknowledged delivery", |all| all.len() >= total.accepted).await;
    let records = raw.unwrap().len();
    println!("{} deliveries acknowledged, {} refused, {records} raw records", total.accepted, total.refused);
}

/// Posts one delivery after another on one connection, as long as the server keeps it open.
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
            break;
        }
        match answer(&mut connection).await {
            // The server closed the connection between two requests, which HTTP allows; the client posts it anew.
            Some(Answer::Nothing) => break,
            Some(Answer::Whole(200)) => {
                ledger.accepted += 1;
                answered.fetch_add(1, Ordering::Relaxed);
            }
            Some(Answer::Whole(_)) => ledger.refused += 1,
            None => ledger.cut_off += 1,
        }
    }
    ledger
}

/// What came before the connection closed.
enum Answer {
    Nothing,
    /// A whole answer with this status.
    Whole(u16),
}

/// Reads an answer; `None` when only a part of it came.
async fn answer(connection: &mut TcpStream) -> Option<Answer> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match connection.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) if head.is_empty() => return Some(Answer::Nothing),
            Err(_) => return None,
        }
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut text = vec![0; length.unwrap_or("0").parse().ok()?];
    connection.read_exact(&mut text).await.ok()?;
    Some(Answer::Whole(head.split(' ').nth(1)?.parse().ok()?))
}
