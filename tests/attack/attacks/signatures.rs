//! Signatures: wrong ones that cost work, a right one that is captured, and room that is held without any.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::task::JoinSet;
use weir_tests::pipeline::APP_SECRET;

use crate::attack::Told;
use crate::target::{SECOND_SECRET, Target};
use crate::wire;

/// `--max-body`.
const LARGEST: usize = 4 << 20;
const LENGTH: Duration = Duration::from_secs(20);
const SENDERS: usize = 4;
/// More than twice `--max-connections`: most of them have to make room for others.
const CONNECTIONS: usize = 9_950;
const OPENED_AT_ONCE: usize = 200;
/// For all of them.
const OPENING: Duration = Duration::from_secs(40);
/// Connections of a crowd.
const WAITING: usize = 400;
/// When a secret is added to those of a crowd: ingest reads them anew every 10 s.
const ADDED_AFTER: Duration = Duration::from_secs(8);
/// The second honest app's deliveries.
const EVERY: Duration = Duration::from_millis(250);
/// Of its answers.
const IN_TIME: Duration = Duration::from_secs(2);
const TRIES: u32 = 6;
const DELIVERY: &[u8] = br#"{"object":"instagram","entry":[]}"#;

pub(crate) async fn wrong(target: &Target) -> Result<Told> {
    let senders = post_wrong(target.at, SENDERS, LARGEST);
    let refused: usize = senders.join_all().await.into_iter().sum();
    ensure!(refused > 0, "none of these bodies was answered");
    Ok(Told { note: format!("{refused} of these bodies were answered"), harm: Vec::new() })
}

/// Bodies with a wrong signature, while a second honest app posts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowd {
    /// Of each body.
    bytes: usize,
    /// Nothing of the second app came before, and a secret is added in the middle.
    is_all_new: bool,
}

/// Far more than 32 KiB for the 50 secrets that are not tried first, so that each body takes turns.
pub(crate) const TURNS: Crowd = Crowd { bytes: 6 << 10, is_all_new: false };
/// More too, of an app that is not known yet.
pub(crate) const TURNS_OF_NEW: Crowd = Crowd { bytes: 5_000, is_all_new: true };
/// Less, with a secret that is added too: 655 bytes, or 642.
pub(crate) const AT_ONCE: Crowd = Crowd { bytes: 600, is_all_new: true };

pub(crate) async fn crowded(target: &Target, crowd: Crowd) -> Result<Told> {
    let at = target.at;
    if !crowd.is_all_new {
        // The first of an account takes its turn among those that nobody signed.
        post_second(at, SECOND_SECRET, "first", crowd).await;
    }
    let begin = Instant::now();
    let senders = post_wrong(at, WAITING, crowd.bytes);
    let (mut answers, mut added) = (Vec::new(), None);
    while begin.elapsed() < LENGTH {
        if crowd.is_all_new && added.is_none() && begin.elapsed() >= ADDED_AFTER {
            added = Some(target.add_secret()?);
        }
        let asked = Instant::now();
        let status = post_second(at, SECOND_SECRET, &answers.len().to_string(), crowd).await;
        answers.push((status, asked.elapsed()));
        tokio::time::sleep(EVERY).await;
    }
    let answered: usize = senders.join_all().await.into_iter().sum();
    ensure!(answered > 0, "none of these bodies was answered");
    let good = answers.iter().filter(|(status, time)| *status == Some(200) && *time <= IN_TIME).count();
    let slowest = answers.iter().map(|(_, time)| *time).max().unwrap_or_default();
    let first = answers.first().map(|(_, time)| *time).unwrap_or_default();
    let note = format!(
        "{answered} of these bodies were answered; of {} of the second app {good} were answered 200 within {IN_TIME:?}, the first took {first:.1?}, the slowest {slowest:.1?}",
        answers.len()
    );
    let mut harm = if good < answers.len() { vec![note.clone()] } else { Vec::new() };
    if let Some(secret) = added {
        let status = post_second(at, secret.as_bytes(), "added", crowd).await;
        if status != Some(200) {
            harm.push(format!("a delivery with the secret that was added was answered {status:?}"));
        }
    }
    Ok(Told { note, harm })
}

/// So many senders post bodies of so many bytes with a wrong signature; how many of each are answered.
fn post_wrong(at: SocketAddr, senders: usize, bytes: usize) -> JoinSet<usize> {
    let request = [wire::head(&wire::wrong_signature(), bytes), vec![b' '; bytes]].concat();
    let begin = Instant::now();
    let post = |request: Vec<u8>| async move {
        let mut answered = 0;
        while begin.elapsed() < LENGTH {
            answered += usize::from(wire::post(at, &request).await.is_some());
        }
        answered
    };
    (0..senders).map(|_| post(request.clone())).collect()
}

/// A delivery of the second app, or with another secret, as large as those of the crowd.
async fn post_second(at: SocketAddr, secret: &[u8], mid: &str, crowd: Crowd) -> Option<u16> {
    let of = |text: &str| wire::message("17841400000000002", &format!("second-{mid}"), text);
    let body = of(&"x".repeat(crowd.bytes.saturating_sub(of("").len())));
    wire::post(at, &wire::delivery(secret, body.as_bytes())).await
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
    ensure!(proven > CONNECTIONS / 2, "no more than {proven} connections were answered 200");
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
    let open = held.iter().filter(|(stream, _)| !wire::is_closed(stream)).count();
    drop(more);
    Ok(Told {
        note: format!(
            "{proven} connections were answered 200, {open} of them were open in the end; {refused} of 20 new ones refused"
        ),
        harm,
    })
}

/// Who holds room for bodies: how many, and how many bytes each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holders {
    count: usize,
    bytes: usize,
}

pub(crate) const FEW: Holders = Holders { count: 20, bytes: LARGEST };
/// 64 MiB, `--max-body-bytes-in-flight`, in parts.
pub(crate) const MANY: Holders = Holders { count: 3_000, bytes: 22_340 };

pub(crate) async fn two_packets(target: &Target, holding: Holders) -> Result<Told> {
    let head = wire::head(&wire::wrong_signature(), holding.bytes);
    let (mut holders, at) = (JoinSet::new(), target.at);
    let over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    for _ in 0..holding.count {
        let (head, over) = (head.clone(), std::sync::Arc::clone(&over));
        holders.spawn(async move {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                let Ok(mut stream) = wire::connect(at).await else { continue };
                wire::write(&mut stream, &head).await;
                wire::write(&mut stream, &vec![b' '; holding.bytes - 1]).await;
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
