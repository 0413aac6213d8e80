//! Commands behind one that Meta blocked.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_would_wait_for_a_block_is_refused_as_blocked() {
    let bench = Bench::new().await;
    let owner = bench.owner_with(|settings| settings.reply_patience = Duration::from_secs(1));
    bench.simulator.misbehave("1", Behaviour::error(368, None));
    let mut partition = Partition::default();
    for number in [1, 2] {
        let outputs = handle(&owner, &mut partition, &command(number)).await.unwrap();
        let result: CommandResult<'_> = serde_json::from_slice(&outputs[0].value).unwrap();
        assert_eq!(
            (result.status, result.reason.as_deref()),
            (ResultStatus::Refused.into(), Some("blocked"))
        );
        let error = result.error.unwrap();
        assert!(error.contains("policies") && !error.contains("limit"), "{error}");
    }
    assert_eq!(bench.simulator.posts().len(), 1);
}
