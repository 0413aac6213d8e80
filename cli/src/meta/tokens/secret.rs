//! Puts a token into a key of a Secret of Kubernetes, and over nobody else's.
//!
//! The key is looked at before Meta is asked for a token, and written only while it still is as it was then. Each patch names the
//! version of the Secret that it is for, so that the API server refuses it (409) where somebody else wrote in between.
//!
//! Source: Kubernetes API Concepts, on resource versions, patches and dry runs (kubernetes.io, read in November 2026).

mod api_server;

use super::settings::Destination;
use api_server::{ApiServer, ApiServerError, encoded};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::StatusCode;
use runtime::process::chain;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use weir_graph::AccessToken;

/// Between attempts to write a token: what Meta gave is lost where it is not written.
const WAITS: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// The name of a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SecretName {
    namespace: String,
    name: String,
}

/// A Secret that is there.
pub(super) struct Secret {
    api: ApiServer,
    name: SecretName,
}

/// A key as it was when it was looked at.
pub(super) struct KeySnapshot {
    pub(super) key: String,
    pub(super) value: Option<String>,
    version: String,
}

impl SecretName {
    /// What [`Self::parse`] expects.
    pub(super) const EXPECTED: &str =
        "the namespace and the name of a Secret, such as weir/weir-access-tokens";

    /// Reads `NAMESPACE/NAME`, each a name of Kubernetes (RFC 1123).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (namespace, name) = text.trim().split_once('/')?;
        let is_end = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        let is_inner = |letter: char| is_end(letter) || "-.".contains(letter);
        let is_name =
            |text: &str| text.starts_with(is_end) && text.ends_with(is_end) && text.chars().all(is_inner);
        let is_whole = is_name(namespace) && is_name(name);
        is_whole.then(|| Self { namespace: namespace.to_owned(), name: name.to_owned() })
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}

impl Secret {
    /// The one that new tokens are to go to, if any. It is not asked for yet.
    pub(super) fn of(destination: &Destination) -> Result<Option<Self>, String> {
        let Some(name) = destination.to_secret.clone() else { return Ok(None) };
        let path = format!("/api/v1/namespaces/{}/secrets/{}", name.namespace, name.name);
        let api = ApiServer::new(destination, &path).map_err(|error| unwritable(&name, &error))?;
        Ok(Some(Self { api, name }))
    }

    /// Looks at a key, and whether it can be written: a dry run asks for the same right and the same admission.
    pub(super) async fn look(&self, key: &str) -> Result<KeySnapshot, String> {
        let now = self.api.get().await.map_err(|error| self.error(error))?;
        let change = BTreeMap::from([(key.to_owned(), String::from("a dry run"))]);
        self.api.patch(&change, None, &[("dryRun", "All")]).await.map_err(|error| self.error(error))?;
        let value = now.data.get(key).cloned();
        Ok(KeySnapshot { key: key.to_owned(), value, version: now.metadata.resource_version })
    }

    /// That a key holds nothing but the token that is to be replaced: a mounted file may be behind by minutes.
    pub(super) fn check(&self, seen: &KeySnapshot, token: &AccessToken) -> Result<(), String> {
        let held = seen.value.as_ref().and_then(|value| STANDARD.decode(value).ok());
        match held {
            Some(held) if !token.is(&String::from_utf8_lossy(&held)) => Err(format!(
                "{} of the {self} holds another token than was read, such as that of a new login, and is left as it is; once \
                 the files have it too, run this again",
                seen.key
            )),
            _ => Ok(()),
        }
    }

    /// Writes these keys together, and leaves all others as they are.
    pub(super) async fn put(
        &self,
        seen: &KeySnapshot,
        values: &BTreeMap<String, String>,
    ) -> Result<(), String> {
        let data = encoded(values);
        let mut version = seen.version.clone();
        for wait in WAITS {
            match self.api.patch(values, Some(&version), &[]).await {
                Ok(()) => return Ok(()),
                Err(error) if may_pass(&error) => tokio::time::sleep(wait).await,
                Err(error) => return Err(self.error(error)),
            }
            match self.api.get().await {
                // Written, and the answer was lost.
                Ok(now) if data.iter().all(|(key, value)| now.data.get(key) == Some(value)) => return Ok(()),
                Ok(now) if now.data.get(&seen.key) != seen.value.as_ref() => {
                    return Err(format!(
                        "somebody else wrote {} of the {self} while Meta was asked, and that was left as it is; once nobody else \
                         writes it, run this again",
                        seen.key
                    ));
                }
                Ok(now) => version = now.metadata.resource_version,
                Err(error) if may_pass(&error) => {}
                Err(error) => return Err(self.error(error)),
            }
        }
        self.api.patch(values, Some(&version), &[]).await.map_err(|error| self.error(error))
    }

    fn error(&self, error: ApiServerError) -> String {
        let SecretName { namespace, name } = &self.name;
        match error {
            ApiServerError::Refused { status: StatusCode::FORBIDDEN, message } => format!(
                "the {self} cannot be written: {message}; the pod's service account needs a Role in {namespace} with the verbs get \
                 and patch of the resource secrets, resourceNames [{name}], and a RoleBinding: k8s/components/tokens has them"
            ),
            ApiServerError::Refused { status: StatusCode::NOT_FOUND, .. } => {
                format!(
                    "there is no {self}: make it first, kubectl -n {namespace} create secret generic {name}"
                )
            }
            other => unwritable(&self.name, &other),
        }
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secret {}", self.name)
    }
}

fn unwritable(name: &SecretName, error: &ApiServerError) -> String {
    format!("the Secret {name} cannot be written: {}", chain(error))
}

fn may_pass(error: &ApiServerError) -> bool {
    match error {
        ApiServerError::NoAnswer { .. } => true,
        ApiServerError::Refused { status, .. } => {
            [StatusCode::CONFLICT, StatusCode::TOO_MANY_REQUESTS].contains(status) || status.is_server_error()
        }
        ApiServerError::NoPod(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_named_by_two_names_of_kubernetes() {
        let parsed = |text| SecretName::parse(text).map(|name| name.to_string());
        assert_eq!(parsed("weir/weir-access-tokens").as_deref(), Some("weir/weir-access-tokens"));
        for wrong in
            ["weir-access-tokens", "weir/", "/a", "weir/..", "weir/a/b", "weir/A", "weir/a?dryRun=All"]
        {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
