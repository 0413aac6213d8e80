//! Accounts at several hosts, of which one is in trouble.

use super::bench::*;
use crate::handler::*;
use crate::settings::LookupSettings;
use std::fs;
use std::net::TcpListener;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::timeout;
use weir_graph::GraphUrl;

const OTHER: &str = "17841400000000000";
const PATIENCE: Duration = Duration::from_millis(300);

/// A host where nobody listens.
fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// A bench of which accounts are at a host of their own.
async fn at(accounts: &[(&str, &str)], change: impl FnOnce(&mut LookupSettings)) -> (Bench, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (account, host) in accounts {
        let file = format!(r#"{{"login":"instagram","host":"{host}","token":"IGA{account}"}}"#);
        fs::write(folder.path().join(account), file).unwrap();
    }
    let bench = Bench::with(|settings| {
        settings.graph.tokens.accounts = Some(folder.path().to_owned());
        settings.retries.lookup_patience = PATIENCE;
        change(settings);
    })
    .await;
    (bench, folder)
}

#[tokio::test]
async fn a_silent_host_holds_lookups_at_others_no_longer_than_one_of_its_calls_takes() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("http://{}", silent.local_addr().unwrap());
    let timeout = Duration::from_millis(500);
    let (bench, _folder) = at(&[(ACCOUNT, &host)], |settings| {
        settings.graph.graph.graph_timeout = timeout;
        settings.retries.lookup_patience = Duration::from_mins(1);
    })
    .await;
    let inputs = many(40);
    for input in &inputs {
        bench.prefetch(input).await;
    }
    // It comes when all requests are those of the silent host.
    let mut connections = Vec::new();
    while connections.len() < 4 {
        connections.push(silent.accept().await.unwrap());
    }
    let began = Instant::now();
    bench.handle_beside(&of_other(&inputs[0])).await.unwrap();
    assert!(began.elapsed() < timeout * 3, "{:?}", began.elapsed());
}

fn of_other(input: &Record) -> Record {
    record_of(input, ACCOUNT, OTHER)
}

#[tokio::test]
async fn a_host_that_is_not_reached_holds_others_no_longer_than_the_patience() {
    let (bench, _folder) = at(&[(ACCOUNT, &nowhere())], |_| {}).await;
    let input = one("comment/on-post");
    bench.handle(&of_other(&input)).await.unwrap();
    let failure = bench.handle(&input).await.unwrap_err();
    let Failure::RejectUncounted { reason: "retries_exhausted", error } = failure else {
        panic!("{failure:?}")
    };
    assert!(error.contains("cannot be reached"), "{error}");
}

#[tokio::test]
async fn events_wait_for_a_dead_host_together_and_none_for_less_than_alone() {
    let (bench, _folder) = at(&[(ACCOUNT, &nowhere())], |_| {}).await;
    let old = Record { timestamp: Some(SystemTime::now() - PATIENCE * 100), ..one("comment/on-post") };
    bench.handle(&of_other(&old)).await.unwrap();
    let calls = |(_, error): &(&'static str, String)| error.contains("failed calls");
    assert!(calls(&reason(&bench, &old).await), "the first one is tried for its patience");
    assert!(!calls(&reason(&bench, &old).await), "one behind it is not");
    let young = Record { timestamp: Some(SystemTime::now()), ..old };
    assert!(calls(&reason(&bench, &young).await), "it came after that");
}

#[tokio::test]
async fn a_dead_host_is_waited_for_no_longer_though_no_event_is_looked_up_elsewhere() {
    let (bench, _folder) = at(&[(ACCOUNT, &nowhere())], |_| {}).await;
    let (reason, _) = reason(&bench, &one("comment/on-post")).await;
    assert_eq!(reason, "retries_exhausted");
}

#[tokio::test]
async fn where_no_host_is_reached_everything_waits() {
    let (bench, _folder) = at(&[(ACCOUNT, &nowhere()), (OTHER, &nowhere())], |settings| {
        settings.graph.graph.graph_url = GraphUrl::parse(&nowhere()).unwrap();
    })
    .await;
    let input = one("comment/on-post");
    let beside = of_other(&input);
    let [one, other] = [&input, &beside].map(|input| timeout(PATIENCE * 4, bench.handle_beside(input)));
    let (one, other) = tokio::join!(one, other);
    assert!(one.is_err() && other.is_err(), "{one:?} {other:?}");
}
