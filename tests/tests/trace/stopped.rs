//! A way that stopped is told with where and why, and what was never received only where nothing was left out.

use schemas::Topic;
use serde_json::{Value, json};
use weir_graph_simulator::Behaviour;
use weir_tests::pipeline::{APP_SECRET, Ground, PATIENCE, PREFIX};
use weir_tests::process::Binary;
use weir_tests::signed::Sender;
use weir_tests::until::until;
use weir_tests::{ports, topics};

use super::traced::{COMMENT, IMAGE, TEXT, command, has, only, post, spool, trace};

#[tokio::test]
async fn where_a_way_stopped_is_told_with_the_reason() {
    let ground = Ground::prepare().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (ingest, sender) = ground.ingest(&spool(&folder)).await.unwrap();
    let (text, image, comment) = (only(TEXT).unwrap(), only(IMAGE).unwrap(), only(COMMENT).unwrap());
    let mut messages = ground.consumer("weir-messages").await.unwrap();
    ground.graph.misbehave(&comment.item, Behaviour::error(200, None));
    let _lookups = ground.consumer("weir-lookups").await.unwrap();
    post(&ingest, &sender, COMMENT).await.unwrap();
    ground.records(Topic::LookupsDlq, "the dead letter", has(&comment.id)).await.unwrap();
    ground.records(Topic::InboxComments, "the comment in the inbox", has(&comment.id)).await.unwrap();
    let dead = trace(&ground, &[&comment.item]).await.unwrap();
    dead.stopped(&["raw", "typed", "inbox", "dead letter"], "weir-lookups could not handle it: permission")
        .unwrap();

    post(&ingest, &sender, TEXT).await.unwrap();
    ground.records(Topic::Inbox, "the message in the inbox", has(&text.id)).await.unwrap();
    command(&ground, &text, &json!({"id": "waits", "reply_to": {"mid": text.item}})).await.unwrap();
    let waiting = trace(&ground, &[&text.item]).await.unwrap();
    let places = ["raw", "typed", "inbox", "command"];
    waiting.stopped(&places, "weir-replies has not handled it yet, it is the next one").unwrap();

    messages.process.terminate(PATIENCE).await.unwrap();
    post(&ingest, &sender, IMAGE).await.unwrap();
    let lagging = trace(&ground, &[&image.item]).await.unwrap();
    lagging.stopped(&["raw", "typed"], "does weir-messages run?").unwrap();

    post(&ingest, &sender, b"no JSON").await.unwrap();
    let letters = ground.records(Topic::IngestDlq, "the dead letter", |all| all.len() == 1).await.unwrap();
    let refused = trace(&ground, &[&letters[0].header("ce_id").unwrap()]).await.unwrap();
    refused.stopped(&["raw", "dead letter"], "not_json").unwrap();
}

