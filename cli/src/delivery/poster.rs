//! Posts as Meta does: over HTTP or HTTPS, on connections that are kept, and follows nothing.

use crate::tool::Result;
use bytes::Bytes;
use reqwest::header::DATE;
use reqwest::{Client, RequestBuilder, Url};
use runtime::http::client;
use runtime::http::tls;
use runtime::process::chain;
use runtime::settings::{Form, without_passwords};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// Longer than ingest takes for anything, and than Meta waits.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
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
            .timeout(ANSWER_WITHIN)
            .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("the HTTP client cannot be made: {}", chain(&error)))?;
        Ok(Self { http, url: parsed })
    }

    /// Posts a body with a signature.
    pub(crate) async fn post(&self, body: Bytes, signature: &str) -> Result<Answer> {
        let request = self
            .http
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("x-hub-signature-256", signature);
        self.send(request.body(body)).await
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
        let start = Instant::now();
        let exchange = async {
            let mut response = request.send().await?;
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await?
                && body.len() < LONGEST_ANSWER
            {
                body.extend_from_slice(&chunk);
            }
            let date = response.headers().get(DATE).and_then(|date| time(date.to_str().ok()?));
            Ok::<_, reqwest::Error>((response.status().as_u16(), body, date))
        };
        let (status, body, date) = exchange.await.map_err(|error| {
            let why = chain(&error.without_url());
            format!("{} does not answer: {why}", shown(&self.url))
        })?;
        Ok(Answer { status, text: String::from_utf8_lossy(&body).into_owned(), took: start.elapsed(), date })
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

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
