//! Deliveries as Meta posts them: signed with the app's secret.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder};
use sha2::Sha256;

use crate::http;

/// The header that carries the signature.
pub const HEADER: &str = "X-Hub-Signature-256";

/// The value of [`HEADER`] for a body: `sha256=` and the HMAC-SHA256 of it in lower-case hex
/// (<https://developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications>).
///
/// # Panics
///
/// Never: HMAC takes keys of every length.
pub fn signature(secret: &[u8], body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of every length");
    mac.update(body);
    let digest = mac.finalize().into_bytes();
    let hex =
        digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|n| char::from_digit(n.into(), 16));
    "sha256=".chars().chain(hex).collect()
}

/// Posts deliveries to one address, over kept-alive connections.
#[derive(Debug, Clone)]
pub struct Sender {
    client: Client,
    url: String,
    secret: Vec<u8>,
}

impl Sender {
    /// For one address (`http://127.0.0.1:8080/webhook`) and one app's secret.
    ///
    /// # Errors
    ///
    /// When no HTTP client can be made.
    pub fn new(url: &str, secret: &[u8]) -> Result<Self> {
        Ok(Self { client: http::client()?, url: url.to_owned(), secret: secret.to_owned() })
    }

    /// The address that it posts to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Posts a body with its signature.
    ///
    /// # Errors
    ///
    /// When no whole answer comes.
    pub async fn post(&self, body: &[u8]) -> Result<Answer> {
        self.post_with(body, |request| request.header(HEADER, signature(&self.secret, body))).await
    }

    /// Posts a body as Meta does: again and again until it is answered 200.
    ///
    /// # Errors
    ///
    /// When no whole answer comes, or no 200 within `within`.
    pub async fn post_until_accepted(&self, body: &[u8], within: Duration) -> Result<()> {
        let start = Instant::now();
        loop {
            let answer = self.post(body).await?;
            if answer.status == 200 {
                return Ok(());
            }
            ensure!(
                start.elapsed() < within,
                "still answered {} after {within:?}: {}",
                answer.status,
                answer.text
            );
        }
    }

    /// Posts a body with just the headers that `dress` gives it: no signature, a wrong one, another encoding.
    ///
    /// # Errors
    ///
    /// When no whole answer comes.
    pub async fn post_with(
        &self,
        body: &[u8],
        dress: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer> {
        let request =
            self.client.post(&self.url).header("Content-Type", "application/json").body(body.to_owned());
        let start = Instant::now();
        let response = dress(request).send().await.with_context(|| format!("POST {}", self.url))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text =
            response.text().await.with_context(|| format!("reading what POST {} answered", self.url))?;
        Ok(Answer { status, headers, text, elapsed: start.elapsed() })
    }
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
    /// From the request to the last byte of the answer.
    pub elapsed: Duration,
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn the_signature_is_the_one_that_others_compute() {
        // printf 'hello' | openssl dgst -sha256 -hmac secret
        let expected = "sha256=88aab3ede8d3adf94d26ab90d3bafd4a2083070c3bcce9c014ee04a443847c0b";
        assert_eq!(signature(b"secret", b"hello"), expected);
    }

    #[tokio::test]
    async fn a_post_carries_the_signature_and_brings_the_whole_answer_back() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhook", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let mut read = 0;
            while !request[..read].ends_with(b"hello") {
                stream.readable().await.unwrap();
                read += stream.try_read(&mut request[read..]).unwrap_or_default();
            }
            stream.writable().await.unwrap();
            let answer = b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 5\r\n\r\nlater";
            assert_eq!(stream.try_write(answer).unwrap(), answer.len());
            String::from_utf8(request[..read].to_vec()).unwrap()
        });
        let answer = Sender::new(&url, b"secret").unwrap().post(b"hello").await.unwrap();
        assert_eq!((answer.status, answer.text.as_str()), (503, "later"));
        assert_eq!(answer.headers["retry-after"], "1");
        assert!(answer.elapsed > Duration::ZERO);
        let request = server.await.unwrap().to_lowercase();
        assert!(request.starts_with("post /webhook http/1.1\r\n"), "{request}");
        assert!(
            request.contains(&format!("x-hub-signature-256: {}", signature(b"secret", b"hello"))),
            "{request}"
        );
    }
}
