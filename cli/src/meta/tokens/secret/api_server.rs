//! The API server of the cluster, as a pod finds it: by its environment, as its service account.
//!
//! Source: Accessing the Kubernetes API from a Pod (kubernetes.io, read in November 2026).

use crate::meta::tokens::settings::Destination;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use runtime::http::{client, tls};
use runtime::secret_files::{read_file, trimmed};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// More than a token of a service account has.
const LONGEST_TOKEN: u64 = 64 * 1024;
/// Whom the Secret's `managedFields` name.
const MANAGER: (&str, &str) = ("fieldManager", "weir");

/// Why the API server does not do what it is asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiServerError {
    /// This is no pod, or one without credentials, as the words say.
    #[error("{0}")]
    NoPod(String),
    /// It gives no answer that can be used.
    #[error(
        "the API server at {url} gives no answer; may this pod connect to it (a NetworkPolicy), and is its certificate of the \
         authority in ca.crt?"
    )]
    NoAnswer {
        /// Where it was asked.
        url: String,
        /// What the client says.
        source: reqwest::Error,
    },
    /// It refuses.
    #[error("the API server refused it with {status}: {message}")]
    Refused {
        /// The status of its answer.
        status: StatusCode,
        /// Its words.
        message: String,
    },
}

/// One object there.
pub(super) struct ApiServer {
    http: Client,
    url: String,
    token: PathBuf,
}

/// What is asked of a Secret. It has no `Debug`, since it holds the values.
#[derive(Deserialize)]
pub(super) struct Object {
    pub(super) metadata: Metadata,
    /// In Base64.
    #[serde(default)]
    pub(super) data: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    /// Changes with every change of the object.
    pub(super) resource_version: String,
}

impl ApiServer {
    /// For the object at this path; it is not asked for yet.
    pub(super) fn new(destination: &Destination, path: &str) -> Result<Self, ApiServerError> {
        let Destination { kubernetes_host, kubernetes_port, service_account, .. } = destination;
        let no_pod = "KUBERNETES_SERVICE_HOST is not set, so this is no pod of a cluster: elsewhere use --to, and kubectl for the Secret";
        let host = kubernetes_host.as_ref().ok_or_else(|| ApiServerError::NoPod(no_pod.to_owned()))?;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let url = format!("https://{host}:{kubernetes_port}{path}");
        let tls = tls::client(Some(&service_account.join("ca.crt"))).map_err(no_account)?;
        let http = client::builder(tls)
            .timeout(ANSWER_TIMEOUT)
            .build()
            .map_err(|source| ApiServerError::NoAnswer { url: url.clone(), source })?;
        Ok(Self { http, url, token: service_account.join("token") })
    }

    /// The object as it is.
    pub(super) async fn get(&self) -> Result<Object, ApiServerError> {
        self.ask(self.http.request(Method::GET, &self.url)).await
    }

    /// Writes these values, at that version of the object if one is given, and leaves all others.
    pub(super) async fn patch(
        &self,
        values: &BTreeMap<String, String>,
        version: Option<&str>,
        query: &[(&str, &str)],
    ) -> Result<(), ApiServerError> {
        let data = encoded(values);
        let mut patch = json!({ "data": data });
        if let Some(version) = version {
            patch["metadata"] = json!({ "resourceVersion": version });
        }
        let request = self.http.request(Method::PATCH, &self.url).query(&[MANAGER]).query(query);
        let request = request.header(CONTENT_TYPE, "application/merge-patch+json").body(patch.to_string());
        match self.ask(request).await {
            // The API server repeats the whole Secret where a patch does not fit it, and admission may.
            Err(ApiServerError::Refused { status, message })
                if repeats_one_of(&message, values) || repeats_one_of(&message, &data) =>
            {
                let message = String::from("its words hold a value of the Secret");
                Err(ApiServerError::Refused { status, message })
            }
            answered => answered.map(drop),
        }
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Object, ApiServerError> {
        // Read each time, since Kubernetes renews it.
        let token = read_file(&self.token, LONGEST_TOKEN)
            .map_err(|fault| no_account(format!("{}: {fault}", self.token.display())))?;
        let token = String::from_utf8_lossy(&trimmed(token)).into_owned();
        let failed = |source| ApiServerError::NoAnswer { url: self.url.clone(), source };
        let answer = request.bearer_auth(token).send().await.map_err(failed)?;
        let status = answer.status();
        if status.is_success() {
            return answer.json().await.map_err(failed);
        }
        let said: Value = answer.json().await.unwrap_or_default();
        Err(ApiServerError::Refused {
            status,
            message: said["message"].as_str().unwrap_or_default().to_owned(),
        })
    }
}

/// Whether a value stands in it; the end of a token without one is empty, which every message has in it.
fn repeats_one_of(message: &str, values: &BTreeMap<String, String>) -> bool {
    values.values().any(|value| !value.is_empty() && message.contains(value))
}

fn no_account(why: impl fmt::Display) -> ApiServerError {
    let needs =
        "the pod needs a service account (serviceAccountName, and automountServiceAccountToken: true)";
    ApiServerError::NoPod(format!("{why}; {needs}"))
}

/// Values as an object has them.
pub(super) fn encoded(values: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    values.iter().map(|(key, value)| (key.clone(), STANDARD.encode(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_hidden_where_it_repeats_a_value_and_not_for_an_end_that_is_empty() {
        let values = [("204", "EAApage"), (".204.ends", "")];
        let values = BTreeMap::from(values.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert!(repeats_one_of("in Secret: data: {204: EAApage}", &values));
        assert!(!repeats_one_of("admission denied the request", &values));
        assert!(!repeats_one_of("admission denied the request", &encoded(&values)));
    }
}
