//! Commands of which nobody can say that they were not sent.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_a_former_owner_intended_late_has_a_result() {
    let bench = Bench::new().await;
    let owner = bench.owner_with(|settings| settings.graph.pace.graph_stop_for = Duration::from_secs(2));
    bench.simulator.misbehave_times("1", Behaviour::error(4, None), 1);
    let mut partition = Partition::default();
    for record in [command(1), command(2)] {
        let waits = handle(&owner, &mut partition, &record).await;
        assert!(matches!(waits, Err(Failure::Unavailable { on: Wait::AppLimit, .. })), "{waits:?}");
    }
    // The second one waits without an intent of its own.
    intend(&bench.owner(), &command(2)).await;
    assert_eq!(results(&owner, &mut partition, &command(2)).await, ["unknown"]);
    assert_eq!(bench.simulator.posts().len(), 1, "nobody sent it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_when_it_is_sent_again_may_have_been_sent_before() {
    let bench = Bench::new().await;
    let owner = bench.owner_with(|settings| settings.resend_unknown = 1);
    bench.simulator.misbehave_times("1784", Behaviour::CutOff, 1);
    bench.simulator.misbehave("1", Behaviour::error(100, None));
    assert_eq!(results(&owner, &mut Partition::default(), &command(1)).await, ["unknown", "unknown"]);
    assert_eq!(bench.simulator.posts().len(), 2);
}
