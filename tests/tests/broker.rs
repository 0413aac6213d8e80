//! The harness itself: a broker starts, keeps what it is given, and is gone afterwards.

#![cfg(feature = "everything")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use weir_tests::kafka::Kafka;
use weir_tests::writer::Outgoing;
use weir_tests::{reader, topics, until::until, writer};

const SOON: Duration = Duration::from_mins(1);
/// Makes the test that kills an owner of a broker that owner; its value is the file to write the process id to.
const OWNER: &str = "WEIR_TESTS_OWN_A_BROKER";

fn sample(value: Vec<u8>) -> Outgoing {
    Outgoing {
        key: Some(b"17841405726653026:12345".to_vec()),
        value: Some(value),
        headers: vec![("ce_id".to_owned(), b"1".to_vec()), ("ce_id".to_owned(), vec![0, 0xff])],
    }
}

#[tokio::test]
async fn a_record_is_read_back_byte_for_byte_also_after_a_restart() {
    let mut kafka = Kafka::start().await.unwrap();
    let bootstrap = kafka.bootstrap().to_owned();
    topics::create(&bootstrap, &["one", "other"], 3).await.unwrap();
    let bytes: Vec<u8> = (0..=255).collect();
    writer::write(&bootstrap, "one", vec![sample(bytes.clone())]).await.unwrap();

    let before = reader::read(&bootstrap, "one").await.unwrap();
    assert_eq!(before.len(), 1);
    assert_eq!(before[0].value.as_deref(), Some(&*bytes));
    assert_eq!(before[0].key, sample(Vec::new()).key);
    assert_eq!(before[0].headers, sample(Vec::new()).headers);
    assert_eq!(before[0].offset, 0);
    assert_eq!(reader::read(&bootstrap, "other").await.unwrap(), []);

    kafka.stop().await.unwrap();
    kafka.start_again().await.unwrap();
    assert_eq!(kafka.bootstrap(), bootstrap);
    assert_eq!(reader::read(&bootstrap, "one").await.unwrap(), before);

    kafka.kill().unwrap();
    kafka.start_again().await.unwrap();
    assert_eq!(reader::read(&bootstrap, "one").await.unwrap(), before);
}

#[tokio::test]
async fn records_written_while_the_broker_hangs_come_when_it_goes_on() {
    let mut kafka = Kafka::start().await.unwrap();
    let bootstrap = kafka.bootstrap().to_owned();
    topics::create(&bootstrap, &["late"], 1).await.unwrap();
    let pid = kafka.pid().unwrap();
    kafka.pause().unwrap();
    until("a stopped broker", SOON, async || Ok((state(pid) == Some('T')).then_some(()))).await.unwrap();
    let to = bootstrap.clone();
    let written =
        tokio::spawn(async move { writer::write(&to, "late", vec![sample(b"late".to_vec())]).await });
    kafka.resume().unwrap();
    written.await.unwrap().unwrap();
    let records = reader::read_until(&bootstrap, "late", "one record", SOON, |all| all.len() == 1).await;
    assert_eq!(records.unwrap()[0].value.as_deref(), Some(&b"late"[..]));
}

#[tokio::test]
async fn what_cannot_be_had_is_said() {
    let kafka = Kafka::start().await.unwrap();
    let missing = reader::read(kafka.bootstrap(), "missing").await.unwrap_err();
    assert!(format!("{missing:#}").contains("missing"), "{missing:#}");

    topics::create(kafka.bootstrap(), &["empty"], 1).await.unwrap();
    let twice = topics::create(kafka.bootstrap(), &["empty"], 1).await.unwrap_err();
    assert!(format!("{twice:#}").contains("making the topic empty"), "{twice:#}");
    let short = Duration::from_millis(200);
    let waited = reader::read_until(kafka.bootstrap(), "empty", "a miracle", short, |_| false).await;
    let said = waited.unwrap_err().to_string();
    assert!(said.contains("for a miracle on empty; 0 records are there"), "{said}");
}

#[tokio::test]
async fn a_broker_that_cannot_start_shows_the_end_of_its_log() {
    let failed = Kafka::start_with(&[("num.io.threads", "none")]).await.unwrap_err();
    let said = format!("{failed:#}");
    assert!(said.contains("Not a number of type INT"), "{said}");
}

#[tokio::test]
async fn a_dropped_broker_is_gone() {
    let kafka = Kafka::start().await.unwrap();
    let pid = kafka.pid().unwrap();
    assert!(is_running(pid));
    drop(kafka);
    assert!(!is_running(pid));
}

#[tokio::test]
async fn a_broker_is_gone_after_its_owner_was_killed() {
    if let Some(note) = std::env::var_os(OWNER) {
        return own_a_broker(Path::new(&note)).await.unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    let note = dir.path().join("process");
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_broker_is_gone_after_its_owner_was_killed"])
        .env(OWNER, &note)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let pid = until("the broker of the other process", Duration::from_mins(2), async || {
        assert_eq!(owner.try_wait()?, None, "the owner ended by itself");
        Ok(fs::read_to_string(&note).ok().map(|text| text.parse().unwrap()))
    });
    let pid = pid.await.unwrap();
    assert!(is_running(pid));
    let directory = fs::read_link(format!("/proc/{pid}/cwd")).unwrap();

    owner.kill().unwrap();
    owner.wait().unwrap();

    until("the end of the broker", SOON, async || Ok((!is_running(pid)).then_some(()))).await.unwrap();
    until("the end of its directory", SOON, async || Ok((!directory.exists()).then_some(()))).await.unwrap();
}

/// Starts a broker, notes its process id in a file that is whole as soon as it is there, and waits to be killed.
async fn own_a_broker(note: &Path) -> anyhow::Result<()> {
    let kafka = Kafka::start().await?;
    let half = note.with_extension("half");
    fs::write(&half, kafka.pid().context("no broker")?.to_string())?;
    fs::rename(half, note)?;
    std::future::pending().await
}

/// A process that has ended and was not waited for yet does not count.
fn is_running(pid: u32) -> bool {
    state(pid).is_some_and(|state| state != 'Z')
}

/// The letter that Linux has for the state of a process (proc(5)).
fn state(pid: u32) -> Option<char> {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    status.rsplit_once(") ")?.1.chars().next()
}
