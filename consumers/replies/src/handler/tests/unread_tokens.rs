//! A folder of accounts that cannot be read when the process starts.

use super::*;
use prometheus::Registry;
use weir_graph::{GraphUrl, TokenSettings};

#[tokio::test(flavor = "multi_thread")]
async fn no_command_is_refused_for_tokens_that_could_not_be_read_yet() {
    let bench = Bench::new().await;
    let accounts = bench.tokens.path().join("accounts");
    let owner = bench.owner_with(|settings| settings.graph.tokens.accounts = Some(accounts.clone()));
    let mut partition = Partition::default();
    let waits = handle(&owner, &mut partition, &command(1)).await;
    assert!(matches!(waits, Err(Failure::Unavailable { on: Wait::Credential, .. })), "{waits:?}");
    fs::create_dir(&accounts).unwrap();
    owner.tokens.reread();
    assert_eq!(results(&owner, &mut partition, &command(1)).await, ["done"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_is_refused_for_an_account_that_could_not_be_read_yet() {
    let bench = Bench::new().await;
    let (tokens, accounts) = (bench.tokens.path().to_owned(), bench.tokens.path().join("accounts"));
    let settings = TokenSettings {
        access_tokens: Some(tokens),
        accounts: Some(accounts.clone()),
        graph_app_secret: None,
    };
    // By whose login nobody may like a comment.
    let usual = GraphUrl::parse("https://graph.instagram.com").unwrap();
    let mut owner = bench.owner();
    owner.tokens = Arc::new(AccessTokens::open(settings, usual, &Registry::new()));
    let value = br#"{"id":"c-1","account":"1784","action":"comment_like","comment":"17"}"#;
    let like = Record { key: Some(b"1784".to_vec()), value: Some(value.to_vec()), ..command(1) };
    let mut partition = Partition::default();
    let waits = handle(&owner, &mut partition, &like).await;
    assert!(matches!(waits, Err(Failure::Unavailable { on: Wait::Credential, .. })), "{waits:?}");
    fs::create_dir(&accounts).unwrap();
    let account = format!(r#"{{"login":"facebook","host":"{}"}}"#, bench.simulator.url());
    fs::write(accounts.join("1784"), account).unwrap();
    owner.tokens.reread();
    assert_eq!(results(&owner, &mut partition, &like).await, ["done"]);
}
