//! Commands of one id.

use super::*;

/// The first command in the name of this account, to somebody else.
fn of_account(account: &str) -> Record {
    let value = format!(r#"{{"id":"c-1","account":"{account}","action":"message","to":"99","text":"y"}}"#);
    let key = Some(format!("{account}:99").into_bytes());
    Record { partition: 1, key, value: Some(value.into_bytes()), ..command(7) }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_one_account_is_free_for_another() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    let mut partition = Partition::default();
    let done = handle(&owner, &mut partition, &command(1)).await.unwrap();
    owner.publish(&done[0], &command(1)).await.unwrap();
    assert_eq!(published(&owner, "c-1").await, CommandState::Ended);
    let (same, other) = (of_account("1784"), of_account("1785"));
    assert_eq!(results(&owner, &mut partition, &same).await, [""; 0]);
    assert_eq!(results(&owner, &mut partition, &other).await, ["done"]);
    assert_eq!(bench.simulator.posts().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_read_again_is_no_second_command() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    let mut partition = Partition::default();
    let done = handle(&owner, &mut partition, &command(1)).await.unwrap();
    owner.publish(&done[0], &command(1)).await.unwrap();
    assert_eq!(published(&owner, "c-1").await, CommandState::Ended);
    let duplicates = || owner.source.metrics.duplicates.get();
    assert_eq!(results(&owner, &mut Partition::default(), &command(1)).await, [""; 0]);
    assert_eq!(duplicates(), 0);
    assert_eq!(results(&owner, &mut partition, &of_account("1784")).await, [""; 0]);
    assert_eq!(duplicates(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_an_account_uses_up_no_account_s_id() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    assert!(owner.results_reader().await.is_ok());
    let mut partition = Partition::default();
    let value = br#"{"id":"c-1","account":1784,"action":"message","to":"1","text":"x"}"#;
    let number = Record { value: Some(value.to_vec()), ..command(1) };
    assert!(handle(&owner, &mut partition, &number).await.is_err());
    let reader = owner.results_reader().await.unwrap();
    reader.wait_until_caught_up(READ_BACK).await.unwrap();
    assert_eq!(reader.ledger().state("/c-1"), CommandState::Ended);
    let corrected = Record { offset: 2, ..command(1) };
    assert_eq!(results(&owner, &mut partition, &corrected).await, ["done"]);
}
