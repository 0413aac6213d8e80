//! What ingest does when the system has no file descriptor left for it.

#![cfg(feature = "everything")]

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use weir_tests::pipeline::{APP_SECRET, PATIENCE};
use weir_tests::shipped::Container;
use weir_tests::{http, ports, signed};

/// More than the process needs for itself, and fewer than the test has connections.
const DESCRIPTORS: usize = 60;

/// A delivery that is one, with nothing in it.
const NOTHING: &[u8] = br#"{"object":"instagram","entry":[]}"#;

/// A connection to the admin port that is there before the descriptors run out.
struct Admin(BufReader<TcpStream>);

impl Admin {
    async fn accept_errors(&mut self) -> Result<u64> {
        self.0.get_mut().write_all(b"GET /metrics HTTP/1.1\r\nhost: weir\r\n\r\n").await?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await?;
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length: ") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        let text = String::from_utf8(body)?;
        let value = text.lines().find_map(|line| line.strip_prefix("weir_ingest_accept_errors_total "));
        Ok(value.context("the metric is shown")?.parse()?)
    }
}

/// A delivery on a connection that goes on, as bytes.
fn delivery() -> Vec<u8> {
    let signature = signed::signature(APP_SECRET.as_bytes(), NOTHING);
    let length = NOTHING.len();
    let head = format!(
        "POST /webhook HTTP/1.1\r\nhost: weir\r\nx-hub-signature-256: {signature}\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), NOTHING].concat()
}

#[tokio::test]
async fn ingest_serves_on_when_descriptors_run_out_and_does_not_spin() {
    let [admin, listen] = ports::free().unwrap().map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    let limited = format!("ulimit -n {DESCRIPTORS}; exec \"$@\"");
    let (at, admin_at) = (listen.to_string(), admin.to_string());
    let args = ["--brokers", "127.0.0.1:1", "--listen", &at, "--admin-listen", &admin_at];
    // A shell outside of the container, which hands its limit on.
    let words = ["sh", "-c", &limited, "sh"];
    let container = Container::of("weir-ingest").behind(&words);
    let mut ingest = container.start(&args, &[("WEIR_APP_SECRET", APP_SECRET)]).unwrap();
    ingest.ready(&format!("http://{admin}/livez"), PATIENCE).await.unwrap();
    let mut admin = Admin(BufReader::new(TcpStream::connect(admin).await.unwrap()));
    // The metric is there a moment after the port.
    timeout(PATIENCE, async { while admin.accept_errors().await.is_err() {} }).await.unwrap();
    assert_eq!(admin.accept_errors().await.unwrap(), 0);

    // The kernel takes connections for a process that cannot, so all of these come about; they send nothing, and make
    // room for whoever comes next.
    let mut silent = Vec::new();
    for _ in 0..2 * DESCRIPTORS {
        silent.push(TcpStream::connect(listen).await.unwrap());
    }
    let (status, _) = http::get(&format!("http://{listen}/nowhere")).await.unwrap();
    assert_eq!(status.as_u16(), 404);
    drop(silent);

    // Who has sent something signed and is idle makes room too.
    let before = admin.accept_errors().await.unwrap();
    let mut held = Vec::new();
    for _ in 0..2 * DESCRIPTORS {
        let mut stream = TcpStream::connect(listen).await.unwrap();
        stream.write_all(&delivery()).await.unwrap();
        held.push(stream);
    }
    let (status, _) = http::get(&format!("http://{listen}/nowhere")).await.unwrap();
    assert_eq!(status.as_u16(), 404);
    // Each time, some are evicted at once: a loop that spins has thousands of errors.
    let errors = admin.accept_errors().await.unwrap() - before;
    assert!(errors <= 2 * DESCRIPTORS as u64, "{errors} errors");
    // Not the limit that is a setting, and was not reached.
    let is_said = |line: &str| line.contains("limit reached") && line.contains("ulimit -n");
    ingest.line("the limit that was reached", PATIENCE, is_said).await.unwrap();
    drop(held);
    assert!(ingest.terminate(PATIENCE + Duration::from_secs(10)).await.unwrap().success());
}
