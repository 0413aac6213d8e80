//! A plain HTTP client for loopback addresses.

use std::time::Duration;

use anyhow::{Context as _, Result};
use reqwest::{Client, StatusCode};

/// Longer than anything under test may take to answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A client that goes straight to the address, whatever proxy the environment names.
///
/// # Errors
///
/// When the client cannot be built.
pub fn client() -> Result<Client> {
    // The client wants a TLS provider even where it never speaks TLS; an error says that one is installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
    Client::builder().no_proxy().timeout(TIMEOUT).build().context("building an HTTP client")
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
