//! How stores are reached: with Mozilla's list of certificates, those of a file and the program's own TLS, whatever the machine has.

use super::{ANSWER_WITHIN, StoreError};
use object_store::client::{HttpClient, HttpConnector};
use object_store::{ClientConfigKey, ClientOptions};
use reqwest::{Client, redirect};
use runtime::http::tls;
use rustls::ClientConfig;
use std::path::Path;
use std::time::Duration;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Makes the clients that stores use.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    tls: ClientConfig,
}

impl Connector {
    /// One that trusts the certificates of a file, too.
    pub(super) fn new(certificates: Option<&Path>) -> Result<Self, StoreError> {
        Ok(Self { tls: tls::client(certificates)? })
    }
}

impl HttpConnector for Connector {
    /// A client; without TLS only where the environment says so, as `AWS_ALLOW_HTTP` does.
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let allows_http =
            options.get_config_value(&ClientConfigKey::AllowHttp).is_some_and(|value| value == "true");
        let client = Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .redirect(redirect::Policy::none())
            .https_only(!allows_http)
            .no_proxy()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .build();
        let client = client
            .map_err(|source| object_store::Error::Generic { store: "HTTP", source: Box::new(source) })?;
        Ok(HttpClient::new(client))
    }
}
