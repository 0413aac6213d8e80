//! Records that are no commands which could be carried out.

use super::*;
use crate::outcome::Cause;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_command_has_a_result_where_its_id_can_be_read() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    assert!(owner.results_reader().await.is_ok());
    let mut partition = Partition::default();
    let number = Record {
        value: Some(br#"{"id":"c-1","account":"1784","action":"message","to":1,"text":"x"}"#.to_vec()),
        ..command(1)
    };
    for (record, expected) in [
        (number, "bad_command"),
        (Record { key: Some(b"1784".to_vec()), ..command(2) }, "wrong_key"),
        (Record { value: Some(b"{".to_vec()), ..command(3) }, "unreadable"),
    ] {
        let failure = handle(&owner, &mut partition, &record).await.unwrap_err();
        let Failure::Reject { reason, .. } = failure else { panic!("{failure:?}") };
        assert_eq!(reason, expected);
    }
    let published =
        [published(&owner, "c-1").await, published(&owner, "c-2").await, published(&owner, "c-3").await];
    assert_eq!(published, [CommandState::Ended, CommandState::Ended, CommandState::New]);
    // Corrected under the same id it is another command of that id.
    assert_eq!(results(&owner, &mut partition, &command(2)).await, [""; 0]);
    assert_eq!(bench.simulator.posts(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_copy_of_a_command_does_not_end_the_good_one() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    assert!(owner.results_reader().await.is_ok());
    intend(&bench.owner(), &command(1)).await;
    // In a partition of another process, which has not read the intent.
    let (bad, other) = (Record { partition: 3, key: Some(b"1784".to_vec()), ..command(1) }, bench.owner());
    let subject = Command::read(&bad, facebook).unwrap_err().subject.unwrap();
    let cause = Cause { reason: "wrong_key", error: String::new() };
    other.publish(&other.result(&bad, &subject, 1, &AttemptResult::Refused(&cause)), &bad).await.unwrap();
    let state = published(&owner, "c-1").await;
    assert!(matches!(state, CommandState::Intended { attempt: 1, position: (0, 1), .. }), "{state:?}");
    assert_eq!(results(&owner, &mut Partition::default(), &command(1)).await, ["unknown"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_with_a_key_that_no_result_could_have_is_refused() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    assert!(owner.results_reader().await.is_ok());
    // It came compressed.
    let record = Record { key: Some(vec![b'1'; 6 << 20]), ..command(1) };
    let failure = handle(&owner, &mut Partition::default(), &record).await.unwrap_err();
    let Failure::Reject { reason, .. } = failure else { panic!("{failure:?}") };
    assert_eq!((reason, published(&owner, "c-1").await), ("wrong_key", CommandState::Ended));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_writer_is_told_counts_for_no_stop_once_a_command_was_read() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    let mut partition = Partition::default();
    assert_eq!(results(&owner, &mut partition, &command(1)).await, ["done"]);
    let wrong_key = Record { key: Some(b"1784".to_vec()), ..command(2) };
    let failure = handle(&owner, &mut partition, &wrong_key).await.unwrap_err();
    assert!(matches!(failure, Failure::RejectUncounted { reason: "wrong_key", .. }), "{failure:?}");
    let unreadable = Record { value: Some(b"{".to_vec()), ..command(3) };
    let failure = handle(&owner, &mut partition, &unreadable).await.unwrap_err();
    assert!(matches!(failure, Failure::Reject { reason: "unreadable", .. }), "{failure:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_back_is_refused_by_who_intends_it() {
    let bench = Bench::new().await;
    let (one, other) = (bench.owner(), bench.owner());
    follow([&one, &other]).await;
    let record = command(1);
    let subject = Command::read(&record, facebook).unwrap().subject;
    let mut pending = Pending::new(record.offset, 1, Vec::new());
    assert!(one.intend(&mut pending, &record, &subject).await.unwrap());
    pending.intent = Intent::Written;
    one.give_back(&mut pending, &record, &subject, &StallExemption::unwatched()).await;
    // Which does not take it for a command. Its key is the same, or its results would have no order.
    let without_text = br#"{"id":"c-1","account":"1784","action":"message","to":"1"}"#;
    let bad = Record { value: Some(without_text.to_vec()), ..command(1) };
    let refused = handle(&other, &mut Partition::default(), &bad).await.unwrap_err();
    assert!(matches!(refused, Failure::Reject { reason: "bad_command", .. }), "{refused:?}");
    assert!(!one.intend(&mut pending, &record, &subject).await.unwrap());
}
