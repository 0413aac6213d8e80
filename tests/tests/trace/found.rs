//! A message is found with all that became of it, whatever it is asked for by, and few records are read for it.

use anyhow::{Context as _, Result};
use runtime::kafka::partitioner::partition_of;
use schemas::{Millis, Topic};
use serde_json::{Value, json};
use std::fs;
use std::time::SystemTime;
use weir_tests::pipeline::{Ground, PATIENCE, PREFIX};
use weir_tests::topics;
use weir_tests::writer::{self, Outgoing};

use super::traced::{Only, REACTION, TEXT, Traced, command, has, only, places, post, spool, trace};

#[tokio::test]
async fn a_message_is_found_by_any_of_its_ids_with_all_that_was_answered() {
    let ground = Ground::prepare().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (ingest, sender) = ground.ingest(&spool(&folder)).await.unwrap();
    let _messages = ground.consumer("weir-messages").await.unwrap();
    let _replies = ground.consumer("weir-replies").await.unwrap();
    post(&ingest, &sender, TEXT).await.unwrap();
    let text = only(TEXT).unwrap();
    ground.records(Topic::Inbox, "the message in the inbox", has(&text.id)).await.unwrap();

    let quotes = json!({"mid": text.item});
    let late = "2025-07-18T10:00:00Z";
    command(&ground, &text, &json!({"id": "late", "reply_to": quotes, "not_after": late})).await.unwrap();
    command(&ground, &text, &json!({"id": "quotes", "reply_to": quotes})).await.unwrap();
    command(&ground, &text, &json!({"id": "follows"})).await.unwrap();
    ground.records(Topic::RepliesResults, "what came of them", |all| all.len() == 5).await.unwrap();

    let raw = ground.records(Topic::Raw, "the delivery", |all| all.len() == 1).await.unwrap();
    let delivery = raw[0].header("ce_id").unwrap();
    let by_time = ["--account", &text.account, "--user", &text.user, "--at", "0s"];
    for args in [&[text.item.as_str()][..], &[&text.id], &[&delivery], &by_time] {
        let Traced { code, events, verdict } = trace(&ground, args).await.unwrap();
        assert_eq!(code, Some(0), "{args:?}: {events:?}");
        assert_eq!(events.len(), 1, "{args:?}: {events:?}");
        let event = &events[0];
        assert_eq!((event["id"].as_str(), event["end"].as_str()), (Some(text.id.as_str()), Some("complete")));
        let answers = ["command", "result", "command", "result", "result", "command", "result", "result"];
        assert_eq!(places(event), [&["raw", "typed", "inbox"][..], &answers].concat(), "{args:?}");
        assert!(event["places"][4]["says"].as_str().unwrap().ends_with("too_late"), "{event}");
        assert!(
            event["places"][8]["says"].as_str().unwrap().ends_with("in the same conversation"),
            "{event}"
        );
        assert_eq!(verdict["verdict"], "found");
    }
    let mut tool = ground.tool(&["trace", &text.item]).unwrap();
    assert!(tool.wait(PATIENCE).await.unwrap().success());
    let said = tool.stdout().unwrap();
    assert!(said.starts_with("message  ") && said.contains("✓ Complete."), "{said}");
    for words in ["Yes", "internationally"] {
        assert!(!said.contains(words), "it prints no words of people: {said}");
    }
    meta_is_asked(&ground, &text).await.unwrap();
}

