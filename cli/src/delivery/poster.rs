//! Posts as Meta does: over HTTP or HTTPS, on connections that are kept, and follows nothing.

use crate::tool::{Result, ToolError};
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use reqwest::header::DATE;
use reqwest::{Body, Client, RequestBuilder, Url};
use runtime::http::client;
use runtime::http::tls;
use runtime::process::chain;
use runtime::settings::{Form, without_passwords};
use std::convert::Infallible;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

/// Longer than ingest takes for anything, and than Meta waits.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long whoever did not take a body may take to say why.
const REFUSED_WITHIN: Duration = Duration::from_secs(3);
/// Bytes of an answer that are read; those of ingest are a line, its metrics some hundred.
const LONGEST_ANSWER: usize = 1 << 20;

/// Posts to one address; clones share its connections.
#[derive(Clone, Debug)]
pub(crate) struct Poster {
    http: Client,
    url: Url,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The body, as far as it is read.
    pub(crate) text: String,
    /// From the first byte out to the last one in.
    pub(crate) took: Duration,
    /// The time by the clock of whoever answered, to the second.
    pub(crate) date: Option<SystemTime>,
}

/// An address that can be posted to.
pub(crate) fn address() -> Form<String> {
    Form::new("an address such as https://webhooks.example.com/webhook", |value| {
        let url = Url::parse(value.trim()).ok()?;
        let is_web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
        is_web.then(|| url.to_string())
    })
}

impl Poster {
    /// Posts to `url`.
    pub(crate) fn new(url: &str) -> Result<Self> {
        Self::by_way_of(None, url, None)
    }

    /// As [`Self::new`], to this address instead of those that the host's name has, and trusts the certificates of a PEM file beside
    /// Mozilla's list.
    pub(crate) fn by_way_of(address: Option<IpAddr>, url: &str, certificates: Option<&Path>) -> Result<Self> {
        let parsed = Url::parse(url).map_err(|_| {
            let url = without_passwords(url);
            format!("{url} is no address such as https://webhooks.example.com/webhook")
        })?;
        let tls = tls::client(certificates)?;
        let mut http = client::builder(tls);
        if let (Some(address), Some(host)) = (address, parsed.host_str()) {
            // The port is that of the URL.
            http = http.resolve(host, SocketAddr::new(address, 0));
        }
        let http = http
            .timeout(ANSWER_TIMEOUT)
            .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("the HTTP client cannot be made: {}", chain(&error)))?;
        Ok(Self { http, url: parsed })
    }

    /// Posts a body with a signature.
    pub(crate) async fn post(&self, body: Bytes, signature: &str) -> Result<Answer> {
        let request = |body: Body| {
            let request = self.http.post(self.url.clone()).header("content-type", "application/json");
            request.header("x-hub-signature-256", signature).body(body)
        };
        let announced = Announced(body.len() as u64);
        match self.exchange(request(body.into())).await {
            // The HTTP client reads nothing more where a write fails, be there an answer already, such as 413. Without its body the
            // same request is no second delivery, and whoever refuses it for good refused the first.
            Err(error) if is_cut_short(&error) => {
                let asked = self.exchange(request(Body::wrap(announced)));
                match tokio::time::timeout(REFUSED_WITHIN, asked).await {
                    Ok(Ok(refusal)) if matches!(refusal.status, 400 | 401 | 403..=405 | 411 | 413..=415 | 431) => {
                        Ok(refusal)
                    }
                    _ => Err(self.silent(error)),
                }
            }
            outcome => outcome.map_err(|error| self.silent(error)),
        }
    }

    /// Asks what Meta asks when the webhook is entered in the app's dashboard
    /// (<https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests>).
    pub(crate) async fn handshake(&self, token: &str, challenge: &str) -> Result<Answer> {
        let query = [("hub.mode", "subscribe"), ("hub.verify_token", token), ("hub.challenge", challenge)];
        self.send(self.http.get(self.url.clone()).query(&query)).await
    }

    /// Asks for what is there.
    pub(crate) async fn get(url: &str) -> Result<Answer> {
        let poster = Self::new(url)?;
        poster.send(poster.http.get(poster.url.clone())).await
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer> {
        self.exchange(request).await.map_err(|error| self.silent(error))
    }

    async fn exchange(&self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let start = Instant::now();
        let mut response = request.send().await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await?
            && body.len() < LONGEST_ANSWER
        {
            body.extend_from_slice(&chunk);
        }
        let date = response.headers().get(DATE).and_then(|date| time(date.to_str().ok()?));
        let (status, text) = (response.status().as_u16(), String::from_utf8_lossy(&body).into_owned());
        Ok(Answer { status, text, took: start.elapsed(), date })
    }

    fn silent(&self, error: reqwest::Error) -> ToolError {
        let why = chain(&error.without_url());
        format!("{} does not answer: {why}", shown(&self.url)).into()
    }
}

/// Whether the other end closed a connection that was there.
fn is_cut_short(error: &reqwest::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    let causes = std::iter::successors(error.source(), |cause: &&(dyn Error + 'static)| (*cause).source());
    let of_io = |cause: &(dyn Error + 'static)| cause.downcast_ref::<io::Error>().map(io::Error::kind);
    let is_closed = |kind| matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset);
    !error.is_connect() && causes.filter_map(of_io).any(is_closed)
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, the only form that is sent (RFC 9110, 5.6.7).
fn time(date: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = date.split(' ').skip(1);
    let (day, month, year, time) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    humantime::parse_rfc3339(&format!("{year}-{month:02}-{day}T{time}Z")).ok()
}

/// The address without a query, which may hold a token, and without a password.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    without_passwords(url.as_str())
}

/// A body that is announced and never sent, so many bytes: who refuses a body for its length answers without one.
struct Announced(u64);

impl HttpBody for Announced {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;
    use std::time::UNIX_EPOCH;

    /// What a post of a large body is told by somebody who reads the head alone, and answers so.
    fn told(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/webhook", listener.local_addr().unwrap());
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                stream.read_exact(&mut [0; 64]).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let poster = Poster::new(&url).unwrap();
        let outcome = runtime.block_on(poster.post(Bytes::from(vec![b' '; 32 << 20]), "sha256=00"));
        outcome.map_or_else(|error| error.to_string(), |answer| format!("{} {}", answer.status, answer.text))
    }

    #[test]
    fn a_body_that_is_refused_before_it_is_read_has_its_status_told() {
        let answer = "HTTP/1.1 413 Payload Too Large\r\ncontent-length: 9\r\n\r\ntoo large";
        assert_eq!(told(answer), "413 too large");
    }

    #[test]
    fn a_body_that_is_cut_short_is_never_told_as_taken() {
        let error = told("");
        assert!(error.contains("does not answer"), "{error}");
    }

    #[test]
    fn an_address_is_shown_without_query_and_password() {
        let url = Url::parse("https://me:hunter2@weir.example/webhook?hub.verify_token=hunter2").unwrap();
        assert_eq!(shown(&url), "https://(hidden)@weir.example/webhook");
    }

    #[test]
    fn a_date_is_read_and_what_is_none_is_not() {
        let read = time("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(read, Some(UNIX_EPOCH + Duration::from_secs(784_111_777)));
        for none in ["", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT"] {
            assert_eq!(time(none), None, "{none}");
        }
    }
}
