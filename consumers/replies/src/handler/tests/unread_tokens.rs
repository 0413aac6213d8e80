//! A folder of accounts that cannot be read when the process starts.

use super::*;

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
