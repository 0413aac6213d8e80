//! One tenant at the cost of the others: more bytes out than in, and more than its share.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use schemas::Topic;
use tokio::task::JoinSet;
use weir_tests::pipeline::{APP_SECRET, PREFIX};
use weir_tests::reader;
use weir_tests::signed::Sender;

use crate::attack::Told;
use crate::target::Target;
use crate::wire;

const LENGTH: Duration = Duration::from_secs(20);
/// Of amplified bodies.
const SENDERS: usize = 4;
/// The longest account that a key has, and as many of the smallest events as 30 KB may have.
const ACCOUNT: usize = 128;
const EVENTS: usize = 880;
const EVENT: &str = r#"{"x":{"id":"000000000000000000"}}"#;
/// Bytes out for bytes in, beyond the raw record.
const FACTOR: usize = 64;
/// `--max-body`, less what stands around the text.
const LARGEST: usize = (4 << 20) - 1024;
/// The account that sends much.
const BUSY: &str = "17841405726653027";
const TIMES: u32 = 50;
const UNDER_WAY: usize = 256;

/// Who sends large bodies: how many at once, and bytes of text in each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Large {
    senders: usize,
    text: usize,
}

pub(crate) const FOUR: Large = Large { senders: 4, text: 3_800_000 };
/// More than `--max-body-bytes-in-flight`.
pub(crate) const TWENTY: Large = Large { senders: 20, text: LARGEST };

pub(crate) async fn amplified(target: &Target) -> Result<Told> {
    let account = "9".repeat(ACCOUNT);
    let events = vec![EVENT; EVENTS].join(",");
    let body = format!(
        r#"{{"object":"instagram","entry":[{{"id":"{account}","time":1752834911447,"messaging":[{events}]}}]}}"#
    );
    let request = wire::delivery(APP_SECRET.as_bytes(), body.as_bytes());
    let before = written(target).await?;
    let status = wire::post(target.at, &request).await;
    ensure!(status == Some(200), "the first was answered {status:?}");
    let (mut senders, begin, at) = (JoinSet::new(), Instant::now(), target.at);
    let once = written(target).await?.saturating_sub(before);
    ensure!(once > body.len(), "no more than {once} bytes of it are on the topics");
    for _ in 0..SENDERS {
        let request = request.clone();
        senders.spawn(async move {
            let mut taken = 0;
            while begin.elapsed() < LENGTH {
                taken += usize::from(wire::post(at, &request).await == Some(200));
            }
            taken
        });
    }
    let taken: usize = senders.join_all().await.into_iter().sum();
    let note =
        format!("{} bytes in became about {once} bytes out; {taken} of them were answered 200", body.len());
    let factor = once / body.len();
    let harm = if factor > FACTOR { vec![format!("{factor} bytes out for one in")] } else { Vec::new() };
    Ok(Told { note, harm })
}

/// Bytes of values and keys on the topics that such a delivery reaches.
async fn written(target: &Target) -> Result<usize> {
    let mut bytes = 0;
    for topic in [Topic::Messages, Topic::Unknown, Topic::IngestDlq] {
        let records = reader::read(target.ground.kafka.bootstrap(), &topic.name(PREFIX)).await?;
        let size = |part: &Option<Vec<u8>>| part.as_ref().map_or(0, Vec::len);
        bytes += records.iter().map(|record| size(&record.value) + size(&record.key)).sum::<usize>();
    }
    Ok(bytes)
}

pub(crate) async fn neighbour(target: &Target, rate: u32) -> Result<Told> {
    let sender = Sender::new(target.sender.url(), APP_SECRET.as_bytes())?;
    let slots = std::sync::Arc::new(tokio::sync::Semaphore::new(UNDER_WAY));
    let (mut posts, begin) = (JoinSet::new(), Instant::now());
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / (rate * TIMES));
    for number in 0_u64.. {
        ticks.tick().await;
        if begin.elapsed() >= LENGTH {
            break;
        }
        let (sender, slot) = (sender.clone(), std::sync::Arc::clone(&slots).acquire_owned().await?);
        posts.spawn(async move {
            let body = wire::message(BUSY, &format!("other-{number}"), "x");
            let answer = sender.post(body.as_bytes()).await;
            drop(slot);
            answer.ok().map(|answer| answer.status)
        });
    }
    let answers = posts.join_all().await;
    let count = |status| answers.iter().filter(|answer| **answer == Some(status)).count();
    ensure!(count(200) > 0, "none of its own was answered 200");
    let note = format!("its own: {} answered 200, {} 503, of {}", count(200), count(503), answers.len());
    Ok(Told { note, harm: Vec::new() })
}

pub(crate) async fn large(target: &Target, large: Large) -> Result<Told> {
    let text = "x".repeat(large.text);
    let (mut senders, begin, at) = (JoinSet::new(), Instant::now(), target.at);
    for sender in 0..large.senders {
        let text = text.clone();
        senders.spawn(async move {
            let mut answers = Vec::new();
            while begin.elapsed() < LENGTH {
                let number = answers.len();
                let body = wire::message(BUSY, &format!("large-{sender}-{number}"), &text);
                answers.push(wire::post(at, &wire::delivery(APP_SECRET.as_bytes(), body.as_bytes())).await);
            }
            answers
        });
    }
    let answers = senders.join_all().await.concat();
    let good = answers.iter().filter(|answer| **answer == Some(200)).count();
    ensure!(good > 0, "none of its own was answered 200");
    Ok(Told { note: format!("its own: {good} of {} answered 200", answers.len()), harm: Vec::new() })
}
