//! An acceptor on a loopback port.

use super::*;
use crate::settings::Settings;
use prometheus::Registry;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// An acceptor whose handler panics at `/panic`, on a loopback port.
async fn open() -> (SocketAddr, Arc<Metrics>) {
    let metrics = Arc::new(Metrics::new(&Registry::new()));
    let limits = Settings::local("secret", "token").limits;
    let respond = |request: Request<Incoming>, _slot: Arc<Slot>| async move {
        assert_ne!(request.uri().path(), "/panic", "on purpose");
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

async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: weir\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
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
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    while metrics.connections.get() != 0 {
        assert!(tokio::time::Instant::now() < deadline, "a connection that has ended is still counted");
        tokio::task::yield_now().await;
    }
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
