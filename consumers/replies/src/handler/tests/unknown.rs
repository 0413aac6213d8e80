//! Commands of which nobody can say that they were not sent.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_a_former_owner_intended_late_has_a_result() {
    let bench = Bench::new().await;
    let owner =
        bench.owner_with(|settings| settings.graph.rate_limit.graph_stop_for = Duration::from_secs(2));
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

#[tokio::test(flavor = "multi_thread")]
async fn of_two_copies_back_to_back_the_second_waits_for_the_result_of_the_first() {
    let bench = Bench::new().await;
    let owner = bench.owner_with(|settings| settings.resend_unknown = 1);
    let failed = humantime::format_rfc3339_millis(SystemTime::now()).to_string().into_bytes();
    let headers = [("weir_dlq_first_failed", Some(failed))].into_iter().collect();
    let first = Record { headers, ..command(1) };
    let second = Record { offset: 2, ..first.clone() };
    let mut partition = Partition::default();
    let done = handle(&owner, &mut partition, &first).await.unwrap();
    let waits = handle(&owner, &mut partition, &second).await;
    assert!(matches!(waits, Err(Failure::Unavailable { on: Wait::Kafka, .. })), "{waits:?}");
    // The loop has what is on its way acknowledged before it tries a record again.
    owner.publish(&done[0], &first).await.unwrap();
    assert_eq!(results(&owner, &mut partition, &second).await, [""; 0]);
    assert_eq!(bench.simulator.posts().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_the_brokers_had_taken_is_read_before_a_command_is_called_cut_off() {
    let bench = Bench::new().await;
    let (former, owner) = (bench.owner(), bench.owner());
    follow([&former, &owner]).await;
    let record = command(1);
    let done = handle(&former, &mut Partition::default(), &record).await.unwrap();
    let mut partition = Partition::default();
    let waits = handle(&owner, &mut partition, &record).await;
    assert!(matches!(waits, Err(Failure::Unavailable { on: Wait::Kafka, .. })), "{waits:?}");
    // It stood in the topic, and not enough replicas had it, so that nobody could read it.
    former.publish(&done[0], &record).await.unwrap();
    assert_eq!(results(&owner, &mut partition, &record).await, [""; 0]);
}
