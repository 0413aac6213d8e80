//! One kept-alive connection: a request out, its answer in.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(super) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true).context("a connection that is gone")?;
        Ok(Self { stream, read: Vec::with_capacity(4096) })
    }

    /// The status of the answer, once all of it was read.
    pub(super) async fn post(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.write_all(request).await.context("writing a request")?;
        self.read.clear();
        loop {
            let read = self.stream.read_buf(&mut self.read).await.context("reading an answer")?;
            ensure!(read > 0, "the server closed a connection: {}", String::from_utf8_lossy(&self.read));
            if let Some((status, length)) = head(&self.read)?
                && self.read.len() >= length
            {
                return Ok(status);
            }
        }
    }
}

/// Status and whole length of an answer, once its head is there.
fn head(bytes: &[u8]) -> Result<Option<(u16, usize)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&bytes[..end]).context("a head that is no text")?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).context("no status")?;
    let value = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok()).flatten()
    };
    let length = lines.find_map(value).with_context(|| format!("an answer without a length: {text}"))?;
    Ok(Some((status, end + 4 + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_once_its_body_is_there() {
        let answer = b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 5\r\n\r\nlater";
        assert_eq!(head(&answer[..50]).unwrap(), None);
        assert_eq!(head(answer).unwrap(), Some((503, answer.len())));
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
