//! `weir trace`: a message is followed from its delivery to what was answered, and where its way ends is told.

#![cfg(feature = "everything")]

use anyhow::{Context as _, Result, ensure};
use schemas::{Millis, Topic, split};
use serde_json::{Value, json};
use std::fs;
use std::time::SystemTime;
use tempfile::TempDir;
use weir_graph_simulator::Behaviour;
use weir_tests::pipeline::{APP_SECRET, Ground, PATIENCE, PREFIX};
use weir_tests::ports;
use weir_tests::process::Binary;
use weir_tests::reader::Record;
use weir_tests::signed::Sender;
use weir_tests::writer::{self, Outgoing};

const TEXT: &[u8] = include_bytes!("../../schemas/fixtures/message/text.json");
const IMAGE: &[u8] = include_bytes!("../../schemas/fixtures/message/attachment-image.json");
const REACTION: &[u8] = include_bytes!("../../schemas/fixtures/reaction.added/love.json");
const COMMENT: &[u8] = include_bytes!("../../schemas/fixtures/comment/on-post.json");

/// With a spool a delivery is answered 200 however busy other tests keep the machine.
fn spool(folder: &TempDir) -> [&str; 4] {
    ["--spool-dir", folder.path().to_str().unwrap_or_default(), "--spool-max-bytes", "8MiB"]
}

/// The only event of a body.
struct Only {
    id: String,
    account: String,
    user: String,
    item: String,
}

fn only(body: &[u8]) -> Result<Only> {
    let events = split(body, 10).events;
    let event = events.first().context("an event")?;
    let key = event.key.clone().context("a key")?;
    let (account, user) = key.split_once(':').context("a user")?;
    let data: Value = serde_json::from_str(event.data)?;
    let mid = data.pointer("/message/mid").or_else(|| data.pointer("/reaction/mid"));
    let item = mid.unwrap_or(&data["id"]).as_str().context("an id of Meta's")?;
    let (id, account, user) = (event.id.to_string(), account.to_owned(), user.to_owned());
    Ok(Only { id, account, user, item: item.to_owned() })
}

/// What `weir trace … --json` says: its exit code, the events, and the verdict.
struct Traced {
    code: Option<i32>,
    events: Vec<Value>,
    verdict: Value,
}

async fn trace(ground: &Ground, args: &[&str]) -> Result<Traced> {
    let mut tool = ground.tool(&[&["trace", "--json"], args].concat())?;
    let code = tool.wait(PATIENCE).await?.code();
    let (said, complaints) = (tool.stdout()?, tool.stderr()?);
    let objects = said.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned()));
    let mut events: Vec<Value> = objects.collect::<Result<_>>()?;
    let verdict = events.pop().with_context(|| format!("trace {args:?}: {code:?} {complaints}"))?;
    Ok(Traced { code, events, verdict })
}

impl Traced {
    /// The only event stopped there, for a reason that says this.
    fn stopped(&self, places: &[&str], why: &str) -> Result<()> {
        let (Some(3), [event]) = (self.code, &self.events[..]) else {
            anyhow::bail!("{:?} {:?} {}", self.code, self.events, self.verdict)
        };
        ensure!(self::places(event) == places, "{event}");
        ensure!(event["why"].as_str().is_some_and(|said| said.contains(why)), "{event}");
        Ok(())
    }
}

fn places(event: &Value) -> Vec<&str> {
    event["places"].as_array().into_iter().flatten().filter_map(|place| place["what"].as_str()).collect()
}

fn has(id: &str) -> impl Fn(&[Record]) -> bool {
    move |all: &[Record]| all.iter().any(|record| record.header("ce_id").as_deref() == Some(id))
}

/// Writes a command in a conversation.
async fn command(ground: &Ground, to: &Only, members: &Value) -> Result<()> {
    let mut command = json!({"account": to.account, "action": "message", "to": to.user, "text": "Yes"});
    for (name, value) in members.as_object().into_iter().flatten() {
        command[name] = value.clone();
    }
    let key = Some(format!("{}:{}", to.account, to.user).into_bytes());
    let record = Outgoing { key, value: Some(command.to_string().into_bytes()), headers: Vec::new() };
    writer::write(ground.kafka.bootstrap(), &Topic::Replies.name(PREFIX), vec![record]).await
}

#[tokio::test]
async fn a_message_is_found_by_any_of_its_ids_with_all_that_was_answered() {
    let ground = Ground::prepare().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (_ingest, sender) = ground.ingest(&spool(&folder)).await.unwrap();
    let _messages = ground.consumer("weir-messages").await.unwrap();
    let _replies = ground.consumer("weir-replies").await.unwrap();
    assert_eq!(sender.post(TEXT).await.unwrap().status, 200);
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
    let (url, tokens) = (ground.graph.url(), tokens.path().to_str().context("UTF-8")?);
    let ask = ["--ask-meta", "--graph-url", &url, "--access-tokens", tokens];
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
    Ok(())
}

