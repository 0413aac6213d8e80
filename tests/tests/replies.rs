//! Reply commands: each is carried out at most once, and has a result, whatever happens meanwhile.

#![cfg(feature = "everything")]

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use schemas::Topic;
use serde_json::{Value, json};
use weir_graph_simulator::Behaviour;
use weir_tests::pipeline::{Ground, PATIENCE, PREFIX};
use weir_tests::until::until;
use weir_tests::writer::{self, Outgoing};

const ACCOUNT: &str = "17841405726653026";
/// A quick end of silence and of limits.
const QUICK: [(&str, &str); 4] = [
    // Not so quick that a busy machine is taken for silence.
    ("WEIR_GRAPH_TIMEOUT", "5s"),
    ("WEIR_GRAPH_STOP_FOR", "100ms"),
    ("RUST_LOG", "debug"),
    ("WEIR_REPLY_PATIENCE", "10s"),
];

/// The record of a command; its text is its id, by which a POST is known again.
fn command(id: &str, action: &str, members: &Value) -> Outgoing {
    let mut command = json!({"id": id, "account": ACCOUNT, "action": action, "text": id});
    for (name, value) in members.as_object().into_iter().flatten() {
        command[name] = value.clone();
    }
    let to = command.get("to").or_else(|| command.get("media")).and_then(Value::as_str);
    let key = to.map_or_else(|| ACCOUNT.to_owned(), |to| format!("{ACCOUNT}:{to}"));
    Outgoing {
        key: Some(key.into_bytes()),
        value: Some(command.to_string().into_bytes()),
        headers: Vec::new(),
    }
}

fn message(id: &str, to: usize) -> Outgoing {
    command(id, "message", &json!({"to": user(to)}))
}

fn user(number: usize) -> String {
    (30_000_000_000_000_000_u64 + number as u64).to_string()
}

async fn write(ground: &Ground, commands: Vec<Outgoing>) -> Result<()> {
    writer::write(ground.kafka.bootstrap(), &Topic::Replies.name(PREFIX), commands).await
}

/// The results of each command, in their order, once `count` commands have one that is no intent.
async fn results(ground: &Ground, count: usize) -> Result<BTreeMap<String, Vec<Value>>> {
    let records = ground
        .records(Topic::RepliesResults, "a result of every command", |all| {
            let ended = |status: &str| status != "intended";
            all.iter().filter(|record| record.header("weir_status").is_some_and(|s| ended(&s))).count()
                >= count
        })
        .await?;
    let mut results: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for record in records {
        let result = record.json()?;
        let id = result["id"].as_str().context("an id")?.to_owned();
        results.entry(id).or_default().push(result);
    }
    Ok(results)
}

fn statuses(results: &[Value]) -> Vec<&str> {
    results.iter().filter_map(|result| result["status"].as_str()).collect()
}

