//! Accounts of both logins in one deployment: each is reached at its own host, as itself or as its page, with its own token and secret.

#![cfg(feature = "everything")]

use std::collections::BTreeSet;

use anyhow::Result;
use schemas::Topic;
use serde_json::{Value, json};
use weir_graph_simulator::{Asked, Simulator};
use weir_tests::mounted::Mounted;
use weir_tests::pipeline::{Ground, PATIENCE, PREFIX};
use weir_tests::reader::Record;
use weir_tests::typed;
use weir_tests::until::until;
use weir_tests::writer::{self, Outgoing};

/// Of Facebook Login, with a page; of Instagram Login; of Facebook Login, with nothing but the default token.
const OF_PAGE: &str = "17841405726653026";
const BY_ITSELF: &str = "17841400000000001";
const BARE: &str = "17841400000000002";
const PAGE: &str = "1067280970047460";
const CUSTOMERS: usize = 12;

fn customer(number: usize) -> String {
    (30_000_000_000_000_000_u64 + number as u64).to_string()
}

fn files(instagram: &str, page: &str) -> [(&'static str, Vec<u8>); 4] {
    let of_page = json!({"login": "facebook", "page": page, "token": "EAApage"});
    let by_itself = json!({"login": "instagram", "host": instagram, "token_file": "own.token", "app_secret_file": "own.secret"});
    [
        (OF_PAGE, of_page.to_string().into_bytes()),
        (BY_ITSELF, by_itself.to_string().into_bytes()),
        ("own.token", b"IGAown\n".to_vec()),
        ("own.secret", b"instagram-secret".to_vec()),
    ]
}

fn borrowed<'a>(files: &'a [(&'static str, Vec<u8>)]) -> Vec<(&'static str, &'a [u8])> {
    files.iter().map(|(name, content)| (*name, content.as_slice())).collect()
}

fn message(account: &str, to: usize) -> Outgoing {
    let (to, id) = (customer(to), format!("{account}-{to}"));
    let command = json!({"id": id, "account": account, "action": "message", "to": to, "text": id});
    let (key, value) = (format!("{account}:{to}").into_bytes(), command.to_string().into_bytes());
    Outgoing { key: Some(key), value: Some(value), headers: Vec::new() }
}

async fn write(ground: &Ground, topic: Topic, records: Vec<Outgoing>) -> Result<()> {
    writer::write(ground.kafka.bootstrap(), &topic.name(PREFIX), records).await
}

/// Path and token of each call that did something, without repetitions.
fn calls(graph: &Simulator) -> Vec<(String, String)> {
    let call = |post: Asked| (post.relative_url, post.token.unwrap_or_default());
    let mut calls: Vec<_> = graph.posts().into_iter().map(call).collect();
    calls.sort();
    calls.dedup();
    calls
}

fn call(node: &str, token: &str) -> (String, String) {
    (format!("v26.0/{node}/messages"), token.to_owned())
}

/// The record that ingest makes of a comment.
fn comment(account: &str, number: usize) -> Result<Outgoing> {
    let value = json!({"id": (17_900_000_000_000_000 + number).to_string(), "text": "?", "from": {"id": customer(0)}, "media": {"id": "18"}});
    typed::change(account, "comments", &value)
}

#[tokio::test]
async fn accounts_of_both_logins_answer_and_are_looked_up_in_one_deployment() {
    let ground = Ground::prepare().await.unwrap();
    let instagram = Simulator::start().await.unwrap();
    let accounts = Mounted::new(&borrowed(&files(&instagram.url(), PAGE))).unwrap();
    let envs = [("WEIR_ACCOUNTS", accounts.path().to_str().unwrap())];
    let mut commands: Vec<_> =
        (0..CUSTOMERS).flat_map(|to| [message(OF_PAGE, to), message(BY_ITSELF, to)]).collect();
    commands.push(message(BARE, 0));
    let count = commands.len();
    write(&ground, Topic::Replies, commands).await.unwrap();
    // Two of one group share the partitions.
    let _one = ground.consumer_with("weir-replies", &envs).await.unwrap();
    let _other = ground.consumer_with("weir-replies", &envs).await.unwrap();
    let is_end = |record: &Value| record["status"] != "intended";
    // By its id: what is written again when partitions change hands is no other.
    let results = ground
        .records(Topic::RepliesResults, "a result of every command", |all| {
            let ended = all.iter().filter(|record| record.json().is_ok_and(|result| is_end(&result)));
            ended.filter_map(|record| record.header("weir_command")).collect::<BTreeSet<_>>().len() == count
        })
        .await
        .unwrap();
    for result in results.iter().map(|record| record.json().unwrap()).filter(is_end) {
        assert_eq!(result["status"], "done", "{result}");
    }
    let of_default = call("me", "a-valid-access-token");
    assert_eq!(calls(&ground.graph), [call(PAGE, "EAApage"), of_default.clone()]);
    assert_eq!(calls(&instagram), [call(BY_ITSELF, "IGAown")]);

    // The account is said to be of another page.
    accounts.replace(&borrowed(&files(&instagram.url(), "99"))).unwrap();
    let mut to = CUSTOMERS;
    until("a call as the other page", PATIENCE, async || {
        to += 1;
        write(&ground, Topic::Replies, vec![message(OF_PAGE, to)]).await?;
        Ok(calls(&ground.graph).contains(&call("99", "EAApage")).then_some(()))
    })
    .await
    .unwrap();

    let _lookups = ground.consumer_with("weir-lookups", &envs).await.unwrap();
    let comments = (0..10).flat_map(|number| [comment(OF_PAGE, number), comment(BY_ITSELF, 100 + number)]);
    write(&ground, Topic::Comments, comments.collect::<Result<_>>().unwrap()).await.unwrap();
    let every = |all: &[Record]| {
        all.iter().filter_map(|record| record.header("ce_id")).collect::<BTreeSet<_>>().len() == 20
    };
    let enriched = ground.records(Topic::CommentsEnriched, "every comment", every).await.unwrap();
    for event in enriched {
        assert_eq!(event.json().unwrap()["lookup"]["status"], "found");
    }
    let tokens = |graph: &Simulator| -> Vec<_> {
        let mut seen: Vec<_> =
            graph.calls().into_iter().map(|call| (call.token, call.proof.is_some())).collect();
        seen.sort();
        seen.dedup();
        seen
    };
    assert_eq!(tokens(&ground.graph), [(Some("EAApage".to_owned()), false)]);
    assert_eq!(tokens(&instagram), [(Some("IGAown".to_owned()), true)]);
}