/// Of the two messages that Meta has, one was never received.
async fn meta_is_asked(ground: &Ground, text: &Only) -> Result<()> {
    let now = Millis::of(SystemTime::now()).to_string();
    for mid in [text.item.as_str(), "aWdfNeverReceived"] {
        ground.graph.add_message(&text.user, mid, &format!("{}+0000", now.get(..19).unwrap_or_default()));
    }
    let tokens = tempfile::tempdir()?;
    fs::write(tokens.path().join("default"), "a-valid-access-token")?;
    // Hidden, so that it is no token.
    let secret = tokens.path().join(".app-secret");
    fs::write(&secret, "secret-of-the-app")?;
    let (url, tokens) = (ground.graph.url(), tokens.path().to_str().context("UTF-8")?);
    let secret = secret.to_str().context("UTF-8")?;
    let ask = ["--ask-meta", "--graph-url", &url, "--access-tokens", tokens, "--graph-app-secret", secret];
    let said = async |args: &[&str]| -> Result<Vec<Value>> {
        let traced = trace(ground, &[args, &ask].concat()).await?;
        let said = traced.verdict["meta"].as_array().context("what Meta says")?.iter();
        Ok(said.map(|said| json!([said["id"], said["state"], said["was_received"]])).collect())
    };
    let by_time = ["--account", &text.account, "--user", &text.user, "--at", "0s"];
    let of_both = [json!([text.item, "there", true]), json!(["aWdfNeverReceived", "there", false])];
    assert_eq!(said(&by_time).await?, of_both);
    assert_eq!(said(&["aWdfNeverReceived"]).await?, [json!(["aWdfNeverReceived", "there", false])]);
    assert_eq!(said(&["aWdfNobodyHasIt"]).await?, [json!(["aWdfNobodyHasIt", "gone", false])]);
    let calls = ground.graph.calls();
    let mut asked = calls.iter().filter(|call| call.relative_url.contains("created_time"));
    assert!(asked.all(|call| call.proof.is_some()), "{:?}", calls.len());
    Ok(())
}

#[tokio::test]
async fn neither_a_reaction_to_a_message_nor_a_late_delivery_hides_one() {
    let ground = Ground::prepare().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (ingest, sender) = ground.ingest(&spool(&folder)).await.unwrap();
    let (text, reaction) = (only(TEXT).unwrap(), only(REACTION).unwrap());
    // Of the message there is the delivery of an hour ago alone.
    let headers = vec![
        ("ce_id".to_owned(), b"0198a5b0-7c1e-7d2a-9f00-1234567890ab".to_vec()),
        ("ce_time".to_owned(), b"2025-07-18T10:35:10.000Z".to_vec()),
    ];
    let lost = Outgoing { key: None, value: Some(TEXT.to_vec()), headers };
    let now = Millis::of(SystemTime::now()).as_millis();
    let hours_ago = |hours: u64| i64::try_from(now - hours * 60 * 60_000).unwrap();
    let raw = Topic::Raw.name(PREFIX);
    writer::write_at(ground.kafka.bootstrap(), &raw, vec![lost], Some(hours_ago(1))).await.unwrap();
    let to_it = String::from_utf8(REACTION.to_vec()).unwrap().replace(&reaction.item, &text.item);
    let reaction = only(to_it.as_bytes()).unwrap();
    post(&ingest, &sender, to_it.as_bytes()).await.unwrap();
    ground.records(Topic::Messages, "the reaction", has(&reaction.id)).await.unwrap();
    let Traced { code, events, .. } = trace(&ground, &[&text.item]).await.unwrap();
    assert_eq!((code, events.len()), (Some(3), 2), "{events:?}");
    assert_eq!((&events[0]["id"], places(&events[0])), (&json!(text.id), vec!["raw"]));
    assert!(events[0]["why"].as_str().unwrap().contains("not on its typed topic"), "{}", events[0]);
    assert_eq!((&events[1]["id"], places(&events[1])), (&json!(reaction.id), vec!["raw", "typed"]));

    // Sent three hours ago, written now.
    let late = String::from_utf8(TEXT.to_vec()).unwrap();
    let late = late.replace("1752834910447", &hours_ago(3).to_string()).replace("aWdf", "bWdf");
    let late = only(late.as_bytes()).map(|event| (event, late)).unwrap();
    post(&ingest, &sender, late.1.as_bytes()).await.unwrap();
    ground.records(Topic::Messages, "the late message", has(&late.0.id)).await.unwrap();
    let by_time = ["--account", &late.0.account, "--user", &late.0.user, "--at", "3h"];
    for args in [&by_time[..], &[&[late.0.item.as_str()], &by_time[..]].concat()] {
        let Traced { events, .. } = trace(&ground, args).await.unwrap();
        assert_eq!(
            events.iter().map(|event| &event["id"]).collect::<Vec<_>>(),
            [&json!(late.0.id)],
            "{args:?}"
        );
    }
}

