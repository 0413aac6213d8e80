//! How stores are reached: with Mozilla's list of certificates, those of a file and the program's own TLS, whatever the machine has.

use super::StoreError;
use object_store::client::{HttpClient, HttpConnector};
use object_store::{ClientConfigKey, ClientOptions};
use runtime::http::{client, tls};
use rustls::ClientConfig;
use std::path::Path;
use std::time::Duration;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// What the environment may say for yes, in capitals too: as the stores' own clients take it.
const YES: [&str; 5] = ["1", "true", "on", "yes", "y"];

/// Makes the clients that stores use. For how long an answer is awaited, who asks says.
#[derive(Debug)]
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
        let client = client::builder(self.tls.clone())
            .https_only(!allows_http(options))
            .connect_timeout(CONNECT_WITHIN)
            .build();
        client
            .map(HttpClient::new)
            .map_err(|source| object_store::Error::Generic { store: "HTTP", source: Box::new(source) })
    }
}

fn allows_http(options: &ClientOptions) -> bool {
    let said = options.get_config_value(&ClientConfigKey::AllowHttp).unwrap_or_default();
    YES.iter().any(|yes| said.eq_ignore_ascii_case(yes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_allowed_by_every_word_for_yes_and_by_nothing_else() {
        let said = |word: &str| ClientOptions::new().with_config(ClientConfigKey::AllowHttp, word);
        for yes in ["true", "True", "1", "on", "YES", "y"] {
            assert!(allows_http(&said(yes)), "{yes}");
        }
        for no in ["false", "0", "off", "no", "", "http"] {
            assert!(!allows_http(&said(no)), "{no}");
        }
        assert!(!allows_http(&ClientOptions::new()));
        assert!(allows_http(&ClientOptions::new().with_allow_http(true)));
    }
}
