//! A proxy or a firewall that answers in Meta's place.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_firewall_leaves_open_whether_it_was_sent_and_says_nothing_of_the_token() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    let mut partition = Partition::default();
    for (number, status) in [(1, 401), (2, 403), (3, 404), (4, 410)] {
        let page = Behaviour::Answer { status, body: String::from("<html>") };
        bench.simulator.misbehave_times(&number.to_string(), page, 1);
        assert_eq!(results(&owner, &mut partition, &command(number)).await, ["unknown"], "{status}");
    }
    assert_eq!(results(&owner, &mut partition, &command(5)).await, ["done"]);
    assert_eq!(bench.simulator.posts().len(), 5, "each was sent once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_none_of_metas_leaves_it_open_too() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    let gateways = Behaviour::Answer { status: 200, body: String::from(r#"{"status":"ok"}"#) };
    bench.simulator.misbehave("1", gateways);
    let outputs = handle(&owner, &mut Partition::default(), &command(1)).await.unwrap();
    let result: CommandResult<'_> = serde_json::from_slice(&outputs[0].value).unwrap();
    assert_eq!(
        (result.status, result.reason.as_deref()),
        (ResultStatus::Unknown.into(), Some("malformed_answer"))
    );
}
