//! The admin port serves metrics and probes, and closes for whoever is slow or greedy.

use std::io::{ErrorKind, Read as _, Write as _};
use std::sync::{Mutex, mpsc as thread_channel};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::sync::mpsc::{Sender, channel};

use super::exposition::tests::Looks;
use super::*;

async fn server() -> (SocketAddr, Process) {
    let process = Process::new("weir-test", "1.2.3");
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, process.clone()));
    (address, process)
}

async fn ask(address: SocketAddr, method: &str, path: &str) -> String {
    let request = format!("{method} {path} HTTP/1.1\r\nhost: weir\r\nconnection: close\r\n\r\n");
    let exchange = move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    tokio::task::spawn_blocking(exchange).await.unwrap()
}

#[tokio::test]
async fn metrics_are_served_as_text() {
    let (address, process) = server().await;
    crate::metrics::counter(&process.registry, "weir_things_total", "Things").inc_by(7);
    let answer = ask(address, "GET", "/metrics").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"));
    assert!(answer.contains("weir_things_total 7"));
    assert!(answer.contains("weir_build_info{name=\"weir-test\",version=\"1.2.3\"} 1"));
}

#[tokio::test]
async fn readiness_follows_the_checks_and_the_shutdown() {
    let (address, process) = server().await;
    let check = process.health.check("kafka", Probe::Startup);
    let answer = ask(address, "GET", "/readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("[-]kafka failed: starting"));
    check.pass();
    assert!(ask(address, "GET", "/readyz").await.ends_with("\r\n\r\nok\n"));
    assert!(ask(address, "GET", "/startupz?verbose").await.ends_with("[+]kafka ok\n"));
    process.shutdown.trigger();
    assert!(ask(address, "GET", "/readyz").await.contains("[-]shutdown failed: draining"));
    assert!(ask(address, "GET", "/livez").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn build_names_the_binary_and_its_version() {
    let (address, _process) = server().await;
    let answer = ask(address, "GET", "/build").await;
    assert!(answer.ends_with("{\"name\":\"weir-test\",\"version\":\"1.2.3\"}\n"));
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let (address, _process) = server().await;
    assert!(ask(address, "GET", "/").await.starts_with("HTTP/1.1 404"));
    let answer = ask(address, "POST", "/metrics").await;
    assert!(answer.starts_with("HTTP/1.1 405") && answer.contains("allow: GET, HEAD"));
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_setting() {
    let (address, _process) = server().await;
    let error = bind(address).await.unwrap_err();
    let text = crate::process::chain(&error);
    assert!(text.starts_with(&format!("--admin-listen: cannot listen on {address}")), "{text}");
    assert!(text.contains("in use"), "{text}");
}

/// More clients than the port has connections, each of which sends this and then neither reads nor closes.
async fn attack(address: SocketAddr, sent: &[u8]) -> Vec<TcpStream> {
    let mut clients = Vec::new();
    for _ in 0..MAX_CONNECTIONS + 6 {
        let client = TcpSocket::new_v4().unwrap();
        client.set_recv_buffer_size(4096).unwrap();
        let mut client = client.connect(address).await.unwrap();
        client.write_all(sent).await.unwrap();
        clients.push(client);
    }
    clients
}

/// Asks for far more than fits between the two.
fn many_requests() -> Vec<u8> {
    b"GET /metrics HTTP/1.1\r\nhost: weir\r\n\r\n".repeat(100)
}

async fn is_alive_within(address: SocketAddr, limit: Duration) -> bool {
    let answer = tokio::time::timeout(limit, ask(address, "GET", "/livez")).await;
    answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// Attacks, and returns the clients once a probe beside them is answered within a second, long before any of them is cut off.
///
/// A machine that does other things may take longer for once.
async fn attack_and_probe(address: SocketAddr, sent: &[u8]) -> Vec<TcpStream> {
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.extend(attack(address, sent).await);
        if is_alive_within(address, Duration::from_secs(1)).await {
            return clients;
        }
    }
    panic!("no probe was answered within a second");
}

#[tokio::test]
async fn silent_clients_do_not_keep_a_probe_from_its_answer() {
    let (address, _process) = server().await;
    let _silent = attack_and_probe(address, b"").await;
}

#[tokio::test]
async fn clients_that_read_no_answer_do_not_keep_a_probe_from_its_answer() {
    let (address, process) = server().await;
    let (begin, looks) = (Instant::now(), Looks::default());
    process.registry.register(Box::new(looks.clone())).unwrap();
    let _clients = attack_and_probe(address, &many_requests()).await;
    looks.are_bounded(begin);
}

#[tokio::test]
async fn a_client_that_reads_no_answer_is_cut_off_in_seconds() {
    const MORE: &[u8] = &[b'x'; 64 << 10];
    let (address, process) = server().await;
    let more_than_fits = "x".repeat(1 << 20);
    crate::metrics::counter(&process.registry, "weir_things_total", &more_than_fits);
    let mut clients = attack(address, &many_requests()).await;
    let newest = clients.pop().unwrap();
    // It goes on reading nothing: that it cannot write any more says that it was cut off.
    let cut_off = async {
        while newest.try_write(MORE).map_or_else(|error| error.kind() == ErrorKind::WouldBlock, |_| true) {
            newest.writable().await.unwrap();
        }
    };
    let seconds = TIMEOUTS.idle / 3;
    tokio::time::timeout(seconds, cut_off).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_asks_without_end_is_slowed_and_no_other() {
    let (address, _process) = server().await;
    let begin = Instant::now();
    let mut greedy = TcpStream::connect(address).await.unwrap();
    greedy.write_all(&b"GET /livez HTTP/1.1\r\nhost: weir\r\n\r\n".repeat(70)).await.unwrap();
    assert!(is_alive_within(address, Duration::from_secs(2)).await);
    let mut answers = Vec::new();
    while answers.windows(4).filter(|end| end == b"\nok\n").count() < 70 {
        assert_ne!(greedy.read_buf(&mut answers).await.unwrap(), 0, "closed");
    }
    // Each after the first 40 a tenth of a second.
    assert!(begin.elapsed() > Duration::from_millis(2_900), "{:?}", begin.elapsed());
}

/// Says that metrics are rendered, and holds that up.
struct Gate {
    begun: Sender<()>,
    opened: Mutex<thread_channel::Receiver<()>>,
}

impl Collector for Gate {
    fn desc(&self) -> Vec<&Desc> {
        Vec::new()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let _told = self.begun.try_send(());
        // When the test is over, it is open too.
        let _opened = self.opened.lock().unwrap().recv();
        Vec::new()
    }
}

#[tokio::test]
async fn a_scrape_that_waits_is_not_evicted_and_keeps_no_probe_waiting() {
    let (address, process) = server().await;
    let ((begun, mut begins), (open, opened)) = (channel(1), thread_channel::channel());
    process.registry.register(Box::new(Gate { begun, opened: Mutex::new(opened) })).unwrap();
    let scrape = tokio::spawn(ask(address, "GET", "/metrics"));
    begins.recv().await.unwrap();
    let mut newer = Vec::new();
    for sent in [Vec::new(), many_requests()] {
        // Connections are accepted in their turn: with the probe, all of those were.
        newer.push(attack_and_probe(address, &sent).await);
    }
    open.send(()).unwrap();
    assert!(scrape.await.unwrap().starts_with("HTTP/1.1 200"));
}
