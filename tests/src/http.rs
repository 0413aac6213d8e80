//! A plain HTTP client for loopback addresses.

use std::time::Duration;

use anyhow::{Context as _, Result};
use reqwest::{Client, StatusCode};

/// Longer than anything under test may take to answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long a connection is kept that nothing is asked on: far shorter than a server under test keeps it. A request on one that its
/// server is about to close has no answer, and a busy machine is about to close for long.
const KEPT_FOR: Duration = Duration::from_secs(2);

/// A client that goes straight to the address, whatever proxy the environment names.
///
/// # Errors
///
/// When the client cannot be built.
pub fn client() -> Result<Client> {
    // The client wants a TLS provider even where it never speaks TLS; an error says that one is installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = Client::builder().no_proxy().timeout(TIMEOUT).pool_idle_timeout(KEPT_FOR);
    client.build().context("building an HTTP client")
}

/// Status and text of a GET.
///
/// # Errors
///
/// When nothing answers.
pub async fn get(url: &str) -> Result<(StatusCode, String)> {
    let response = client()?.get(url).send().await.with_context(|| format!("GET {url}"))?;
    let status = response.status();
    let text = response.text().await.with_context(|| format!("reading what GET {url} answered"))?;
    Ok((status, text))
}
