//! The HTTP side: one call or one batch of calls, bounded in time and size.
//!
//! It reaches the host of the token and no other: ids are checked before they go into a URL, redirects are not followed,
//! proxies of the environment are not used, nothing is sent twice. The access token goes into a header; only an item of
//! a batch that has a token of its own carries it in its part of the body, as Meta documents. What does something goes on a
//! connection of its own.

mod shared_waits;

pub use shared_waits::SharedWaits;

use crate::batch::{self, BatchItem};
use crate::{AccessToken, Answer, CallError, ClientError, GraphSettings, GraphUrl, Refusal, Said, Usage};
use prometheus::{IntCounterVec, Registry};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, RequestBuilder, Response, Url};
use runtime::http::{client, tls};
use runtime::metrics;
use runtime::telemetry::spans;
use serde_json::value::RawValue;
use tokio::task::JoinSet;
use tracing::Span;

/// Idle connections that are kept for the next read.
const IDLE_CONNECTIONS: usize = 16;

/// A client of the Graph API; clones share its connections.
#[derive(Clone, Debug)]
pub struct Graph {
    reads: Client,
    /// Keeps no connection: of what is sent on one that its server, or a firewall, ends at the same time nobody knows whether it was done,
    /// while one that does not come about has certainly done nothing.
    writes: Client,
    settings: GraphSettings,
    requests: IntCounterVec,
}

/// What a call came to, and what its answer said about Meta's budgets.
#[derive(Debug)]
pub struct Reply<T> {
    /// What it came to.
    pub result: Result<T, CallError>,
    /// What the headers said.
    pub usage: Usage,
}

/// What a call found out. The bytes are Graph's own.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// What was asked for.
    Found(Box<RawValue>),
    /// The object is gone, or this token may not see it; with Graph's words where they are JSON.
    Gone(Option<Box<RawValue>>),
}

/// What came of a call that does something.
#[derive(Clone, Debug)]
pub enum Written {
    /// It was done, with Graph's answer; none where Meta says so by an error.
    Done(Option<Box<RawValue>>),
    /// The object is gone, or this token may not see it.
    Gone,
}

