//! Clients of HTTP: they reach whom they are told to, by this program's own TLS, whatever the machine has.

use reqwest::{Client, ClientBuilder, redirect, retry};
use rustls::ClientConfig;

/// A client that follows no redirect, sends nothing twice, and knows no proxy of the environment: the rest is the caller's.
pub fn builder(tls: ClientConfig) -> ClientBuilder {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
}
