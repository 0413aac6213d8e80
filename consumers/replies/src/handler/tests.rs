//! Two owners of one partition, as after a change of owner that one of them has not heard of.

mod actions;
mod blocked;
mod firewall;
mod given_back;
mod lateness;
mod lost;
mod not_enough_replicas;
mod reject;
mod same_id;
mod shared_token;
mod unknown;
mod unread_tokens;
mod unreadable;
mod waited;

use super::*;
use crate::ABOUT;
use crate::settings::tests::read;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use runtime::consumer::Headers;
use runtime::process::Process;
use runtime::settings::KafkaSettings;
use schemas::reply::{CommandResult, ResultStatus};
use std::fs;
use std::time::SystemTime;
use tempfile::TempDir;
use weir_graph::{Account, GraphId, Login};
use weir_graph_simulator::{Behaviour, Simulator};

const RESULTS: &str = "results";

struct Bench {
    mock: MockCluster<'static, DefaultProducerContext>,
    simulator: Simulator,
    tokens: TempDir,
}

fn facebook(account: &GraphId) -> Account {
    Account::new(account.clone(), Login::Facebook, None)
}

impl Bench {
    async fn new() -> Self {
        let mock = MockCluster::new(1).unwrap();
        mock.create_topic(RESULTS, 4, 1).unwrap();
        let tokens = tempfile::tempdir().unwrap();
        fs::write(tokens.path().join("default"), "EAAcanary").unwrap();
        Self { mock, simulator: Simulator::start().await.unwrap(), tokens }
    }

    fn owner(&self) -> Replies {
        self.owner_with(|_| {})
    }

    fn owner_with(&self, change: impl FnOnce(&mut ReplySettings)) -> Replies {
        let tokens = self.tokens.path().to_str().unwrap();
        let mut settings = read(&["--graph-url", &self.simulator.url(), "--access-tokens", tokens]).unwrap();
        settings.remembered_commands = 1_000;
        change(&mut settings);
        let kafka = KafkaSettings::plain(self.mock.bootstrap_servers());
        let process = Process::new(ABOUT.name, ABOUT.version);
        let tokens = Arc::new(settings.graph.open_tokens(&process.registry));
        crate::replies(&kafka, &process, RESULTS, settings, tokens).unwrap()
    }
}

