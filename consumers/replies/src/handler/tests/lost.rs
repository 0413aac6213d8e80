//! What a process that lives on knows of a command whose partition was taken from it for a while.

use super::*;

/// Carries a command out, and has its result in the topic.
async fn carry_out(owner: &Replies, record: &Record) {
    let done = handle(owner, &mut Partition::default(), record).await.unwrap();
    owner.publish(&done[0], record).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_was_dropped_before_its_call_is_carried_out_when_it_comes_again() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    assert_eq!(results(&owner, &mut Partition::default(), &command(9)).await, ["done"]);
    intend(&owner, &command(1)).await;
    assert_eq!(results(&owner, &mut Partition::default(), &command(1)).await, ["done"]);
    // Dropped while the intent is on its way.
    bench.mock.broker_round_trip_time(1, Duration::from_millis(500)).unwrap();
    let (record, mut partition) = (command(2), Partition { caught_up_at: Some(2), ..Partition::default() });
    let handled = handle(&owner, &mut partition, &record);
    assert!(tokio::time::timeout(Duration::from_millis(100), handled).await.is_err());
    bench.mock.broker_round_trip_time(1, Duration::ZERO).unwrap();
    assert_eq!(results(&owner, &mut Partition::default(), &record).await, ["done"]);
    assert_eq!(bench.simulator.posts().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_was_lost_on_its_way_is_given_again() {
    let bench = Bench::new().await;
    let (owner, another) = (bench.owner(), bench.owner());
    assert!(another.results_reader().await.is_ok());
    bench.simulator.misbehave("2", Behaviour::error(100, None));
    for (number, expected) in [(1, "done"), (2, "refused")] {
        for time in ["first", "lost", "lost again"] {
            let said = results(&owner, &mut Partition::default(), &command(number)).await;
            assert_eq!(said, [expected], "{time}");
        }
    }
    assert_eq!(bench.simulator.posts().len(), 2, "once each");
    let said = results(&another, &mut Partition::default(), &command(1)).await;
    assert_eq!(said, ["unknown"], "a process that has not sent it does not know");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_was_dropped_amid_its_call_is_unknown() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    bench.simulator.misbehave("1", Behaviour::Hang);
    let (record, mut partition) = (command(1), Partition::default());
    {
        let mut handled = std::pin::pin!(handle(&owner, &mut partition, &record));
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        while bench.simulator.posts().is_empty() {
            tokio::select! {
                handled = &mut handled => panic!("{handled:?}"),
                _ = looks.tick() => {}
            }
        }
    }
    bench.simulator.behave("1");
    assert_eq!(results(&owner, &mut Partition::default(), &record).await, ["unknown"]);
    assert_eq!(bench.simulator.posts().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_stopped_for_a_while_writes_no_intent_behind_a_result() {
    let bench = Bench::new().await;
    let (owner, woken) = (bench.owner(), bench.owner());
    follow([&owner, &woken]).await;
    let record = command(1);
    carry_out(&owner, &record).await;
    assert_eq!(published(&woken, "c-1").await, CommandState::Ended);
    // It had begun the command before that, and not intended it.
    let mut pending = Pending::new(record.offset, 1, Vec::new());
    let read = Command::read(&record, facebook).unwrap();
    assert!(!woken.intend(&mut pending, &record, &read.subject).await.unwrap());
    assert_eq!(pending.intent, Intent::None);
    let mut partition = Partition { caught_up_at: Some(1), pending: Some(pending), ..Partition::default() };
    assert_eq!(results(&woken, &mut partition, &record).await, [""; 0]);
    assert_eq!(bench.simulator.posts().len(), 1);
}

/// A command that one process has carried out, and another for which it comes too late by now.
async fn done_while_another_was_stopped(bench: &Bench) -> (Record, Replies) {
    let owner = bench.owner();
    let woken = bench.owner_with(|settings| settings.reply_max_age = Duration::ZERO);
    follow([&owner, &woken]).await;
    let record = command(1);
    carry_out(&owner, &record).await;
    (record, woken)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_stopped_for_a_while_refuses_nothing_that_was_done() {
    let bench = Bench::new().await;
    let (record, woken) = done_while_another_was_stopped(&bench).await;
    assert_eq!(published(&woken, "c-1").await, CommandState::Ended);
    // It had waited before its intent, and is too late by now.
    let pending = Some(Pending::new(record.offset, 1, Vec::new()));
    let mut partition = Partition { caught_up_at: Some(1), pending, ..Partition::default() };
    assert_eq!(results(&woken, &mut partition, &record).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_stopped_for_a_while_reads_on_first() {
    let bench = Bench::new().await;
    let (record, woken) = done_while_another_was_stopped(&bench).await;
    let (caught_up_at, handled_at) = (Some(1), Some(SystemTime::now() - Duration::from_mins(1)));
    let pending = Some(Pending::new(record.offset, 1, Vec::new()));
    let mut partition = Partition { caught_up_at, handled_at, pending, ..Partition::default() };
    assert_eq!(results(&woken, &mut partition, &record).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_not_given_back() {
    let bench = Bench::new().await;
    let (one, other) = (bench.owner(), bench.owner());
    follow([&one, &other]).await;
    let record = command(1);
    let read = Command::read(&record, facebook).unwrap();
    let mut pending = Pending::new(record.offset, 1, Vec::new());
    assert!(one.intend(&mut pending, &record, &read.subject).await.unwrap());
    let cut_off = outputs(&other, &mut Partition::default(), &record).await;
    other.publish(&cut_off[0], &record).await.unwrap();
    assert_eq!(published(&one, "c-1").await, CommandState::Ended);
    one.give_back(&mut pending, &record, &read.subject, &StallExemption::unwatched()).await;
    assert_eq!(pending.intent, Intent::Again);
    assert!(!one.intend(&mut pending, &record, &read.subject).await.unwrap(), "nor intended");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_stopped_calls_nothing_cut_off_that_another_may_be_at_work_on() {
    let bench = Bench::new().await;
    let (owner, woken, next) = (bench.owner(), bench.owner(), bench.owner());
    follow([&woken, &next]).await;
    let record = command(1);
    intend(&owner, &record).await;
    // The record waited in its queue.
    let handled_at = Some(SystemTime::now() - Duration::from_mins(1));
    let mut partition = Partition { caught_up_at: Some(0), handled_at, ..doubted_for_minutes() };
    for _ in 0..6 {
        let waits = handle(&woken, &mut partition, &record).await;
        assert!(matches!(waits, Err(Failure::Unavailable { on: Wait::Kafka, .. })), "{waits:?}");
    }
    let said = results(&next, &mut Partition::default(), &record).await;
    assert_eq!(said, ["unknown"], "by who is given the partition");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_stopped_reads_on_before_a_record_of_its_queue_is_refused() {
    let bench = Bench::new().await;
    let owner = bench.owner_with(|settings| settings.reply_max_age = Duration::ZERO);
    assert!(owner.results_reader().await.is_ok());
    let read_at = Some(SystemTime::now() - Duration::from_mins(1));
    let mut partition = Partition { caught_up_at: Some(0), read_at, ..Partition::default() };
    assert_eq!(results(&owner, &mut partition, &command(1)).await, ["refused"]);
    assert_eq!(partition.caught_up_at, Some(1), "behind what others wrote meanwhile");
    let no_command = Record { key: Some(b"1784".to_vec()), ..command(2) };
    assert!(handle(&owner, &mut partition, &no_command).await.is_err());
    assert_eq!(partition.caught_up_at, Some(1), "and not for each");
    partition.read_at = read_at;
    let no_command = Record { key: Some(b"1784".to_vec()), ..command(3) };
    assert!(handle(&owner, &mut partition, &no_command).await.is_err());
    assert_eq!((partition.caught_up_at, published(&owner, "c-3").await), (Some(3), CommandState::Ended));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_is_sure_and_doubted_for_as_long_as_the_session_timeout_of_the_settings_says() {
    let bench = Bench::new().await;
    let mut owner = bench.owner();
    owner.source.kafka.properties.insert(String::from("session.timeout.ms"), String::from("45000"));
    let partition = owner.restore(&command(0)).await.unwrap();
    assert_eq!(partition.session, SessionBounds::of(&owner.source.kafka));
    assert!(partition.session.lost_within > Duration::from_secs(45));
}
