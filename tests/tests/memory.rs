//! The memory of ingest: limits that do not fit it, and floods that must neither kill it nor be remembered.

#![cfg(feature = "everything")]
#![expect(clippy::print_stdout, reason = "what was measured is shown where a test fails or is looked at")]

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use schemas::Topic;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use weir_tests::pipeline::{APP_SECRET, PATIENCE};
use weir_tests::ports;
use weir_tests::process::Binary;
use weir_tests::signed::Sender;
use weir_tests::until::until;
use weir_tests::vitals::Vitals;

/// How much more than before the flood may be resident after it, in MiB, and how soon; glibc's allocator keeps 80.
const RETAINED_MIB: u64 = 48;
const RETURNED_WITHIN: Duration = Duration::from_mins(2);
/// How long a flood of signed bodies may take.
const FLOOD_WITHIN: Duration = Duration::from_mins(5);
/// Unsigned connections of a round, each with a head of nearly 16 KiB.
const CONNECTIONS: usize = 4_000;
const ROUNDS: usize = 3;
/// Signed posters, the size of their bodies, and how many each posts.
const POSTERS: usize = 8;
const POSTED_BYTES: usize = 3_800 << 10;
const POSTED: usize = 8;

const SMALL: &[u8] = include_bytes!("../../schemas/fixtures/message/text.json");

struct Ingest {
    process: Binary,
    address: SocketAddr,
    sender: Sender,
    _spool: tempfile::TempDir,
}

impl Ingest {
    /// As it is shipped: where root runs the tests, within the limit of `k8s/base`.
    async fn start(cluster: &MockCluster<'static, DefaultProducerContext>) -> Result<Self> {
        let [admin, address] = ports::free()?.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let spool = tempfile::tempdir()?;
        let folder = spool.path().to_str().context("a path that is text")?.to_owned();
        let brokers = cluster.bootstrap_servers();
        let (listen, admin_at) = (address.to_string(), admin.to_string());
        let args = ["--brokers", &brokers, "--listen", &listen, "--admin-listen", &admin_at];
        let args = [&args[..], &["--spool-dir", &folder]].concat();
        let mut process = Binary::start("weir-ingest", &args, &[("WEIR_APP_SECRET", APP_SECRET)])?;
        process.ready(&format!("http://{admin}/readyz"), PATIENCE).await?;
        let sender = Sender::new(&format!("http://{address}/webhook"), APP_SECRET.as_bytes())?;
        sender.post_until_accepted(SMALL, PATIENCE).await?;
        Ok(Self { process, address, sender, _spool: spool })
    }

    fn resident(&self) -> Result<u64> {
        Ok(Vitals::of(self.process.pid())?.memory)
    }

    /// Waits for the flood to end; the most that was resident meanwhile. An error where the process did not survive.
    async fn survive(&mut self, flood: impl Future<Output = ()> + Send + 'static) -> Result<u64> {
        let flood = tokio::spawn(flood);
        let mut most = 0;
        until("the end of the flood", FLOOD_WITHIN, async || {
            ensure!(self.process.is_running()?, "it did not survive");
            most = most.max(self.resident()?);
            Ok(flood.is_finished().then_some(()))
        })
        .await?;
        Ok(most)
    }

    /// Waits until no more is resident than before the flood, and a little.
    async fn returns_to(&self, before: u64, most: u64, what: &str) -> Result<()> {
        let start = Instant::now();
        let returned = until("memory to be returned", RETURNED_WITHIN, async || {
            let now = self.resident()?;
            Ok((now <= before + RETAINED_MIB).then_some(now))
        });
        let now = returned.await.with_context(|| {
            format!("{what}: {before} MiB before, {most} at most, {:?} after", self.resident().ok())
        })?;
        println!("{what}: {before} MiB before, {most} at most, {now} after {:.1?}", start.elapsed());
        Ok(())
    }
}

/// Connections with nearly whole heads as large as is allowed, and a body in chunks behind every third.
async fn unsigned_connections(address: SocketAddr) {
    let mut head = "POST /webhook HTTP/1.1\r\nhost: weir\r\n".to_owned();
    for number in 0..94 {
        write!(head, "x-{number:03}: {}\r\n", "v".repeat(150)).expect("a string takes all");
    }
    let chunked = format!(
        "{head}x-hub-signature-256: sha256={}\r\ntransfer-encoding: chunked\r\n\r\n2000\r\n{}",
        "0".repeat(64),
        "b".repeat(8_000)
    );
    for _ in 0..ROUNDS {
        let mut open = Vec::with_capacity(CONNECTIONS);
        for number in 0..CONNECTIONS {
            let Ok(mut stream) = TcpStream::connect(address).await else { continue };
            let sent = if number % 3 == 0 { &chunked } else { &head };
            // One that is evicted while it sends is gone, as it should be.
            let _sent = stream.write_all(sent.as_bytes()).await;
            open.push(stream);
        }
    }
}

/// Large signed bodies, posted as fast as they are answered.
async fn signed_posters(sender: Sender) {
    let mut body = br#"{"object":"page","entry":[]"#.to_vec();
    body.resize(POSTED_BYTES - 1, b' ');
    body.push(b'}');
    let mut posters = JoinSet::new();
    for _ in 0..POSTERS {
        let (sender, body) = (sender.clone(), body.clone());
        posters.spawn(async move {
            for _ in 0..POSTED {
                // Whatever it is answered: that the process survives is what counts.
                let _answer = sender.post(&body).await;
            }
        });
    }
    while posters.join_next().await.is_some() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_neither_kill_ingest_nor_leave_it_with_their_memory() {
    let cluster = MockCluster::new(1).unwrap();
    for topic in Topic::OF_INGEST {
        cluster.create_topic(&topic.name("meta"), 3, 1).unwrap();
    }
    let mut ingest = Ingest::start(&cluster).await.unwrap();
    let before = ingest.resident().unwrap();
    let most = ingest.survive(unsigned_connections(ingest.address)).await.unwrap();
    ingest.returns_to(before, most, "unsigned connections").await.unwrap();

    cluster.broker_down(1).unwrap();
    let most = ingest.survive(signed_posters(ingest.sender.clone())).await.unwrap();
    println!("signed bodies without Kafka: {most} MiB at most");
}

#[tokio::test]
async fn limits_that_do_not_fit_the_memory_are_named_before_anything_is_served() {
    let args = ["--brokers", "127.0.0.1:1", "--max-connections", "20000", "--memory-limit", "768MiB"];
    let mut ingest = Binary::start("weir-ingest", &args, &[("WEIR_APP_SECRET", APP_SECRET)]).unwrap();
    assert_eq!(ingest.wait(PATIENCE).await.unwrap().code(), Some(2));
    let said = ingest.stderr().unwrap();
    for part in ["--memory-limit (flag): found 768 MiB, expected", "MiB for connections (--max-connections"] {
        assert!(said.contains(part), "{said}");
    }
}
