//! Requests as bytes, whole and split at every byte: one verdict however they arrive, and never a request too many.

mod cases;

use crate::service::{Connection, PATIENCE, Service, settings};
use cases::{After, Case};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::timeout;

/// Longer requests are split at every so many bytes only, and around their ends.
const EVERY_BYTE_UP_TO: usize = 1_000;

/// Connections that are tried side by side, since each waits for its answer.
const AT_ONCE: usize = 16;

/// What came back: the statuses in order, and whether the connection could go on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Verdict {
    statuses: Vec<u16>,
    is_open: bool,
}

#[tokio::test]
async fn a_request_has_one_verdict_however_it_is_split() {
    let service = Service::start(probed()).await;
    let mut otherwise = BTreeMap::new();
    for case in cases::all() {
        let expected = Verdict { statuses: case.statuses.to_vec(), is_open: case.after == After::Open };
        for splits in splits(case.own).chunks(AT_ONCE) {
            let verdicts = join_all(splits.iter().map(|split| send(&service, &case, *split))).await;
            for (split, verdict) in splits.iter().zip(verdicts).filter(|(_, verdict)| *verdict != expected) {
                let place = (case.name.clone(), format!("{verdict:?}"));
                otherwise.entry(place).or_insert_with(Vec::new).push(*split);
            }
        }
    }
    assert!(otherwise.is_empty(), "cases with other verdicts, and where they were split: {otherwise:#?}");
}

#[tokio::test]
async fn what_no_request_can_be_is_counted() {
    let service = Service::start(probed()).await;
    let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases::all() {
        send(&service, &case, 0).await;
        let limit = match case.statuses.last() {
            Some(400) => "malformed",
            Some(431) => "header_size",
            _ => continue,
        };
        *expected.entry(limit).or_default() += 1;
    }
    for (limit, count) in expected {
        let counted = async || service.metric("weir_ingest_refused_total", limit) == count;
        crate::service::until(&format!("{count} are counted as {limit}"), counted).await;
    }
}

#[tokio::test]
async fn http_2_is_not_served_whether_it_is_told_so_or_not() {
    let service = Service::start(settings()).await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for split in 0..=preface.len() {
        let mut connection = service.connect().await;
        connection.send(&preface[..split]).await;
        tokio::task::yield_now().await;
        // hyper says nothing to a preface that comes whole.
        let _refused_early = connection.try_send(&preface[split..]).await;
        assert!(matches!(next_status(&mut connection).await, None | Some(400)));
        assert_eq!(next_status(&mut connection).await, None);
    }
}

/// With a path for a load balancer's probes.
fn probed() -> weir_ingest::Settings {
    weir_ingest::Settings { health_path: Some("/health".to_owned()), ..settings() }
}

fn splits(length: usize) -> Vec<usize> {
    if length <= EVERY_BYTE_UP_TO {
        return (0..=length).collect();
    }
    let ends = (0..40).chain(length - 40..=length);
    let between = (40..length - 40).step_by(length / 50);
    ends.chain(between).collect()
}

/// Sends a case in two pieces, the first of `split` bytes, and reads until the connection is closed or all expected
/// answers are there and a further request is answered in its turn.
async fn send(service: &Service, case: &Case, split: usize) -> Verdict {
    let mut connection = service.connect().await;
    let (first, rest) = case.bytes.split_at(split);
    // Who has been refused may have closed before the rest is written.
    if connection.try_send(first).await.is_ok() {
        // The server runs on this very thread: it reads the first piece before the second is there.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        let _refused_early = connection.try_send(rest).await;
    }
    let mut statuses = Vec::new();
    while statuses.len() < case.statuses.len() {
        match next_status(&mut connection).await {
            Some(status) => statuses.push(status),
            None => return Verdict { statuses, is_open: false },
        }
    }
    if case.after == After::Closed {
        let one_more = next_status(&mut connection).await;
        statuses.extend(one_more);
        return Verdict { statuses, is_open: one_more.is_some() };
    }
    let asked = connection.try_send(b"GET /marker HTTP/1.1\r\nhost: weir\r\n\r\n").await.is_ok();
    let is_open = asked && next_status(&mut connection).await == Some(404);
    Verdict { statuses, is_open }
}

async fn next_status(connection: &mut Connection) -> Option<u16> {
    let answer: Duration = PATIENCE;
    timeout(answer, connection.next_status()).await.expect("an answer, or the end, comes in time")
}