/// Only where every disk of ingest was asked and is empty, and the deliveries of the time are kept.
#[tokio::test]
async fn never_received_is_said_where_nothing_was_left_out_alone() {
    let ground = Ground::prepare().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (ingest, _) = ground.ingest(&spool(&folder)).await.unwrap();
    let admin = ingest.admin.trim_start_matches("http://");
    let [nobody] = ports::free().unwrap();
    let nobody = format!("127.0.0.1:{nobody}");
    let said = async |more: &[&str]| {
        let never = trace(&ground, &[&["mid.that.never.came"], more].concat()).await.unwrap();
        assert_eq!((never.code, never.events.len()), (Some(4), 0));
        never.verdict
    };
    let verdict = said(&[]).await;
    assert_eq!((&verdict["verdict"], &verdict["spool"]), (&json!("not_found"), &json!(false)));
    let verdict = said(&spool(&folder)[..2]).await;
    assert_eq!((&verdict["verdict"], &verdict["spool"]), (&json!("not_found"), &json!(true)));
    let verdict = said(&["--ingest", admin, &nobody]).await;
    let asked = json!([{"address": admin, "deliveries": 0}, {"address": nobody, "deliveries": null}]);
    assert_eq!((&verdict["verdict"], &verdict["ingest"]), (&json!("not_found"), &asked));
    let verdict = said(&["--ingest", admin]).await;
    assert_eq!((&verdict["verdict"], &verdict["until"]), (&json!("never_received"), &Value::Null));
    let verdict = said(&["--ingest", admin, "--since", "40d"]).await;
    assert_eq!(verdict["verdict"], "not_found");
    assert!(verdict["since"].as_str() < verdict["retained_since"].as_str(), "{verdict}");
    // The topic says how long it keeps them, and not the table of topics.
    let raw = Topic::Raw.name(PREFIX);
    topics::set(ground.kafka.bootstrap(), &raw, "retention.ms", "3600000").await.unwrap();
    // The broker knows of a change a moment after it was taken.
    until("the retention by time", PATIENCE, async || {
        let verdict = said(&["--ingest", admin]).await;
        Ok((verdict["verdict"] == "not_found").then_some(()))
    })
    .await
    .unwrap();
    topics::set(ground.kafka.bootstrap(), &raw, "retention.bytes", "1000000").await.unwrap();
    until("the retention by size", PATIENCE, async || {
        let verdict = said(&["--ingest", admin]).await;
        Ok(verdict["retained_since"].is_null().then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn never_received_is_not_said_where_records_were_removed() {
    let ground = Ground::prepare().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (ingest, sender) = ground.ingest(&spool(&folder)).await.unwrap();
    let admin = ingest.admin.trim_start_matches("http://");
    post(&ingest, &sender, TEXT).await.unwrap();
    let verdict = async || trace(&ground, &["mid.that.never.came", "--ingest", admin]).await.unwrap().verdict;
    let raw = Topic::Raw.name(PREFIX);
    let deliveries = ground.records(Topic::Raw, "the delivery", |all| all.len() == 1).await.unwrap();
    let before = verdict().await;
    assert_eq!(before["verdict"], "never_received", "{before}");
    topics::empty(ground.kafka.bootstrap(), &raw, deliveries[0].partition).await.unwrap();
    let after = verdict().await;
    assert_eq!(after["verdict"], "not_found", "{after}");
    assert!(after["since"].as_str() < after["retained_since"].as_str(), "{after}");
}

#[tokio::test]
async fn what_waits_on_the_disk_is_found_there() {
    let ground = Ground::prepare().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let [port, admin] = ports::free().unwrap();
    let [listen, admin] = [port, admin].map(|port| format!("127.0.0.1:{port}"));
    // No broker is there.
    let args =
        ["--brokers", "127.0.0.1:1", "--topic-prefix", PREFIX, "--listen", &listen, "--admin-listen", &admin];
    let args = [&args[..], &spool(&folder)].concat();
    let mut ingest = Binary::start("weir-ingest", &args, &[("WEIR_APP_SECRET", APP_SECRET)]).unwrap();
    ingest.ready(&format!("http://{admin}/readyz"), PATIENCE).await.unwrap();
    let sender = Sender::new(&format!("http://{listen}/webhook"), APP_SECRET.as_bytes()).unwrap();
    assert_eq!(sender.post(TEXT).await.unwrap().status, 200);
    let text = only(TEXT).unwrap();
    let by_time = ["--account", &text.account, "--user", &text.user, "--at", "0s"];
    for args in [&[text.item.as_str()][..], &[&text.id], &by_time] {
        let waiting = trace(&ground, &[args, &spool(&folder)[..2]].concat()).await.unwrap();
        waiting.stopped(&["spool"], "it waits on the disk of ingest until Kafka takes it").unwrap();
    }
}

/// Kafka has the raw record of a delivery whose event is larger than its topic takes.
#[tokio::test]
async fn what_is_parked_is_found_on_the_disk_though_kafka_has_its_raw_record() {
    let ground = Ground::prepare().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let messages = Topic::Messages.name(PREFIX);
    topics::set(ground.kafka.bootstrap(), &messages, "max.message.bytes", "200").await.unwrap();
    let (_ingest, sender) = ground.ingest(&spool(&folder)).await.unwrap();
    assert_eq!(sender.post(TEXT).await.unwrap().status, 200);
    ground.records(Topic::Raw, "the delivery", |all| all.len() == 1).await.unwrap();
    let text = only(TEXT).unwrap();
    until("the delivery is parked", PATIENCE, async || {
        let traced = trace(&ground, &[&[text.item.as_str()], &spool(&folder)[..2]].concat()).await?;
        let parked = traced.stopped(&["spool", "raw"], "it is parked on the disk of ingest (too_large)");
        Ok(parked.is_ok().then_some(()))
    })
    .await
    .unwrap();
}
