//! A client of the Graph API that asks one thing at a time, bounded in time and size.
//!
//! It reaches the configured host and no other: ids are checked before they go into a URL, redirects are not followed,
//! proxies of the environment are not used. The access token goes into a header, so that no URL holds it.

mod answer;
mod call;
mod endpoint;
mod error;
mod id;

pub use answer::{Answer, Refusal, RefusalClass};
pub use call::Call;
pub use endpoint::{GraphUrl, GraphVersion};
pub use error::{CallError, ClientError};
pub use id::GraphId;

use crate::tokens::AccessToken;
use reqwest::header::AUTHORIZATION;
use reqwest::{Client, Response, redirect};
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::Duration;

/// Idle connections that are kept for the next call.
const IDLE_CONNECTIONS: usize = 16;

/// How the Graph API is reached, and what a call may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphSettings {
    /// Its host.
    pub url: GraphUrl,
    /// Its version.
    pub version: GraphVersion,
    /// How long a call may take, from the first byte out to the last one in.
    pub timeout: Duration,
    /// How long a connection may take to come about, TLS included.
    pub connect_timeout: Duration,
    /// How large an answer may be, in bytes.
    pub max_bytes: usize,
}

/// A client of the Graph API; clones share its connections.
#[derive(Clone, Debug)]
pub struct Graph {
    http: Client,
    settings: GraphSettings,
}

/// What a call found out. The bytes are Graph's own.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// What was asked for.
    Found(Box<RawValue>),
    /// It is gone, or this token may not see it; with Graph's words where they are JSON.
    Gone(Option<Box<RawValue>>),
}

impl Graph {
    /// A client; nothing is connected yet.
    pub fn new(settings: GraphSettings) -> Result<Self, ClientError> {
        let http = Client::builder()
            .tls_backend_preconfigured(tls()?)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .timeout(settings.timeout)
            .connect_timeout(settings.connect_timeout)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .user_agent(concat!("weir-lookups/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(ClientError::Http)?;
        Ok(Self { http, settings })
    }

    /// What [`Graph::ask`] asks, without host and token.
    pub fn relative_url(&self, call: &Call) -> String {
        call.relative_url(self.settings.version.as_str())
    }

    /// Makes one call and reads its answer.
    pub async fn ask(&self, call: &Call, token: &AccessToken) -> Result<Outcome, CallError> {
        let url = self.settings.url.of_call(&self.relative_url(call));
        let request = self.http.get(url).header(AUTHORIZATION, token.bearer());
        let response = request.send().await.map_err(|error| self.failed(error))?;
        let status = response.status();
        let body = match self.body(response).await {
            Ok(body) => body,
            // A failure with an endless or broken page is a failure first.
            Err(_) if !status.is_success() => Vec::new(),
            Err(error) => return Err(error),
        };
        match Answer::read(status.as_u16(), &body) {
            Answer::Found(answer) => Ok(Outcome::Found(answer.to_owned())),
            Answer::Gone(answer) => Ok(Outcome::Gone(answer.map(ToOwned::to_owned))),
            Answer::Refused(refusal) => Err(CallError::Refused(refusal)),
        }
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, CallError> {
        let limit = self.settings.max_bytes;
        let announced = response.content_length().unwrap_or_default();
        if announced > limit as u64 {
            return Err(CallError::TooLarge { limit });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(error))? {
            if body.len() + chunk.len() > limit {
                return Err(CallError::TooLarge { limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn failed(&self, error: reqwest::Error) -> CallError {
        let GraphSettings { url, timeout, .. } = &self.settings;
        if error.is_connect() {
            CallError::Unreachable { host: url.origin(), source: error.without_url() }
        } else if error.is_timeout() {
            CallError::TimedOut { limit: *timeout }
        } else {
            CallError::Interrupted { source: error.without_url() }
        }
    }
}

/// TLS with the roots of Mozilla's list, whatever the machine trusts, and a provider of its own, so that several
/// clients in one process do not get into each other's way.
pub(crate) fn tls() -> Result<rustls::ClientConfig, ClientError> {
    let roots: rustls::RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(ClientError::Tls)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests;
