//! Requests as an attacker writes them: byte by byte, whole or not.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use weir_tests::signed;

/// Longer than ingest takes for any answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A whole request without its body.
pub(crate) fn head(signature: &str, length: usize) -> Vec<u8> {
    format!(
        "POST /webhook HTTP/1.1\r\nhost: weir\r\ncontent-type: application/json\r\n{}: {signature}\r\ncontent-length: {length}\r\n\r\n",
        signed::HEADER
    )
    .into_bytes()
}

/// A signed request.
pub(crate) fn delivery(secret: &[u8], body: &[u8]) -> Vec<u8> {
    [&head(&signed::signature(secret, body), body.len()), body].concat()
}

/// A body with one message to this account.
pub(crate) fn message(account: &str, mid: &str, text: &str) -> String {
    format!(
        r#"{{"object":"instagram","entry":[{{"id":"{account}","time":1752834911447,"messaging":[{{"sender":{{"id":"5"}},"recipient":{{"id":"{account}"}},"timestamp":1752834910447,"message":{{"mid":"{mid}","text":"{text}"}}}}]}}]}}"#
    )
}

/// A signature that is none of this body.
pub(crate) fn wrong_signature() -> String {
    signed::signature(b"a stranger's secret", b"another body")
}

/// A connection.
pub(crate) async fn connect(at: SocketAddr) -> Result<TcpStream> {
    let connected = timeout(PATIENCE, TcpStream::connect(at)).await.context("no connection in time")?;
    connected.context("connecting")
}

/// Writes; what cannot be written in time is not.
pub(crate) async fn write(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    matches!(timeout(PATIENCE, stream.write_all(bytes)).await, Ok(Ok(())))
}

/// The status of the next answer, where one comes.
pub(crate) async fn status(stream: &mut TcpStream) -> Option<u16> {
    let mut head = vec![0; 4096];
    let read = timeout(PATIENCE, stream.read(&mut head)).await.ok()?.ok()?;
    head.truncate(read);
    String::from_utf8_lossy(&head).split(' ').nth(1)?.parse().ok()
}

/// Posts on a connection of its own; the status.
pub(crate) async fn post(at: SocketAddr, request: &[u8]) -> Option<u16> {
    let mut stream = connect(at).await.ok()?;
    if write(&mut stream, request).await { status(&mut stream).await } else { None }
}

/// Whether the other end has closed it; nothing of an answer is taken.
pub(crate) fn is_closed(stream: &TcpStream) -> bool {
    stream.take_error().is_ok_and(|error| error.is_some()) || {
        let mut byte = [0];
        let peeked = futures_util::FutureExt::now_or_never(stream.peek(&mut byte));
        matches!(peeked, Some(Ok(0) | Err(_)))
    }
}
