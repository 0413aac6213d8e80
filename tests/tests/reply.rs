//! `weir reply`: what it writes is carried out, what it would be refused for is not written, and its exit code says which.

#![cfg(feature = "everything")]

use std::time::Duration;

use anyhow::Result;
use schemas::Topic;
use serde_json::{Value, json};
use weir_graph_simulator::Behaviour;
use weir_tests::mounted::Mounted;
use weir_tests::pipeline::{Ground, PATIENCE};

const ACCOUNT: &str = "17841405726653026";
const CUSTOMER: &str = "30000000000000000";
const AWAY: &str = "30000000000000001";
/// Longer than the command waits for a result, by what else it does.
const ENDS_WITHIN: Duration = PATIENCE.saturating_mul(4);

/// Exit code, standard output, standard error. Unless `args` say otherwise it waits long for a result.
async fn reply(ground: &Ground, args: &[&str]) -> Result<(Option<i32>, String, String)> {
    let patient: &[&str] = if args.contains(&"--timeout") { &[] } else { &["--timeout", "3m"] };
    let mut tool = ground.tool(&[&["reply"], patient, args].concat())?;
    let code = tool.wait(ENDS_WITHIN).await?.code();
    Ok((code, tool.stdout()?, tool.stderr()?))
}

fn message(to: &str) -> Vec<&str> {
    vec!["--account", ACCOUNT, "--to", to, "--text", "Grüße"]
}

#[tokio::test]
async fn a_reply_is_checked_written_and_its_result_awaited() {
    let ground = Ground::prepare().await.unwrap();

    let mistaken = [&message("Anna"), &["--timeout", "1s"][..]].concat();
    let (code, _, said) = reply(&ground, &mistaken).await.unwrap();
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("bad_command") && said.contains("to must be an id of digits"), "{said}");
    let (code, _, said) = reply(&ground, &["--account", ACCOUNT]).await.unwrap();
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--to") && said.contains("--text") && said.contains("--file"), "{said}");

    // weir-replies does not run yet: the command waits for it.
    let (code, _, said) =
        reply(&ground, &[&message(CUSTOMER), &["--timeout", "1s"][..]].concat()).await.unwrap();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("no result of ") && said.contains("may still be carried out"), "{said}");
    let written = ground.records(Topic::Replies, "the one command", |all| all.len() == 1).await.unwrap();
    assert_eq!(written[0].key_text().as_deref(), Some(&*format!("{ACCOUNT}:{CUSTOMER}")));

    ground.graph.misbehave(AWAY, Behaviour::error(10, Some(2_018_108)));
    let _replies = ground.consumer("weir-replies").await.unwrap();
    let (code, said, errors) = reply(&ground, &message(CUSTOMER)).await.unwrap();
    assert_eq!(code, Some(0), "{said}{errors}");
    assert!(said.contains("\ndone after ") && said.contains("message_id"), "{said}");
    let (code, said, errors) = reply(&ground, &message(AWAY)).await.unwrap();
    assert_eq!(code, Some(3), "{said}{errors}");
    assert!(said.contains("\nrefused after ") && said.contains("not_reachable"), "{said}");
    // Tried again with its id, it is not carried out again, and its result is found.
    for said_first in ["order-4711 goes to", "order-4711 was used before"] {
        let again = [&message(CUSTOMER), &["--id", "order-4711"][..]].concat();
        let (code, said, errors) = reply(&ground, &again).await.unwrap();
        assert_eq!(code, Some(0), "{said}{errors}");
        assert!(said.starts_with(said_first) && said.contains("message_id"), "{said}{errors}");
    }

    let whole = json!({"id": "seen-1", "account": ACCOUNT, "action": "sender_action", "to": CUSTOMER, "sender_action": "mark_seen"});
    let files = Mounted::new(&[("command.json", whole.to_string().as_bytes())]).unwrap();
    let file = files.path().join("command.json");
    let mut results = Vec::new();
    for _ in 0..2 {
        let (code, said, errors) =
            reply(&ground, &["--json", "--file", &file.to_string_lossy()]).await.unwrap();
        assert_eq!(code, Some(0), "{said}{errors}");
        assert_eq!(errors.contains("seen-1 goes to"), results.is_empty(), "{errors}");
        results.push(serde_json::from_str::<Value>(&said).unwrap());
    }
    assert_eq!((&results[0]["id"], &results[0]["status"]), (&json!("seen-1"), &json!("done")));
    assert_eq!(results[0], results[1]);

    let posts = ground.graph.posts();
    let texts = posts.iter().filter(|post| post.parameters.pointer("/message/text") == Some(&json!("Grüße")));
    assert_eq!((texts.count(), posts.len()), (4, 5), "{posts:?}");
}