fn command(number: i64) -> Record {
    let value =
        format!(r#"{{"id":"c-{number}","account":"1784","action":"message","to":"{number}","text":"x"}}"#);
    Record {
        topic: Arc::from("replies"),
        partition: 0,
        offset: number,
        timestamp: Some(SystemTime::now()),
        key: Some(format!("1784:{number}").into_bytes()),
        value: Some(value.into_bytes()),
        headers: Headers::default(),
    }
}

/// Has owners begin to read before there is anything, since the mock cluster finds no offset by time.
async fn follow(owners: [&Replies; 2]) {
    for owner in owners {
        assert!(owner.results_reader().await.is_ok());
    }
}

/// One attempt, as the loop makes it.
async fn handle(owner: &Replies, partition: &mut Partition, record: &Record) -> Result<Vec<Output>, Failure> {
    owner.handle(partition, record, &mut None, &StallExemption::unwatched()).await
}

/// A partition that is taken long after it is doubted.
fn doubted_for_minutes() -> Partition {
    let (kept_for, lost_within) = (Duration::from_secs(10), Duration::from_mins(5));
    Partition::new(SessionBounds { kept_for, lost_within })
}

fn status(output: &Output) -> String {
    let result: CommandResult<'_> = serde_json::from_slice(&output.value).unwrap();
    serde_json::to_value(&result.status).unwrap().as_str().unwrap().to_owned()
}

/// The results that an owner gives of a command in the end, by status.
async fn results(owner: &Replies, partition: &mut Partition, record: &Record) -> Vec<String> {
    outputs(owner, partition, record).await.iter().map(status).collect()
}

/// The results that an owner gives of a command in the end.
async fn outputs(owner: &Replies, partition: &mut Partition, record: &Record) -> Vec<Output> {
    loop {
        match handle(owner, partition, record).await {
            Ok(outputs) => return outputs,
            Err(Failure::Unavailable { wait, .. }) => {
                tokio::time::sleep(wait.unwrap_or(Duration::from_millis(20))).await;
            }
            Err(failure) => panic!("{failure:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_owners_one_carries_a_command_out() {
    let bench = Bench::new().await;
    let (one, other) = (bench.owner(), bench.owner());
    follow([&one, &other]).await;
    let (mut ones, mut others) = (Partition::default(), Partition::default());
    for number in 0..40 {
        let record = command(number);
        let (first, second) =
            tokio::join!(results(&one, &mut ones, &record), results(&other, &mut others, &record));
        let mut all = [first, second].concat();
        all.sort();
        // The slower one has no result, or `unknown`.
        assert!(all == ["done"] || all == ["done", "unknown"], "{all:?}");
        assert_eq!(bench.simulator.posts().len(), usize::try_from(number).unwrap() + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_one_account_holds_its_partition_for_as_long_as_one_command_may_wait() {
    let bench = Bench::new().await;
    let owner = bench.owner_with(|settings| {
        settings.reply_patience = Duration::from_secs(3);
        let limits = &mut settings.graph.rate_limit;
        (limits.graph_stop_for, limits.longest_stop) = (Duration::from_secs(2), Duration::from_secs(2));
    });
    bench.simulator.misbehave("1784", Behaviour::error(32, None));
    let mut partition = Partition::default();
    assert_eq!(results(&owner, &mut partition, &command(1)).await, ["refused"]);
    let calls = bench.simulator.posts().len();
    let behind = handle(&owner, &mut partition, &command(2)).await;
    assert!(behind.is_ok_and(|outputs| outputs.len() == 1), "it is refused at once");
    assert_eq!(bench.simulator.posts().len(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_token_is_tried_once_more_and_a_refused_one_is_not() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    bench.simulator.refuse_token("EAAcanary");
    fs::write(bench.tokens.path().join("default"), "EAAnew").unwrap();
    let mut partition = Partition::default();
    assert_eq!(results(&owner, &mut partition, &command(1)).await, ["done"]);
    bench.simulator.refuse_token("EAAnew");
    assert_eq!(results(&owner, &mut partition, &command(2)).await, ["refused"]);
    assert_eq!(results(&owner, &mut partition, &command(3)).await, ["refused"]);
    assert_eq!(bench.simulator.posts().len(), 3, "the third was not tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_is_begun_that_could_not_be_remembered() {
    let bench = Bench::new().await;
    let owner = bench.owner_with(|settings| settings.remembered_commands = 1);
    let mut partition = Partition::default();
    assert_eq!(results(&owner, &mut partition, &command(1)).await, ["done"]);
    let failure = handle(&owner, &mut partition, &command(2)).await.unwrap_err();
    let Failure::Unavailable { error, on: Wait::Memory, .. } = failure else { panic!("{failure:?}") };
    assert!(error.contains("--remembered-commands"), "{error}");
    assert_eq!((bench.simulator.posts().len(), ABOUT.name), (1, "weir-replies"));
}

/// The results on the topic that are no intents, as they come.
async fn published(owner: &Replies, id: &str) -> CommandState {
    let reader = owner.results_reader().await.unwrap();
    reader.wait_until_caught_up(READ_BACK).await.unwrap();
    reader.ledger().state(&crate::ledger::name("1784", id))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_is_tried_again_only_where_meta_says_that_nothing_was_sent() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    let mut partition = Partition::default();
    for (number, code, subcode, expected, calls) in [
        (1, 1, Some(1_357_046), "done", 1),
        (2, 2_018_321, None, "done", 2),
        (3, 1_200, None, "unknown", 1),
        (4, -1, Some(2_207_001), "unknown", 1),
        (5, 9_999, None, "unknown", 1),
        (6, 200, Some(1_545_041), "refused", 1),
    ] {
        let before = bench.simulator.posts().len();
        bench.simulator.misbehave_times(&number.to_string(), Behaviour::error(code, subcode), 1);
        assert_eq!(results(&owner, &mut partition, &command(number)).await, [expected], "{code}/{subcode:?}");
        assert_eq!(bench.simulator.posts().len() - before, calls, "{code}/{subcode:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_from_the_dead_letters_is_as_old_as_its_first_record() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    let three_days_ago = SystemTime::now() - Duration::from_hours(72);
    let written = humantime::format_rfc3339_millis(three_days_ago).to_string().into_bytes();
    let headers = [("weir_dlq_first_written", Some(written))].into_iter().collect();
    let record = Record { headers, ..command(1) };
    assert_eq!(results(&owner, &mut Partition::default(), &record).await, ["refused"]);
    assert_eq!(bench.simulator.posts(), []);
}

/// Writes the intent of a command, as a process does that ends before there is a result.
async fn intend(owner: &Replies, record: &Record) {
    let command = Command::read(record, facebook).unwrap();
    let mut pending = Pending::new(record.offset, 1, Vec::new());
    assert!(owner.intend(&mut pending, record, &command.subject).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_that_was_intended_has_a_result_when_it_is_put_back() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    assert!(owner.results_reader().await.is_ok());
    intend(&bench.owner(), &command(1)).await;
    let again = Record { offset: 7, ..command(1) };
    let mut partition = Partition::default();
    assert_eq!(results(&owner, &mut partition, &again).await, [""; 0], "the first one has its own");
    let failed = humantime::format_rfc3339_millis(SystemTime::now()).to_string().into_bytes();
    let headers = [("weir_dlq_first_failed", Some(failed))].into_iter().collect();
    let put_back = outputs(&owner, &mut partition, &Record { headers, ..again }).await;
    let result: CommandResult<'_> = serde_json::from_slice(&put_back[0].value).unwrap();
    assert_eq!((put_back.len(), result.status), (1, ResultStatus::Unknown.into()));
    assert_eq!((result.reason.as_deref(), result.offset), (Some("cut_off"), 1));
    assert_eq!(bench.simulator.posts(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_says_that_it_was_sent_is_no_answer() {
    let bench = Bench::new().await;
    bench.simulator.misbehave("1", Behaviour::error(1, Some(1_357_046)));
    let outputs = handle(&bench.owner(), &mut Partition::default(), &command(1)).await.unwrap();
    let result: CommandResult<'_> = serde_json::from_slice(&outputs[0].value).unwrap();
    assert_eq!(result.status, ResultStatus::Done.into());
    assert!(result.answer.is_none());
}
