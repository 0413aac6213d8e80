//! An acceptor on a loopback port.

use super::*;
use crate::settings::Settings;
use prometheus::Registry;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// An acceptor whose handler panics at `/panic` and takes its time at `/late`, on a loopback port.
async fn open() -> (SocketAddr, Arc<Metrics>) {
    let metrics = Arc::new(Metrics::new(&Registry::new()));
    let limits = Settings::local("secret", "token").limits;
    let respond = |request: Request<Incoming>, _slot: Arc<Slot>| async move {
        assert_ne!(request.uri().path(), "/panic", "on purpose");
        if request.uri().path() == "/late" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        WebhookResponse::Accepted.into_response(false)
    };
    let acceptor = Acceptor::new(&limits, Arc::clone(&metrics), respond);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        acceptor.keep_accepting(&listener, &GracefulShutdown::new()).await;
    });
    (address, metrics)
}

async fn send(address: SocketAddr, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    stream
}

async fn no_connection_is_left(metrics: &Metrics) {
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    while metrics.connections.get() != 0 {
        assert!(tokio::time::Instant::now() < deadline, "a connection that has ended is still counted");
        tokio::task::yield_now().await;
    }
}

async fn get(address: SocketAddr, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: weir\r\nconnection: close\r\n\r\n");
    let mut stream = send(address, &request).await;
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response
}

#[tokio::test]
async fn a_panic_is_answered_500_and_the_next_request_is_served() {
    let (address, metrics) = open().await;
    let response = get(address, "/panic").await;
    assert!(response.starts_with("HTTP/1.1 500 ") && response.contains("connection: close"), "{response}");
    assert!(get(address, "/").await.starts_with("HTTP/1.1 200 "));
    no_connection_is_left(&metrics).await;
}

#[tokio::test]
async fn a_client_that_ends_its_side_behind_a_request_is_answered() {
    let (address, metrics) = open().await;
    let mut stream = send(address, "GET /late HTTP/1.1\r\nhost: weir\r\n\r\n").await;
    stream.shutdown().await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    no_connection_is_left(&metrics).await;
}

#[tokio::test]
async fn a_client_that_is_gone_keeps_its_connection_no_longer_than_its_request_takes() {
    let (address, metrics) = open().await;
    drop(send(address, "GET /late HTTP/1.1\r\nhost: weir\r\n\r\n").await);
    let mut begun = send(address, "POST /late HTTP/1.1\r\nhost: weir\r\ncontent-length: 9\r\n\r\n1").await;
    begun.shutdown().await.unwrap();
    begun.read_to_end(&mut Vec::new()).await.unwrap();
    no_connection_is_left(&metrics).await;
}

#[test]
fn a_connection_is_counted_until_it_ends_even_if_by_a_panic() {
    let connections = IntGauge::new("open", "Open").unwrap();
    let open = OpenConnection::count(&connections);
    assert_eq!(connections.get(), 1);
    let unwound = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let _open = open;
        panic!("on purpose");
    }));
    assert!(unwound.is_err());
    assert_eq!(connections.get(), 0);
}