#[tokio::test]
async fn where_a_way_stopped_is_told_with_the_reason() {
    let ground = Ground::prepare().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (_ingest, sender) = ground.ingest(&spool(&folder)).await.unwrap();
    let (text, image, comment) = (only(TEXT).unwrap(), only(IMAGE).unwrap(), only(COMMENT).unwrap());
    let mut messages = ground.consumer("weir-messages").await.unwrap();
    ground.graph.misbehave(&comment.item, Behaviour::error(200, None));
    let _lookups = ground.consumer("weir-lookups").await.unwrap();
    assert_eq!(sender.post(COMMENT).await.unwrap().status, 200);
    ground.records(Topic::LookupsDlq, "the dead letter", has(&comment.id)).await.unwrap();
    ground.records(Topic::InboxComments, "the comment in the inbox", has(&comment.id)).await.unwrap();
    let dead = trace(&ground, &[&comment.item]).await.unwrap();
    dead.stopped(&["raw", "typed", "inbox", "dead letter"], "weir-lookups could not handle it: permission")
        .unwrap();

    assert_eq!(sender.post(TEXT).await.unwrap().status, 200);
    ground.records(Topic::Inbox, "the message in the inbox", has(&text.id)).await.unwrap();
    command(&ground, &text, &json!({"id": "waits", "reply_to": {"mid": text.item}})).await.unwrap();
    let waiting = trace(&ground, &[&text.item]).await.unwrap();
    let places = ["raw", "typed", "inbox", "command"];
    waiting.stopped(&places, "weir-replies has not handled it yet, it is the next one").unwrap();

    messages.process.terminate(PATIENCE).await.unwrap();
    assert_eq!(sender.post(IMAGE).await.unwrap().status, 200);
    let lagging = trace(&ground, &[&image.item]).await.unwrap();
    lagging.stopped(&["raw", "typed"], "does weir-messages run?").unwrap();

    assert_eq!(sender.post(b"no JSON").await.unwrap().status, 200);
    let letters = ground.records(Topic::IngestDlq, "the dead letter", |all| all.len() == 1).await.unwrap();
    let refused = trace(&ground, &[&letters[0].header("ce_id").unwrap()]).await.unwrap();
    refused.stopped(&["raw", "dead letter"], "not_json").unwrap();

    let never = trace(&ground, &["mid.that.never.came"]).await.unwrap();
    assert_eq!((never.code, never.events.len()), (Some(4), 0));
    assert_eq!((&never.verdict["verdict"], &never.verdict["spool"]), (&json!("not_found"), &json!(false)));
    let with_spool = [&["mid.that.never.came"], &spool(&folder)[..2]].concat();
    let never = trace(&ground, &with_spool).await.unwrap();
    assert_eq!((never.code, &never.verdict["verdict"]), (Some(4), &json!("never_received")));
    assert_eq!((&never.verdict["spool"], &never.verdict["until"]), (&json!(true), &Value::Null));
    let of_too_long_ago = [&with_spool[..], &["--since", "40d"]].concat();
    let never = trace(&ground, &of_too_long_ago).await.unwrap();
    assert_eq!((never.code, &never.verdict["verdict"]), (Some(4), &json!("not_found")));
    assert!(never.verdict["since"].as_str() < never.verdict["retained_since"].as_str(), "{}", never.verdict);
}

#[tokio::test]
async fn neither_a_reaction_to_a_message_nor_a_late_delivery_hides_one() {
    let ground = Ground::prepare().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (_ingest, sender) = ground.ingest(&spool(&folder)).await.unwrap();
    let (text, reaction) = (only(TEXT).unwrap(), only(REACTION).unwrap());
    // Of the message there is the delivery of an hour ago alone.
    let headers = vec![("ce_id".to_owned(), b"0198a5b0-7c1e-7d2a-9f00-1234567890ab".to_vec())];
    let lost = Outgoing { key: None, value: Some(TEXT.to_vec()), headers };
    let now = Millis::of(SystemTime::now()).as_millis();
    let hours_ago = |hours: u64| i64::try_from(now - hours * 60 * 60_000).unwrap();
    let raw = Topic::Raw.name(PREFIX);
    writer::write_at(ground.kafka.bootstrap(), &raw, vec![lost], Some(hours_ago(1))).await.unwrap();
    let to_it = String::from_utf8(REACTION.to_vec()).unwrap().replace(&reaction.item, &text.item);
    let reaction = only(to_it.as_bytes()).unwrap();
    assert_eq!(sender.post(to_it.as_bytes()).await.unwrap().status, 200);
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
    assert_eq!(sender.post(late.1.as_bytes()).await.unwrap().status, 200);
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

/// An event that has no place in the inbox.
const OTHER: &str = r#"{"id":"00112233445566778899aabbccddeeff","source":"/meta/instagram/17","metaobject":"instagram",
    "type":"com.meta.instagram.game_play.v1","metacarrier":"messaging","deliveryid":"0","data":{}}"#;
const OLD: usize = 6_000;
const NEW: usize = 1_200;

#[tokio::test]
async fn few_records_are_read_of_topics_with_many() {
    let ground = Ground::prepare().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (_ingest, sender) = ground.ingest(&spool(&folder)).await.unwrap();
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
    assert_eq!(sender.post(TEXT).await.unwrap().status, 200);
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
