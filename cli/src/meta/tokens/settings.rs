//! The flags of `weir tokens`.

use super::secret::SecretName;
use crate::meta::MetaSettings;
use crate::tool::settings::{count, flag, group, settings, switch};
use runtime::settings::{Form, form};
use std::path::PathBuf;
use std::time::Duration;
use weir_graph::GraphId;

settings! {
    /// What `weir tokens list` can be asked for.
    pub(super) struct ListSettings {
        meta: MetaSettings = group(),
        /// How long before its end a token is a difference
        warn_before: Duration = flag("warn-before", "DURATION", form::duration(Duration::ZERO..=Duration::from_hours(60 * 24))).or("10d"),
        /// Print one JSON object
        json: bool = switch("json"),
    }
}

settings! {
    /// What `weir tokens refresh` can be asked for.
    pub(super) struct RefreshSettings {
        meta: MetaSettings = group(),
        destination: Destination = group(),
        /// Print one JSON object
        json: bool = switch("json"),
    }
}

settings! {
    /// What `weir tokens exchange` can be asked for.
    pub(super) struct ExchangeSettings {
        /// A declared account
        account: GraphId = flag("account", "ACCOUNT", Form::new("an account's id, which are digits", GraphId::parse)).positional().required(),
        /// The file with the token that the login gave: of the account's own, or of the page's person
        short_token: PathBuf = flag("short-token", "FILE", form::file()).required(),
        meta: MetaSettings = group(),
        destination: Destination = group(),
    }
}

settings! {
    /// Where new tokens go, if not over the old ones.
    pub(super) struct Destination {
        /// Directory for new tokens, where the old ones cannot be written over
        to: Option<PathBuf> = flag("to", "DIR", form::directory()).without("to-secret").optional(),
        /// Secret of Kubernetes for new tokens, each under the name of its account's file; of a pod alone, as its service account
        to_secret: Option<SecretName> = flag("to-secret", "NAMESPACE/NAME", Form::new(SecretName::EXPECTED, SecretName::parse)).env("WEIR_TO_SECRET").optional(),
        /// Host of the API server of Kubernetes, which every pod is told
        kubernetes_host: Option<String> = flag("kubernetes-host", "HOST", form::text()).env("KUBERNETES_SERVICE_HOST").optional(),
        /// Its port, likewise
        kubernetes_port: u16 = count("kubernetes-port", 1..=65_535).named("PORT").env("KUBERNETES_SERVICE_PORT").or("443"),
        /// Directory with the token and ca.crt of the pod's service account
        service_account: PathBuf = flag("service-account", "DIR", Form::new("a path", path)).or("/var/run/secrets/kubernetes.io/serviceaccount"),
    }
}

/// Nothing need be there where no Secret is written.
fn path(value: &str) -> Option<PathBuf> {
    (!value.trim().is_empty()).then(|| value.into())
}
