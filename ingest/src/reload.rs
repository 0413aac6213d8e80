//! Rereads app secrets and verify tokens when their directories change, without a restart.

use crate::keyring::Keyring;
use crate::metrics::Metrics;
use crate::secrets::Secret;
use crate::settings::{self, Secrets, Settings};
use arc_swap::ArcSwap;
use runtime::shutdown::Shutdown;
use std::sync::Arc;
use std::time::Duration;

/// The secrets in use now.
#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) keyring: ArcSwap<Keyring>,
    pub(crate) verify_tokens: ArcSwap<Vec<Secret>>,
}

impl Current {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            keyring: ArcSwap::from_pointee(Keyring::new(&settings.app_secrets.current)),
            verify_tokens: ArcSwap::from_pointee(settings.verify_tokens.current.clone()),
        }
    }
}

/// Looks at the directories every `settings.secrets_refresh` until shutdown. What cannot be read leaves the secrets in
/// use as they are, and is said once.
pub(crate) async fn keep_current(
    current: Arc<Current>,
    settings: Settings,
    metrics: Arc<Metrics>,
    shutdown: Shutdown,
) {
    let every: Duration = settings.secrets_refresh;
    let mut apps = Watched::new("app secrets", settings.app_secrets);
    let mut tokens = Watched::new("verify tokens", settings.verify_tokens);
    loop {
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = shutdown.requested() => return,
        }
        if let Some(secrets) = apps.changed(&metrics) {
            current.keyring.store(Arc::new(Keyring::new(&secrets)));
        }
        if let Some(secrets) = tokens.changed(&metrics) {
            current.verify_tokens.store(Arc::new(secrets));
        }
    }
}

struct Watched {
    what: &'static str,
    secrets: Secrets,
    said: Option<String>,
}

impl Watched {
    fn new(what: &'static str, secrets: Secrets) -> Self {
        Self { what, secrets, said: None }
    }

    /// The new secrets, when they differ from those in use and can be read.
    fn changed(&mut self, metrics: &Metrics) -> Option<Vec<Secret>> {
        match settings::read_current(&self.secrets) {
            Ok(current) => {
                self.said = None;
                if current == self.secrets.current {
                    return None;
                }
                let names: Vec<_> = current.iter().map(|secret| secret.name().to_string()).collect();
                tracing::info!(
                    what = self.what,
                    names = names.join(", "),
                    "secrets changed and are in use now"
                );
                self.secrets.current.clone_from(&current);
                Some(current)
            }
            Err(error) => {
                metrics.secret_reload_failures.inc();
                let error = error.to_string();
                if self.said.as_ref() != Some(&error) {
                    tracing::error!(
                        what = self.what,
                        error,
                        "the changed secrets cannot be used, the old ones stay"
                    );
                    self.said = Some(error);
                }
                None
            }
        }
    }
}
