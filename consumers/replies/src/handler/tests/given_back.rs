//! Attempts that are given back while their commands wait.

use super::*;
use runtime::mutex::lock;

/// An owner whose commands wait for so long after the limit was reached.
fn stopped(bench: &Bench, milliseconds: u64) -> Replies {
    bench.owner_with(|settings| {
        settings.graph.rate_limit.graph_stop_for = Duration::from_millis(milliseconds);
    })
}

fn is_given_back(state: &CommandState) -> bool {
    matches!(state, CommandState::Intended { attempt: 1, position: (0, 1), claim: None })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_waits_is_carried_out_by_whoever_has_its_partition_next() {
    let bench = Bench::new().await;
    for (number, behaviour) in [(1, Behaviour::error(4, None)), (2, Behaviour::error(2_018_321, None))] {
        let (one, other) = (stopped(&bench, 60_000), bench.owner());
        follow([&one, &other]).await;
        bench.simulator.misbehave_times(&number.to_string(), behaviour, 1);
        let (before, mut partition) = (bench.simulator.posts().len(), Partition::default());
        let waits = handle(&one, &mut partition, &command(number)).await;
        assert!(matches!(waits, Err(Failure::Unavailable { .. })), "{waits:?}");
        assert_eq!(results(&other, &mut Partition::default(), &command(number)).await, ["done"]);
        assert_eq!(bench.simulator.posts().len() - before, 2);
        // The former owner has not heard of it.
        assert!(handle(&one, &mut partition, &command(number)).await.is_err());
        assert_eq!(bench.simulator.posts().len() - before, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_waits_is_intended_again_before_each_call() {
    let bench = Bench::new().await;
    let owner = stopped(&bench, 100);
    bench.simulator.misbehave_times("1", Behaviour::error(4, None), 2);
    let mut partition = Partition::default();
    let waits = handle(&owner, &mut partition, &command(1)).await;
    assert!(matches!(waits, Err(Failure::Unavailable { on: Wait::AppLimit, .. })), "{waits:?}");
    let state = published(&owner, "c-1").await;
    assert!(is_given_back(&state), "{state:?}");
    assert_eq!(results(&owner, &mut partition, &command(1)).await, ["done"]);
    assert_eq!(bench.simulator.posts().len(), 3);
    let state = published(&owner, "c-1").await;
    assert!(matches!(state, CommandState::Intended { attempt: 1, claim: Some(_), .. }), "{state:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_owner_refuses_nothing_that_another_has_begun_again() {
    let bench = Bench::new().await;
    let one = stopped(&bench, 60_000);
    assert!(one.results_reader().await.is_ok());
    bench.simulator.misbehave_times("1", Behaviour::error(4, None), 1);
    let mut partition = Partition::default();
    assert!(handle(&one, &mut partition, &command(1)).await.is_err());
    let other = bench.owner();
    intend_again(&one, &other).await;
    // It has waited for long enough.
    let one =
        Replies { settings: ReplySettings { reply_patience: Duration::ZERO, ..one.settings.clone() }, ..one };
    let published = results(&one, &mut partition, &command(1)).await;
    assert_eq!(published, ["unknown"], "the other may be at work, or not");
    assert_eq!(bench.simulator.posts().len(), 1);
}

/// Another process begins the first command again, which was given back, and ends before there is a result.
async fn intend_again(one: &Replies, other: &Replies) {
    assert!(is_given_back(&published(one, "c-1").await));
    let record = command(1);
    let mut pending = Pending::again(record.offset, 1, None);
    assert!(
        other
            .intend(&mut pending, &record, &Command::read(&record, facebook).unwrap().subject)
            .await
            .unwrap()
    );
    assert!(!is_given_back(&published(one, "c-1").await));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kafka_takes_back_later_is_called_under_another_claim() {
    let bench = Bench::new().await;
    let owner = stopped(&bench, 100);
    let (record, mut partition) = (command(1), Partition::default());
    bench.simulator.misbehave_times("1", Behaviour::error(4, None), 1);
    assert!(handle(&owner, &mut partition, &record).await.is_err());
    let mut pending = partition.pending.take().unwrap();
    // As if that had not been acknowledged: it is written once more, and gives no later claim back.
    pending.intent = Intent::GivingBack;
    partition.pending = Some(pending);
    assert_eq!(results(&owner, &mut partition, &record).await, ["done"]);
    assert_eq!(bench.simulator.posts().len(), 2);
    let state = published(&owner, "c-1").await;
    assert!(matches!(state, CommandState::Intended { claim: Some(_), .. }), "{state:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_has_begun_again_is_not_sent_another_time_either() {
    let bench = Bench::new().await;
    let one = bench.owner_with(|settings| {
        settings.graph.rate_limit.graph_stop_for = Duration::from_millis(100);
        settings.resend_unknown = 1;
    });
    assert!(one.results_reader().await.is_ok());
    bench.simulator.misbehave_times("1", Behaviour::error(4, None), 1);
    let mut partition = Partition::default();
    assert!(handle(&one, &mut partition, &command(1)).await.is_err());
    // Which is alive, and about to call.
    intend_again(&one, &bench.owner()).await;
    assert_eq!(results(&one, &mut partition, &command(1)).await, ["unknown"]);
    assert_eq!(bench.simulator.posts().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_has_done_by_now_is_read_before_anything_is_said_of_it() {
    let bench = Bench::new().await;
    let one = stopped(&bench, 100);
    assert!(one.results_reader().await.is_ok());
    bench.simulator.misbehave_times("1", Behaviour::error(4, None), 1);
    let (mut partition, record) = (Partition::default(), command(1));
    assert!(handle(&one, &mut partition, &record).await.is_err());
    // As if it had written the barrier before, at an earlier try.
    partition.barrier_at = Some(record.offset);
    let other = bench.owner();
    intend_again(&one, &other).await;
    let handled = handle(&one, &mut partition, &record).await;
    assert!(matches!(handled, Err(Failure::Unavailable { .. })), "{handled:?}");
    assert_eq!((partition.caught_up_at, partition.barrier_at), (None, None));
    let subject = Command::read(&record, facebook).unwrap().subject;
    other.publish(&other.result(&record, &subject, 1, &AttemptResult::Done(None)), &record).await.unwrap();
    assert_eq!(results(&one, &mut partition, &record).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_gives_back_and_was_lost_is_written_again() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    assert!(owner.results_reader().await.is_ok());
    let record = command(1);
    let read = Command::read(&record, facebook).unwrap();
    let mut pending = Pending::new(record.offset, 1, Vec::new());
    assert!(owner.intend(&mut pending, &record, &read.subject).await.unwrap());
    assert!(lock(&owner.claims).give_back(&pending.claim));
    pending.give_back();
    // As if it had been acknowledged.
    pending.intent = Intent::Again;
    let mut partition = Partition { caught_up_at: Some(1), pending: Some(pending), ..Partition::default() };
    assert_eq!(results(&owner, &mut partition, &record).await, ["done"]);
    assert_eq!(bench.simulator.posts().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_that_was_not_acknowledged_or_read_back_is_given_back_too() {
    let bench = Bench::new().await;
    let (one, other) = (bench.owner(), bench.owner());
    follow([&one, &other]).await;
    for (number, intent) in [(1, Intent::None), (2, Intent::Again), (3, Intent::Written)] {
        let record = command(number);
        let read = Command::read(&record, facebook).unwrap();
        let mut pending = Pending::new(record.offset, 1, Vec::new());
        assert!(one.intend(&mut pending, &record, &read.subject).await.unwrap());
        pending.intent = intent;
        one.give_back(&mut pending, &record, &read.subject, &StallExemption::unwatched()).await;
        assert_eq!(results(&other, &mut Partition::default(), &record).await, ["done"], "{intent:?}");
    }
    assert_eq!(bench.simulator.posts().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_overtaken_says_nothing_while_its_partition_may_be_taken_away() {
    let bench = Bench::new().await;
    let one = stopped(&bench, 100);
    assert!(one.results_reader().await.is_ok());
    bench.simulator.misbehave_times("1", Behaviour::error(4, None), 1);
    let (mut partition, record) = (doubted_for_minutes(), command(1));
    assert!(handle(&one, &mut partition, &record).await.is_err());
    let other = bench.owner();
    intend_again(&one, &other).await;
    for _ in 0..6 {
        let waits = handle(&one, &mut partition, &record).await;
        assert!(matches!(waits, Err(Failure::Unavailable { .. })), "{waits:?}");
    }
    let subject = Command::read(&record, facebook).unwrap().subject;
    other.publish(&other.result(&record, &subject, 1, &AttemptResult::Done(None)), &record).await.unwrap();
    assert_eq!(results(&one, &mut partition, &record).await, [""; 0], "the other one's stands alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_back_is_begun_again_where_its_record_has_another_offset() {
    let bench = Bench::new().await;
    let (one, other) = (stopped(&bench, 100), bench.owner());
    follow([&one, &other]).await;
    bench.simulator.misbehave_times("1", Behaviour::error(4, None), 1);
    let mut partition = Partition::default();
    assert!(handle(&one, &mut partition, &command(1)).await.is_err());
    assert!(is_given_back(&published(&other, "c-1").await));
    // Of another partition, at whose head the first one may be waiting still.
    let elsewhere = Record { partition: 1, ..command(1) };
    assert_eq!(results(&other, &mut Partition::default(), &elsewhere).await, [""; 0]);
    // As in another cluster, whose log begins later.
    let moved = Record { offset: 0, ..command(1) };
    let done = outputs(&other, &mut Partition::default(), &moved).await;
    assert_eq!(done.iter().map(status).collect::<Vec<_>>(), ["done"]);
    assert_eq!(
        results(&one, &mut partition, &command(1)).await,
        [""; 0],
        "who gave it back sends it no more"
    );
    other.publish(&done[0], &moved).await.unwrap();
    assert_eq!(published(&other, "c-1").await, CommandState::Ended);
    let twice = Record { offset: 3, ..command(1) };
    for record in [twice, command(1)] {
        assert_eq!(results(&other, &mut Partition::default(), &record).await, [""; 0]);
    }
    assert_eq!(bench.simulator.posts().len(), 2);
}
