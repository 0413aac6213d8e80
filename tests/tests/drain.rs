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
        total.cut_off += ledger.cut_off;
    }
    assert_eq!(total.cut_off, 0, "answers were begun and not finished, or requests read and not answered");
    let raw =
        ground.records(Topic::Raw, "every acknowledged delivery", |all| all.len() >= total.accepted).await;
    println!("{} deliveries acknowledged, {} raw records", total.accepted, raw.unwrap().len());
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
        match answer(&mut connection).await.as_str() {
            // The server closed the connection between two requests, which HTTP allows; the client posts it anew.
            "" => break,
            text if text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\n") => {
                ledger.accepted += 1;
                answered.fetch_add(1, Ordering::Relaxed);
            }
            _ => ledger.cut_off += 1,
        }
    }
    ledger
}

/// The head of an answer (its body is empty), or as much of it as came before the connection closed.
async fn answer(connection: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        match connection.read_u8().await {
            Ok(byte) => bytes.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