/// How often each command was sent.
fn sent(ground: &Ground) -> BTreeMap<String, usize> {
    let mut sent = BTreeMap::new();
    for post in ground.graph.posts() {
        let text = post.parameters.pointer("/message/text").unwrap_or(&post.parameters["message"]);
        *sent.entry(text.as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    sent
}

/// What is wrong with a command, and what must come of it.
type Trouble = (&'static str, Behaviour, &'static str, &'static str);

fn troubles() -> [Trouble; 13] {
    [
        ("window", Behaviour::error(10, Some(2_534_022)), "refused", "window_closed"),
        ("permission", Behaviour::error(200, None), "refused", "permission"),
        ("invalid", Behaviour::error(100, None), "refused", "invalid_call"),
        ("person", Behaviour::error(551, None), "refused", "not_reachable"),
        ("gone", Behaviour::error(100, Some(33)), "refused", "gone"),
        ("away", Behaviour::error(10, Some(2_018_108)), "refused", "not_reachable"),
        ("later", Behaviour::error(1_200, None), "unknown", "transient"),
        ("new", Behaviour::error(9_999, None), "unknown", "unknown_code"),
        ("service", Behaviour::error(2, None), "unknown", "transient"),
        ("page", Behaviour::Answer { status: 502, body: "<html>".to_owned() }, "unknown", "transient"),
        (
            "firewall",
            Behaviour::Answer { status: 403, body: "<html>".to_owned() },
            "unknown",
            "malformed_answer",
        ),
        ("cut", Behaviour::CutOff, "unknown", "interrupted"),
        ("silence", Behaviour::Hang, "unknown", "timed_out"),
    ]
}

#[tokio::test]
async fn every_command_is_carried_out_once_and_its_result_says_what_came_of_it() {
    let ground = Ground::prepare().await.unwrap();
    let troubles = troubles();
    let mut commands = vec![
        message("dm", 0),
        command("mention", "mention_reply", &json!({"media": "18", "comment": "17"})),
        command("caption", "mention_reply", &json!({"media": "18"})),
        command("comment", "comment_reply", &json!({"comment": "19", "media": "18"})),
        command("private", "private_reply", &json!({"comment": "20"})),
        command("late", "message", &json!({"to": "1", "not_after": "2025-07-18T10:00:00Z"})),
        message("limit", 99),
    ];
    ground.graph.misbehave_times(&user(99), Behaviour::error(613, None), 1);
    for (number, (id, behaviour, ..)) in troubles.iter().enumerate() {
        ground.graph.misbehave(&user(number + 1), behaviour.clone());
        commands.push(message(id, number + 1));
    }
    let ended = commands.len();
    // Every command comes twice.
    commands.extend(commands.clone());
    write(&ground, commands).await.unwrap();
    let mut replies = ground.consumer_with("weir-replies", &QUICK).await.unwrap();

    let results = results(&ground, ended).await.unwrap();
    for id in ["dm", "mention", "caption", "comment", "private"] {
        assert_eq!(statuses(&results[id]), ["intended", "done"], "{id}");
    }
    // It waited, and whoever had its partition next would have begun it again.
    assert_eq!(statuses(&results["limit"]), ["intended", "intended", "intended", "done"]);
    let given_back = results["limit"][1]["claim"].as_str().unwrap();
    assert_eq!(given_back.strip_prefix("given_back:"), results["limit"][0]["claim"].as_str());
    assert!(results["dm"][1]["answer"]["message_id"].is_string());
    assert_eq!(results["caption"][1]["answer"], json!({"id": "17911496353086895"}));
    assert_eq!(statuses(&results["late"]), ["refused"]);
    assert_eq!(results["late"][0]["reason"], "too_late");
    for (id, _, status, reason) in &troubles {
        assert_eq!(statuses(&results[*id]), ["intended", *status], "{id}");
        assert_eq!(results[*id][1]["reason"], *reason, "{id}");
    }
    until("all duplicates", PATIENCE, async || {
        let duplicates = replies.metric("weir_replies_duplicates_total", "").await?;
        Ok((duplicates.to_string() == ended.to_string()).then_some(()))
    })
    .await
    .unwrap();
    for (id, count) in sent(&ground) {
        assert_eq!(
            count,
            if id == "limit" { 2 } else { 1 },
            "{id}: what was refused for a limit was not done"
        );
    }
    let ended = what_is_no_command_is_refused_by_name(&ground, ended).await.unwrap();
    a_block_is_not_waited_for(&ground, ended).await.unwrap();
    let log = replies.process.stderr().unwrap() + &replies.process.stdout().unwrap();
    assert!(!log.contains("a-valid-access-token"), "the log holds a token");
    assert!(replies.process.terminate(PATIENCE).await.unwrap().success());
}

#[tokio::test]
async fn a_command_that_was_cut_off_by_a_kill_is_unknown_and_not_sent_again() {
    let ground = Ground::prepare().await.unwrap();
    ground.graph.misbehave(&user(1), Behaviour::Hang);
    let patient = [("WEIR_GRAPH_TIMEOUT", "1m")];
    let mut replies = ground.consumer_with("weir-replies", &patient).await.unwrap();
    write(&ground, vec![message("before", 1), message("after", 1)]).await.unwrap();
    until("the call", PATIENCE, async || Ok(sent(&ground).contains_key("before").then_some(())))
        .await
        .unwrap();
    replies.process.kill().unwrap();
    ground.graph.behave(&user(1));
    let replies = ground.consumer_with("weir-replies", &patient).await.unwrap();

    let results = results(&ground, 2).await.unwrap();
    // The second one is written behind whatever a broker may have of the command.
    assert_eq!(statuses(&results["before"]), ["intended", "intended", "unknown"]);
    assert_eq!(results["before"][2]["reason"], "cut_off");
    assert_eq!(statuses(&results["after"]), ["intended", "done"]);
    assert_eq!(sent(&ground)["before"], 1);
    drop(replies);

    // Where the setting says so it is sent again, as another attempt.
    ground.graph.misbehave_times(&user(2), Behaviour::CutOff, 1);
    let resending = [("WEIR_RESEND_UNKNOWN", "1")];
    let _replies = ground.consumer_with("weir-replies", &resending).await.unwrap();
    write(&ground, vec![message("twice", 2)]).await.unwrap();
    let results = self::results(&ground, 4).await.unwrap();
    let mut said: Vec<_> =
        results["twice"].iter().map(|result| (&result["attempt"], &result["status"])).collect();
    said.sort_by_key(|(attempt, _)| attempt.as_u64());
    let expected = [(1, "intended"), (1, "unknown"), (2, "intended"), (2, "done")];
    let expected = expected.map(|(attempt, status)| (json!(attempt), json!(status)));
    assert_eq!(said, expected.each_ref().map(|(attempt, status)| (attempt, status)));
    assert_eq!(sent(&ground)["twice"], 2);
}

/// Whoever names an id gets a result with the member and the form; how many have one then.
async fn what_is_no_command_is_refused_by_name(ground: &Ground, ended: usize) -> Result<usize> {
    let refused = [
        ("bad", "message", json!({"to": "../me"}), "bad_command", "to must be an id of digits, as a string"),
        ("number", "message", json!({"to": 1}), "bad_command", "to must be an id of digits, as a string"),
        (
            "more",
            "message",
            json!({"to": "1", "attachment": {}}),
            "bad_command",
            "attachment is no member of message, which has to, text",
        ),
        ("unknown", "wave", json!({}), "unknown_action", "action must be one of message, "),
    ];
    let mut commands: Vec<_> =
        refused.iter().map(|(id, action, members, ..)| command(id, action, members)).collect();
    commands.push(Outgoing { key: None, ..message("key", 1) });
    commands.push(Outgoing { key: None, value: Some(b"{\"id\":7}".to_vec()), headers: Vec::new() });
    let letters = commands.len();
    write(ground, commands).await?;
    let ended = ended + letters - 1;
    let results = results(ground, ended).await?;
    for (id, _, _, reason, error) in refused {
        assert_eq!(statuses(&results[id]), ["refused"], "{id}");
        assert_eq!(results[id][0]["reason"], reason, "{id}");
        assert!(results[id][0]["error"].as_str().unwrap_or_default().starts_with(error), "{:?}", results[id]);
    }
    assert_eq!(results["key"][0]["reason"], "wrong_key");
    let letters = ground.records(Topic::RepliesDlq, "the dead letters", |all| all.len() == letters).await?;
    let mut reasons: Vec<_> = letters.iter().filter_map(|letter| letter.header("weir_dlq_reason")).collect();
    reasons.sort();
    assert_eq!(
        reasons,
        ["bad_command", "bad_command", "bad_command", "unknown_action", "unreadable", "wrong_key"]
    );
    Ok(ended)
}

/// Meta blocks an account for hours; what comes meanwhile is not sent.
async fn a_block_is_not_waited_for(ground: &Ground, ended: usize) -> Result<()> {
    ground.graph.misbehave(&user(50), Behaviour::error(368, None));
    write(ground, vec![message("blocked", 50), message("meanwhile", 50)]).await?;
    let results = results(ground, ended + 2).await?;
    assert_eq!(statuses(&results["blocked"]), ["intended", "refused"]);
    assert_eq!(results["blocked"][1]["reason"], "blocked");
    assert_eq!(statuses(&results["meanwhile"]), ["refused"]);
    assert_eq!(results["meanwhile"][0]["reason"], "blocked");
    assert_eq!(sent(ground).get("meanwhile"), None);
    Ok(())
}

const COMMANDS: usize = 600;
const USERS: usize = 40;

#[tokio::test]
async fn no_command_is_sent_twice_however_often_the_process_is_killed() {
    let ground = Ground::prepare().await.unwrap();
    let mut replies = ground.consumer("weir-replies").await.unwrap();
    let ids: Vec<_> = (0..COMMANDS).map(|number| format!("command-{number}")).collect();
    let commands = ids.iter().enumerate().map(|(number, id)| message(id, number % USERS)).collect();
    write(&ground, commands).await.unwrap();
    for killed in 1..=4 {
        until("some calls", PATIENCE, async || {
            Ok((ground.graph.posts().len() >= killed * COMMANDS / 6).then_some(()))
        })
        .await
        .unwrap();
        replies.process.kill().unwrap();
        replies = ground.consumer("weir-replies").await.unwrap();
    }
    // A second process takes over half of the partitions in the middle of it.
    let second = ground.consumer("weir-replies").await.unwrap();

    let results = results(&ground, COMMANDS).await.unwrap();
    let sent = sent(&ground);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for id in &ids {
        let results = &results[id];
        let ends: Vec<_> = statuses(results).into_iter().filter(|status| *status != "intended").collect();
        assert_eq!(ends.len(), 1, "{id}: {results:?}");
        assert!(["done", "unknown"].contains(&ends[0]), "{id}: {results:?}");
        assert!(sent.get(id).copied().unwrap_or(0) <= 1, "{id} was sent twice");
        assert!(ends[0] == "unknown" || sent.contains_key(id), "{id} was not sent");
        *counts.entry(ends[0]).or_default() += 1;
    }
    say(&format!(
        "{COMMANDS} commands, 4 kills, 2 processes: {counts:?}, {} calls",
        ground.graph.posts().len()
    ));
    assert!(counts["done"] > COMMANDS / 2);
    drop((replies, second));
}

#[expect(clippy::print_stdout, reason = "a measurement, for whoever runs the test with --nocapture")]
fn say(what: &str) {
    println!("{what}");
}

#[tokio::test]
async fn a_call_that_takes_longer_than_a_stall_may_is_waited_for() {
    let ground = Ground::prepare().await.unwrap();
    ground.graph.misbehave(&user(1), Behaviour::Hang);
    let patient = [("WEIR_STALL_TIMEOUT", "10s"), ("WEIR_GRAPH_TIMEOUT", "25s")];
    let mut replies = ground.consumer_with("weir-replies", &patient).await.unwrap();
    write(&ground, vec![message("silence", 1), message("after", 1)]).await.unwrap();
    until("the reason of the lag", PATIENCE, async || {
        let waits = replies.metric("weir_consumer_waiting_partitions", "reason=\"api_answer\"").await?;
        Ok((waits > 0.0).then_some(()))
    })
    .await
    .unwrap();
    let results = results(&ground, 1).await.unwrap();
    assert_eq!(statuses(&results["silence"]), ["intended", "unknown"]);
    assert_eq!(results["silence"][1]["reason"], "timed_out");
    assert_eq!(replies.metric("weir_consumer_rebuilt_total", "").await.unwrap().to_string(), "0");
    ground.graph.behave(&user(1));
    assert!(replies.process.terminate(PATIENCE).await.unwrap().success());
}
