//! Signatures: wrong ones that cost work, a right one that is captured, and room that is held without any.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;
use weir_tests::pipeline::APP_SECRET;

use crate::attack::Told;
use crate::target::Target;
use crate::wire;

/// `--max-body`.
const LARGEST: usize = 4 << 20;
const LENGTH: Duration = Duration::from_secs(20);
const SENDERS: usize = 4;
/// `--max-connections`, less those of the honest sender.
const CONNECTIONS: usize = 9_950;
const OPENED_AT_ONCE: usize = 200;
/// For all of them.
const OPENING: Duration = Duration::from_secs(40);
const HOLDERS: usize = 20;
const TRIES: u32 = 6;
const DELIVERY: &[u8] = br#"{"object":"instagram","entry":[]}"#;

pub(crate) async fn wrong(target: &Target) -> Result<Told> {
    let request = [wire::head(&wire::wrong_signature(), LARGEST), vec![b' '; LARGEST]].concat();
    let (mut senders, begin, at) = (JoinSet::new(), Instant::now(), target.at);
    for _ in 0..SENDERS {
        let request = request.clone();
        senders.spawn(async move {
            let mut refused = 0;
            while begin.elapsed() < LENGTH {
                refused += usize::from(wire::post(at, &request).await.is_some());
            }
            refused
        });
    }
    let refused: usize = senders.join_all().await.into_iter().sum();
    Ok(Told { note: format!("{refused} of these bodies were answered"), harm: Vec::new() })
}

pub(crate) async fn replayed(target: &Target) -> Result<Told> {
    let (request, at) = (wire::delivery(APP_SECRET.as_bytes(), DELIVERY), target.at);
    let (mut held, mut proven, begin) = (Vec::new(), 0, Instant::now());
    while held.len() < CONNECTIONS && begin.elapsed() < OPENING {
        let mut opening = JoinSet::new();
        for _ in 0..OPENED_AT_ONCE.min(CONNECTIONS - held.len()) {
            let request = request.clone();
            opening.spawn(async move {
                let mut stream = wire::connect(at).await.ok()?;
                wire::write(&mut stream, &request).await;
                let status = wire::status(&mut stream).await;
                Some((stream, status))
            });
        }
        let opened: Vec<_> = opening.join_all().await.into_iter().flatten().collect();
        if opened.is_empty() {
            break;
        }
        proven += opened.iter().filter(|(_, status)| *status == Some(200)).count();
        held.extend(opened);
    }
    // What the honest sender meets that has no connection yet; the attacker has taken more than there are.
    let mut more = Vec::new();
    for _ in 0..100 {
        more.extend(wire::connect(at).await.ok());
    }
    let mut refused = 0;
    for _ in 0..20 {
        refused += u32::from(wire::post(at, &request).await != Some(200));
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let harm =
        if refused == 0 { Vec::new() } else { vec![format!("{refused} of 20 new connections were refused")] };
    drop((held, more));
    Ok(Told {
        note: format!("{proven} connections were answered 200 and stayed; {refused} of 20 new ones refused"),
        harm,
    })
}

pub(crate) async fn two_packets(target: &Target) -> Result<Told> {
    let head = wire::head(&wire::wrong_signature(), LARGEST);
    let (mut holders, at) = (JoinSet::new(), target.at);
    let over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    for _ in 0..HOLDERS {
        let (head, over) = (head.clone(), std::sync::Arc::clone(&over));
        holders.spawn(async move {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                let Ok(mut stream) = wire::connect(at).await else { continue };
                wire::write(&mut stream, &head).await;
                wire::write(&mut stream, &vec![b' '; LARGEST - 1]).await;
                // Until it is thrown out, or is asked to go.
                let mut byte = [0];
                let end = tokio::time::timeout(Duration::from_secs(2), stream.peek(&mut byte));
                drop(end.await);
            }
        });
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let request = wire::delivery(APP_SECRET.as_bytes(), DELIVERY);
    let (first, second) = request.split_at(request.len() - DELIVERY.len() / 2);
    let mut refused = 0;
    for _ in 0..TRIES {
        let mut stream = wire::connect(at).await?;
        wire::write(&mut stream, first).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        wire::write(&mut stream, second).await;
        refused += u32::from(wire::status(&mut stream).await != Some(200));
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    over.store(true, std::sync::atomic::Ordering::Relaxed);
    holders.join_all().await;
    let harm = if refused == 0 { Vec::new() } else { vec![format!("{refused} of {TRIES} were thrown out")] };
    Ok(Told { note: format!("{refused} of {TRIES} bodies in two packets were thrown out"), harm })
}
