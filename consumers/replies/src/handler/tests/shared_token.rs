//! Accounts that share a token.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_block_of_one_account_holds_none_that_shares_its_token() {
    let bench = Bench::new().await;
    let (owner, mut partition) = (bench.owner(), Partition::default());
    bench.simulator.misbehave("1", Behaviour::error(368, None));
    assert_eq!(results(&owner, &mut partition, &command(1)).await, ["refused"]);
    let value = br#"{"id":"c-2","account":"1785","action":"message","to":"2","text":"x"}"#;
    let of_other = Record { key: Some(b"1785:2".to_vec()), value: Some(value.to_vec()), ..command(2) };
    let sent = tokio::time::timeout(Duration::from_mins(1), results(&owner, &mut partition, &of_other)).await;
    assert_eq!(sent.unwrap(), ["done"]);
}