#[tokio::test]
async fn what_was_written_before_the_partitions_were_raised_is_found() {
    let ground = Ground::prepare().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (ingest, sender) = ground.ingest(&spool(&folder)).await.unwrap();
    let _messages = ground.consumer("weir-messages").await.unwrap();
    post(&ingest, &sender, TEXT).await.unwrap();
    let text = only(TEXT).unwrap();
    ground.records(Topic::Inbox, "the message in the inbox", has(&text.id)).await.unwrap();
    let typed = ground.records(Topic::Messages, "the message", has(&text.id)).await.unwrap();
    let key = format!("{}:{}", text.account, text.user);
    let is_elsewhere = |count: &i32| partition_of(key.as_bytes(), *count) != typed[0].partition;
    let raised = (20..40).find(is_elsewhere).unwrap();
    for topic in [Topic::Messages, Topic::Inbox] {
        topics::widen(ground.kafka.bootstrap(), &topic.name(PREFIX), raised).await.unwrap();
    }
    let of_conversation = ["--account", &text.account, "--user", &text.user];
    let by_key = [&[text.item.as_str()], &of_conversation[..]].concat();
    let by_time = [&of_conversation[..], &["--at", "0s"]].concat();
    for args in [&[text.item.as_str()][..], &by_key, &by_time] {
        let Traced { code, events, .. } = trace(&ground, args).await.unwrap();
        assert_eq!((code, events.len()), (Some(0), 1), "{args:?}: {events:?}");
        assert_eq!(places(&events[0]), ["raw", "typed", "inbox"], "{args:?}");
    }
}

/// An event that has no place in the inbox.
const OTHER: &str = r#"{"id":"00112233445566778899aabbccddeeff","source":"/meta/instagram/17","metaobject":"instagram",
    "type":"com.meta.instagram.game_play.v1","metacarrier":"messaging","deliveryid":"0","data":{}}"#;
const OLD: usize = 6_000;
const NEW: usize = 1_200;

#[tokio::test]
async fn few_records_are_read_of_topics_with_many() {
    let ground = Ground::prepare().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (ingest, sender) = ground.ingest(&spool(&folder)).await.unwrap();
    let _messages = ground.consumer("weir-messages").await.unwrap();
    let old = Millis::of(SystemTime::now()).as_millis() - 3 * 60 * 60_000;
    let old = Some(i64::try_from(old).unwrap());
    for (topic, count, at) in
        [(Topic::Raw, OLD, old), (Topic::Messages, OLD, old), (Topic::Messages, NEW, None)]
    {
        let others = |number| Outgoing {
            key: Some(format!("17:{number}").into_bytes()),
            value: Some(OTHER.into()),
            headers: Vec::new(),
        };
        let others = (0..count).map(others).collect();
        writer::write_at(ground.kafka.bootstrap(), &topic.name(PREFIX), others, at).await.unwrap();
    }
    post(&ingest, &sender, TEXT).await.unwrap();
    let text = only(TEXT).unwrap();
    ground.records(Topic::Inbox, "the message in the inbox", has(&text.id)).await.unwrap();
    let raw = ground.records(Topic::Raw, "the delivery", |all| all.len() > OLD).await.unwrap();
    let delivery = raw.iter().find_map(|record| record.header("ce_id")).unwrap();

    let of_conversation = ["--account", &text.account, "--user", &text.user];
    let by_key = [&[text.item.as_str()], &of_conversation[..]].concat();
    let by_time = [&of_conversation[..], &["--at", "0s"]].concat();
    let a_partition = NEW / 4;
    for (args, at_most) in [
        (&[delivery.as_str()][..], a_partition),
        (&by_key, a_partition),
        (&by_time, a_partition),
        (&[&text.item], 2 * NEW),
    ] {
        let Traced { code, verdict, .. } = trace(&ground, args).await.unwrap();
        assert_eq!(code, Some(0), "{args:?}: {verdict}");
        let read = verdict["records_read"].as_u64().unwrap();
        assert!(read <= u64::try_from(at_most).unwrap(), "{args:?} read {read} of {}", 2 * OLD + NEW);
    }
}
