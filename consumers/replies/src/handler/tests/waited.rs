//! Commands that wait for the same, one behind the other.

use super::*;
use crate::outcome::Cause;
use runtime::consumer::TopicReader;
use std::net::TcpListener;
use weir_graph::GraphUrl;

const PATIENCE: Duration = Duration::from_millis(500);
/// Of an account at a host where nobody listens.
const DEAD: &str = "1785";

impl Bench {
    /// An owner with the account [`DEAD`], whose commands wait for [`PATIENCE`], and the folder of its accounts.
    fn impatient_owner(&self) -> (Replies, TempDir) {
        self.impatient_owner_with(|_| {})
    }

    fn impatient_owner_with(&self, change: impl FnOnce(&mut ReplySettings)) -> (Replies, TempDir) {
        let accounts = tempfile::tempdir().unwrap();
        let file = format!(r#"{{"login":"facebook","host":"{}","token":"EAAdead"}}"#, nowhere());
        fs::write(accounts.path().join(DEAD), file).unwrap();
        let owner = self.owner_with(|settings| {
            settings.reply_patience = PATIENCE;
            settings.graph.tokens.accounts = Some(accounts.path().to_owned());
            change(settings);
        });
        (owner, accounts)
    }
}

/// A host where nobody listens.
fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// The command of this number to a person, written an hour ago.
fn old(number: i64, account: &str, to: i64) -> Record {
    let value =
        format!(r#"{{"id":"c-{number}","account":"{account}","action":"message","to":"{to}","text":"x"}}"#);
    Record {
        timestamp: Some(SystemTime::now() - Duration::from_hours(1)),
        key: Some(format!("{account}:{to}").into_bytes()),
        value: Some(value.into_bytes()),
        ..command(number)
    }
}

/// The reason for which a command is refused at its first attempt; nothing where it waits.
async fn refused_at_once(owner: &Replies, partition: &mut Partition, record: &Record) -> Option<String> {
    let outputs = match handle(owner, partition, record).await {
        Err(Failure::Unavailable { .. }) => return None,
        handled => handled.unwrap(),
    };
    let result: CommandResult<'_> = serde_json::from_slice(&outputs[0].value).unwrap();
    assert_eq!(result.status, ResultStatus::Refused.into());
    result.reason.map(Into::into)
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_wait_for_a_dead_host_together_where_another_is_reached() {
    let bench = Bench::new().await;
    let (owner, _accounts) = bench.impatient_owner();
    let mut partition = Partition::default();
    assert_eq!(results(&owner, &mut partition, &command(1)).await, ["done"]);
    assert_eq!(refused_at_once(&owner, &mut partition, &old(2, DEAD, 2)).await, None, "the first one waits");
    assert_eq!(results(&owner, &mut partition, &old(2, DEAD, 2)).await, ["refused"]);
    // It may wait for what the intent of the first one took.
    assert_eq!(results(&owner, &mut partition, &old(3, DEAD, 3)).await, ["refused"]);
    for number in 4..6 {
        let behind = refused_at_once(&owner, &mut partition, &old(number, DEAD, number)).await;
        assert_eq!(behind.as_deref(), Some("unreachable"));
    }
    let young = Record { timestamp: Some(SystemTime::now()), ..old(6, DEAD, 6) };
    assert_eq!(
        refused_at_once(&owner, &mut partition, &young).await,
        None,
        "it waits as long as it would alone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_wait_for_a_dead_host_together_though_none_is_sent_elsewhere() {
    let bench = Bench::new().await;
    let (owner, _accounts) = bench.impatient_owner();
    let mut partition = Partition::default();
    assert_eq!(results(&owner, &mut partition, &old(1, DEAD, 1)).await, ["refused"]);
    // It may wait for what the intent of the first one took.
    assert_eq!(results(&owner, &mut partition, &old(2, DEAD, 2)).await, ["refused"]);
    let behind = refused_at_once(&owner, &mut partition, &old(3, DEAD, 3)).await;
    assert_eq!(behind.as_deref(), Some("unreachable"));
    assert!(bench.simulator.posts().is_empty(), "nobody's command was sent");
    let [asked] = &bench.simulator.calls()[..] else { panic!("it is not asked for each call") };
    assert_eq!((asked.method.as_str(), &asked.token), ("HEAD", &None));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_waits_for_itself_where_no_host_is_reached() {
    let bench = Bench::new().await;
    let (owner, _accounts) = bench.impatient_owner_with(|settings| {
        settings.graph.graph.graph_url = GraphUrl::parse(&nowhere()).unwrap();
    });
    let mut partition = Partition::default();
    assert_eq!(results(&owner, &mut partition, &old(1, DEAD, 1)).await, ["refused"]);
    assert_eq!(refused_at_once(&owner, &mut partition, &old(2, DEAD, 2)).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_to_one_person_wait_together_until_meta_takes_one() {
    let bench = Bench::new().await;
    let (owner, _accounts) = bench.impatient_owner();
    let mut partition = Partition::default();
    bench.simulator.misbehave("9", Behaviour::error(2_018_321, None));
    assert_eq!(results(&owner, &mut partition, &old(1, "1784", 9)).await, ["refused"]);
    // It may wait for what the intent of the first one took.
    assert_eq!(results(&owner, &mut partition, &old(2, "1784", 9)).await, ["refused"]);
    let behind = refused_at_once(&owner, &mut partition, &old(6, "1784", 9)).await;
    assert_eq!(behind.as_deref(), Some("try_later"));
    assert_eq!(results(&owner, &mut partition, &old(3, "1784", 8)).await, ["done"], "another person");
    bench.simulator.misbehave_times("9", Behaviour::error(100, None), 1);
    assert_eq!(
        refused_at_once(&owner, &mut partition, &old(4, "1784", 9)).await.as_deref(),
        Some("invalid_call")
    );
    bench.simulator.misbehave("9", Behaviour::error(2_018_321, None));
    assert_eq!(refused_at_once(&owner, &mut partition, &old(5, "1784", 9)).await, None, "it begins anew");
}

/// How many records the results topic has.
fn records(bench: &Bench) -> i64 {
    let kafka = KafkaSettings::plain(bench.mock.bootstrap_servers());
    let reader = TopicReader::new(&kafka, "test", RESULTS).unwrap();
    reader.partitions().unwrap().into_iter().map(|partition| reader.ends(partition).unwrap().1).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_waits_for_a_dead_host_writes_what_it_begins_and_gives_back_once() {
    let bench = Bench::new().await;
    let (owner, _accounts) = bench.impatient_owner_with(|settings| {
        settings.reply_patience = Duration::from_hours(1);
    });
    let mut partition = Partition::default();
    for _ in 0..5 {
        assert_eq!(refused_at_once(&owner, &mut partition, &old(1, DEAD, 1)).await, None);
    }
    assert_eq!(records(&bench), 2);
    assert!(partition.pending.as_ref().unwrap().waits_since.is_some());
    let owner = Replies {
        settings: ReplySettings { reply_patience: Duration::ZERO, ..owner.settings.clone() },
        ..owner
    };
    assert_eq!(results(&owner, &mut partition, &old(1, DEAD, 1)).await, ["refused"]);
    assert_eq!(records(&bench), 3, "its owner refuses it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_sent_once_its_host_is_reached_again() {
    let bench = Bench::new().await;
    let (owner, _accounts) = bench.impatient_owner();
    let cause = Cause { reason: "unreachable", error: String::new() };
    let pending = Pending { unreached: Some(cause), ..Pending::new(1, 1, Vec::new()) };
    let mut partition = Partition { pending: Some(pending), ..Partition::default() };
    assert_eq!(results(&owner, &mut partition, &command(1)).await, ["done"]);
    let [asked] = &bench.simulator.calls()[..] else { panic!("it is asked for once") };
    assert_eq!((asked.method.as_str(), bench.simulator.posts().len()), ("HEAD", 1));
}
