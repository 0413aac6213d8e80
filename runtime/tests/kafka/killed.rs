//! What becomes of the records of a process that is killed.

use std::process::{Child, Command, Stdio};

use crate::cluster::{Cluster, Stored, numbered, quick};
use crate::handler::{echo, options, start};

/// Makes the test below the process that it kills; its value is the brokers.
const BROKERS: &str = "WEIR_TEST_BROKERS";

/// The offset at which the process that is to be killed hangs.
const HANGS_AT: i64 = 30;

/// What the process that is to be killed does: handles records until it hangs, and never ends by itself.
async fn be_the_victim(brokers: &str) {
    let running = start(quick(brokers), options(), async |record| {
        if record.offset == HANGS_AT {
            std::future::pending::<()>().await;
        }
        Ok(vec![echo(&record)])
    });
    std::future::pending::<()>().await;
    drop(running);
}

fn start_victim(brokers: &str) -> Child {
    Command::new(std::env::current_exe().expect("this test's own binary"))
        .args(["--exact", "killed::after_a_kill_the_next_member_goes_on_from_the_contiguous_prefix"])
        .env(BROKERS, brokers)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child process")
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_the_next_member_goes_on_from_the_contiguous_prefix() {
    if let Some(brokers) = std::env::var_os(BROKERS) {
        return be_the_victim(&brokers.into_string().expect("UTF-8")).await;
    }
    let cluster = Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)]);
    cluster.fill("in", "a", numbered(100)).await;
    let mut victim = start_victim(&cluster.mock.bootstrap_servers());
    cluster.read("out", 1, 30).await;
    cluster.wait_for_committed("weir-test", "in", HANGS_AT).await;
    victim.kill().unwrap();
    victim.wait().unwrap();
    let running = start(cluster.kafka(), options(), async |record| Ok(vec![echo(&record)]));
    let stored: Vec<String> = cluster.read("out", 1, 100).await.iter().map(Stored::text).collect();
    assert_eq!(stored, numbered(100));
    assert_eq!(running.values()[0], "0030");
    running.end().await.unwrap();
    assert_eq!(cluster.committed("weir-test", "in").await, Some(100));
}