/// The body of a call that does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Parameters as a form.
    Form(Vec<(&'static str, String)>),
    /// Parameters as a JSON object.
    Json(String),
}

impl Graph {
    /// A client; nothing is connected yet.
    pub fn new(settings: GraphSettings, registry: &Registry) -> Result<Self, ClientError> {
        // A host that is not reached is told as that only where the call as a whole has time left: else nobody could say that
        // nothing was sent.
        let connect_timeout = settings.graph_connect_timeout.min(settings.graph_timeout / 2);
        let tls = tls::client(None).map_err(ClientError::Tls)?;
        let http = |idle_connections| {
            client::builder(tls.clone())
                .timeout(settings.graph_timeout)
                .connect_timeout(connect_timeout)
                .pool_max_idle_per_host(idle_connections)
                .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(ClientError::Http)
        };
        let (reads, writes) = (http(IDLE_CONNECTIONS)?, http(0)?);
        let help = "HTTP requests to the Graph API; a batch is one";
        let sorts = ["get", "post", "delete", "batch"];
        let requests = metrics::counters_of(registry, "weir_graph_requests_total", help, "sort", sorts);
        Ok(Self { reads, writes, settings, requests })
    }

    /// The version of the Graph API, which relative URLs begin with.
    pub fn version(&self) -> &str {
        self.settings.graph_version.as_str()
    }

    /// The span of a call that is about to be made, within the current one. What is called within it tells it how it
    /// was answered; Meta is told nothing of it.
    pub fn span(&self, method: &'static str, token: &AccessToken) -> Span {
        let (host, port) = self.host(token).host_and_port();
        spans::client(method, host, port)
    }

    /// Reads one thing. `relative_url` is path and query under the host, without token.
    pub async fn get(&self, relative_url: &str, token: &AccessToken) -> Reply<Outcome> {
        self.requests.with_label_values(&["get"]).inc();
        let request = self.reads.get(self.url(relative_url, token));
        self.one(request, token, Outcome::of_read).await
    }

    /// Does one thing. Where the result is an error, [`CallError::is_undone`] says whether it certainly was not done.
    pub async fn post(&self, relative_url: &str, body: Body, token: &AccessToken) -> Reply<Written> {
        self.requests.with_label_values(&["post"]).inc();
        let (kind, body) = match body {
            Body::Form(parameters) => (FORM, batch::form(&parameters)),
            Body::Json(json) => ("application/json", json),
        };
        let request = self.writes.post(self.url(relative_url, token)).header(CONTENT_TYPE, kind).body(body);
        self.one(request, token, Written::of).await
    }

    /// Deletes one thing; as [`Self::post`].
    pub async fn delete(&self, relative_url: &str, token: &AccessToken) -> Reply<Written> {
        self.requests.with_label_values(&["delete"]).inc();
        let request = self.writes.delete(self.url(relative_url, token));
        self.one(request, token, Written::of).await
    }

    /// Reads things by one HTTP request, one that is alone as [`Self::get`] does: a reply for each item, in order.
    ///
    /// The tokens are of one app. The batch as such is in the name of the first item's token; an error of it is about that token, or
    /// about none.
    pub async fn batch(&self, items: &[BatchItem<'_>]) -> Reply<Vec<Reply<Outcome>>> {
        let first = match items {
            [] => return Reply { result: Ok(Vec::new()), usage: Usage::default() },
            [alone] => {
                let reply = self.get(alone.relative_url, alone.token).await;
                return Reply { result: Ok(vec![reply]), usage: Usage::default() };
            }
            [first, ..] => first,
        };
        self.requests.with_label_values(&["batch"]).inc();
        let url = self.url(&format!("{}/", self.version()), first.token);
        let body = batch::form(&[("batch", batch::encode(items))]);
        let request = self.reads.post(url).header(CONTENT_TYPE, FORM).body(body);
        let reply = self.send(request, first.token, self.settings.graph_batch_max_bytes).await;
        reply.and_then(|(status, body)| {
            batch::decode(status, &body, items.len(), self.settings.graph_max_bytes)
        })
    }

    async fn one<T>(
        &self,
        request: RequestBuilder,
        token: &AccessToken,
        outcome: impl Fn(Answer<'_>) -> Result<T, CallError>,
    ) -> Reply<T> {
        let reply = self.send(request, token, self.settings.graph_max_bytes).await;
        reply.and_then(|(status, body)| outcome(Answer::read(status, &body)))
    }

    /// Status and body of the answer.
    async fn send(
        &self,
        request: RequestBuilder,
        token: &AccessToken,
        limit: usize,
    ) -> Reply<(u16, Vec<u8>)> {
        let response = match request.header(AUTHORIZATION, token.bearer()).send().await {
            Ok(response) => response,
            Err(error) => return Reply { result: Err(self.failed(error, token)), usage: Usage::default() },
        };
        let (status, usage) = (response.status(), usage(response.headers()));
        let is_error = status.is_client_error() || status.is_server_error();
        spans::answered(&Span::current(), status.as_u16(), is_error);
        let body = match self.body(response, token, limit).await {
            // A failure with an endless or broken page is a failure first.
            Err(_) if !status.is_success() => Ok(Vec::new()),
            body => body,
        };
        Reply { result: body.map(|body| (status.as_u16(), body)), usage }
    }

    async fn body(
        &self,
        mut response: Response,
        token: &AccessToken,
        limit: usize,
    ) -> Result<Vec<u8>, CallError> {
        let announced = response.content_length().unwrap_or_default();
        if announced > limit as u64 {
            return Err(CallError::TooLarge { limit });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(error, token))? {
            if body.len() + chunk.len() > limit {
                return Err(CallError::TooLarge { limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn url(&self, relative_url: &str, token: &AccessToken) -> Url {
        self.host(token).of_call(relative_url, token.proof())
    }

    /// The host that a call with this token goes to.
    pub fn host<'a>(&'a self, token: &'a AccessToken) -> &'a GraphUrl {
        token.host().unwrap_or(&self.settings.graph_url)
    }

    /// Whether each of these hosts is reached now, asked without a token, on a connection of its own: who is silent then, or refuses,
    /// is.
    pub async fn are_reached(&self, hosts: Vec<GraphUrl>) -> Vec<(GraphUrl, bool)> {
        let mut asked = JoinSet::new();
        for host in hosts {
            let request = self.writes.head(host.of_call("", None));
            asked.spawn(async move {
                let is_reached = !request.send().await.is_err_and(|error| error.is_connect());
                (host, is_reached)
            });
        }
        asked.join_all().await
    }

    fn failed(&self, error: reqwest::Error, token: &AccessToken) -> CallError {
        let (class, error) = if error.is_connect() {
            let host = self.host(token).origin();
            ("unreachable", CallError::Unreachable { host, source: error.without_url() })
        } else if error.is_timeout() {
            ("timeout", CallError::TimedOut { limit: self.settings.graph_timeout })
        } else {
            ("interrupted", CallError::Interrupted { source: error.without_url() })
        };
        spans::failed(&Span::current(), class);
        error
    }
}

impl<T> Reply<T> {
    fn and_then<U>(self, read: impl FnOnce(T) -> Result<U, CallError>) -> Reply<U> {
        Reply { result: self.result.and_then(read), usage: self.usage }
    }
}

impl Outcome {
    pub(crate) fn of_read(answer: Answer<'_>) -> Result<Self, CallError> {
        match answer {
            Answer::Found(answer) if Said::of(answer) == Said::NotDone => {
                Err(CallError::Refused(Refusal::malformed()))
            }
            Answer::Found(answer) => Ok(Self::Found(answer.to_owned())),
            Answer::Gone(answer) => Ok(Self::Gone(answer.map(ToOwned::to_owned))),
            Answer::Done(refusal) | Answer::Refused(refusal) => Err(CallError::Refused(refusal)),
        }
    }
}

impl Written {
    fn of(answer: Answer<'_>) -> Result<Self, CallError> {
        match answer {
            Answer::Found(answer) => Ok(Self::Done(Some(answer.to_owned()))),
            Answer::Done(_) => Ok(Self::Done(None)),
            Answer::Gone(_) => Ok(Self::Gone),
            Answer::Refused(refusal) => Err(CallError::Refused(refusal)),
        }
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

fn usage(headers: &HeaderMap) -> Usage {
    Usage::read(headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))))
}

#[cfg(test)]
mod tests;
