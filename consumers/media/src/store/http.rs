//! How stores are reached: with Mozilla's list of certificates, those of a file and the program's own TLS, whatever the machine has.

use super::{ANSWER_WITHIN, StoreError, whole};
use object_store::client::{HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService};
use object_store::{ClientConfigKey, ClientOptions};
use reqwest::Client;
use runtime::http::{client, tls};
use rustls::ClientConfig;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// What a request to copy an object has in S3, Google Cloud Storage and Azure.
const COPY_SOURCES: [&str; 3] = ["x-amz-copy-source", "x-goog-copy-source", "x-ms-copy-source"];

/// What the environment may say for yes, in capitals too: as the stores' own clients take it.
const YES: [&str; 5] = ["1", "true", "on", "yes", "y"];

/// Makes the clients that stores use.
#[derive(Debug)]
pub(super) struct Connector {
    tls: ClientConfig,
}

/// The clients of one store.
#[derive(Debug)]
struct Clients {
    usual: Client,
    /// Asks for what takes a store as long as an object is large; whoever asks has a limit for its size.
    patient: Client,
}

impl Connector {
    /// One that trusts the certificates of a file, too.
    pub(super) fn new(certificates: Option<&Path>) -> Result<Self, StoreError> {
        Ok(Self { tls: tls::client(certificates)? })
    }

    fn client(&self, allows_http: bool, within: Duration) -> object_store::Result<Client> {
        let client = client::builder(self.tls.clone())
            .https_only(!allows_http)
            .connect_timeout(CONNECT_WITHIN)
            .timeout(within)
            .build();
        client.map_err(|source| object_store::Error::Generic { store: "HTTP", source: Box::new(source) })
    }
}

impl HttpConnector for Connector {
    /// A client; without TLS only where the environment says so, as `AWS_ALLOW_HTTP` does.
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let allows_http = allows_http(options);
        let usual = self.client(allows_http, ANSWER_WITHIN)?;
        let patient = self.client(allows_http, whole::LONGEST)?;
        Ok(HttpClient::new(Clients { usual, patient }))
    }
}

impl HttpService for Clients {
    // What `async_trait` makes of `async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>`.
    fn call<'life0, 'async_trait>(
        &'life0 self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        let client = if makes_whole(&request) { &self.patient } else { &self.usual };
        client.call(request)
    }
}

fn allows_http(options: &ClientOptions) -> bool {
    let said = options.get_config_value(&ClientConfigKey::AllowHttp).unwrap_or_default();
    YES.iter().any(|yes| said.eq_ignore_ascii_case(yes))
}

/// Whether it copies an object, or makes one of its parts.
fn makes_whole(request: &HttpRequest) -> bool {
    let copies = COPY_SOURCES.iter().any(|name| request.headers().contains_key(*name));
    let query = request.uri().query().unwrap_or_default();
    copies || (request.method().as_str() == "POST" && query.starts_with("uploadId="))
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
