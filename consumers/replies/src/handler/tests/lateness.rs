//! Commands that become too late on their way.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_became_too_late_while_its_intent_was_written_is_refused_and_not_sent() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    let mut partition = Partition::default();
    assert_eq!(results(&owner, &mut partition, &command(1)).await, ["done"]);
    bench.mock.broker_round_trip_time(1, Duration::from_millis(600)).unwrap();
    let not_after = humantime::format_rfc3339_millis(SystemTime::now() + Duration::from_millis(400));
    let value = format!(
        r#"{{"id":"c-2","account":"1784","action":"message","to":"2","text":"x","not_after":"{not_after}"}}"#
    );
    let record = Record { value: Some(value.into_bytes()), ..command(2) };
    let outputs = handle(&owner, &mut partition, &record).await.unwrap();
    bench.mock.broker_round_trip_time(1, Duration::ZERO).unwrap();
    let result: CommandResult<'_> = serde_json::from_slice(&outputs[0].value).unwrap();
    let expected = (1, ResultStatus::Refused.into(), Some("too_late"));
    assert_eq!((outputs.len(), result.status, result.reason.as_deref()), expected);
    let state = published(&owner, "c-2").await;
    assert!(matches!(state, CommandState::Intended { attempt: 1, .. }), "it was too late after that");
    assert_eq!(bench.simulator.posts().len(), 1);
}

/// The command of this number, of three days ago.
fn old(number: i64) -> Record {
    Record { timestamp: Some(SystemTime::now() - Duration::from_hours(72)), ..command(number) }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_old_command_whose_results_are_still_there_nothing_else_is_said() {
    let bench = Bench::new().await;
    let former = bench.owner();
    let done = handle(&former, &mut Partition::default(), &command(1)).await.unwrap();
    former.publish(&done[0], &command(1)).await.unwrap();
    intend(&former, &command(2)).await;
    // The mock cluster finds no offset by time, so a new process remembers nothing. What is older than a second is old enough for it.
    let mut looks = tokio::time::interval(Duration::from_millis(1_500));
    looks.tick().await;
    looks.tick().await;
    let owner = bench.owner_with(|settings| settings.reply_max_age = Duration::from_secs(1));
    let mut partition = Partition::default();
    assert_eq!(results(&owner, &mut partition, &old(1)).await, [""; 0]);
    let begun = handle(&owner, &mut partition, &old(2)).await.unwrap();
    let result: CommandResult<'_> = serde_json::from_slice(&begun[0].value).unwrap();
    assert_eq!((result.status, result.reason.as_deref()), (ResultStatus::Unknown.into(), Some("too_late")));
    assert_eq!(results(&owner, &mut partition, &old(3)).await, ["refused"], "nobody knows of it");
    assert_eq!(bench.simulator.posts().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_in_the_future_is_refused_and_the_log_tells_whoever_runs_this_host() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    let record = Record { timestamp: Some(SystemTime::now() + Duration::from_hours(5)), ..command(1) };
    let outputs = outputs(&owner, &mut Partition::default(), &record).await;
    let result: CommandResult<'_> = serde_json::from_slice(&outputs[0].value).unwrap();
    let expected = (ResultStatus::Refused.into(), Some("too_late"));
    assert_eq!((result.status, result.reason.as_deref()), expected);
    assert_eq!(owner.clock_log.pass(Instant::now()), None, "it was said just now");
    assert!(bench.simulator.posts().is_empty());
}
