//! Rereads app secrets and verify tokens from their directories every `--secrets-refresh`, without a restart.
//!
//! A secret that is removed from its directory stops matching, even the last one. A file that cannot be used keeps the
//! secret read before, and so does the whole directory while it cannot be read: an unmounted volume revokes nothing.

use super::keyring::Keyring;
use super::secrets::{self, Secret, Secrets};
use crate::settings::Settings;
use arc_swap::ArcSwap;
use prometheus::IntCounter;
use runtime::blocking::Blocking;
use runtime::process::shutdown::Shutdown;
use runtime::process::supervisor::Supervisor;
use runtime::telemetry::ONE_OF_MANY;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The secrets in use now.
pub(crate) struct CurrentSecrets {
    pub(crate) keyring: ArcSwap<Keyring>,
    pub(crate) verify_tokens: ArcSwap<Vec<Secret>>,
}

impl CurrentSecrets {
    /// Those that were read at the start.
    pub(crate) fn new(settings: &Settings) -> Self {
        let keyring = Keyring::new(&settings.app_secrets.current, settings.max_app_secrets);
        Self {
            keyring: ArcSwap::from_pointee(keyring),
            verify_tokens: ArcSwap::from_pointee(settings.verify_tokens.current.clone()),
        }
    }
}

/// Reads the directories at once and then every `--secrets-refresh`, until shutdown. `failures` counts reads that found no
/// secret, or a directory or file that cannot be used.
pub(crate) async fn reload(
    current: Arc<CurrentSecrets>,
    settings: Settings,
    failures: IntCounter,
    shutdown: Shutdown,
) {
    let Settings { app_secrets, max_app_secrets, verify_tokens, secrets_refresh, .. } = settings;
    let mut apps = WatchedDirectory::new("app secrets", "every delivery is answered 401", true, app_secrets);
    let mut tokens =
        WatchedDirectory::new("verify tokens", "every handshake is refused", false, verify_tokens);
    let mut supervisor = Supervisor::new("the reload of secrets");
    let forever = async {
        loop {
            let look = async {
                let renew = |secrets: &[Secret]| {
                    let renewed = current.keyring.load().with_secrets(secrets, max_app_secrets);
                    current.keyring.store(Arc::new(renewed));
                };
                apps.look(&failures, renew).await;
                let renew = |secrets: &[Secret]| current.verify_tokens.store(Arc::new(secrets.to_vec()));
                tokens.look(&failures, renew).await;
            };
            supervisor.catches_panic_of(look).await;
            tokio::time::sleep(secrets_refresh).await;
        }
    };
    shutdown.run_until_requested(forever).await;
}

struct WatchedDirectory {
    what: &'static str,
    /// What becomes of requests where there are none.
    without_any: &'static str,
    /// Whether Meta makes them, so that it is known what they look like.
    are_metas: bool,
    secrets: Secrets,
    blocking: Blocking,
    /// What was logged last of each file that cannot be used; of the directory as `.`.
    faults: BTreeMap<String, String>,
}

impl WatchedDirectory {
    fn new(what: &'static str, without_any: &'static str, are_metas: bool, secrets: Secrets) -> Self {
        let (blocking, faults) = (Blocking::default(), BTreeMap::new());
        let watched = Self { what, without_any, are_metas, secrets, blocking, faults };
        watched.log_unusual(&[]);
        watched
    }

    /// Reads the directory, and puts its secrets to use when they differ from those in use.
    async fn look(&mut self, failures: &IntCounter, renew: impl FnOnce(&[Secret])) {
        let Some(directory) = self.secrets.directory.clone() else { return };
        let contents = match secrets::read(directory, &self.blocking, &self.secrets.current).await {
            Ok(contents) => contents,
            Err(error) => {
                failures.inc();
                self.log_faults(BTreeMap::from([(".".to_owned(), error)]));
                return;
            }
        };
        let Secrets { mut current, faults, .. } = contents;
        current.extend(self.secrets.fixed.clone());
        if !faults.is_empty() || current.is_empty() {
            failures.inc();
        }
        self.log_faults(faults);
        if current == self.secrets.current {
            return;
        }
        // First: what a panic keeps from being used is found again.
        renew(&current);
        let before = std::mem::replace(&mut self.secrets.current, current);
        let (what, current) = (self.what, &self.secrets.current);
        let names: Vec<_> = current.iter().map(|secret| secret.name().to_string()).collect();
        if current.is_empty() {
            tracing::error!(what, "no secrets are left: {}", self.without_any);
        } else {
            tracing::info!(what, names = names.join(", "), "reloaded secrets");
        }
        self.log_unusual(&before);
    }

    /// Logs what is wrong with a file when that is new.
    fn log_faults(&mut self, faults: BTreeMap<String, String>) {
        let what = self.what;
        for (file, why) in faults.iter().filter(|(file, why)| self.faults.get(*file) != Some(*why)) {
            tracing::error!(name: ONE_OF_MANY, what, file, why, "cannot use a directory or file of secrets; what was read of it before, if anything, stays in use");
        }
        self.faults = faults;
    }

    /// Logs by their names which of the new secrets do not look like Meta's.
    fn log_unusual(&self, before: &[Secret]) {
        if !self.are_metas {
            return;
        }
        for secret in self.secrets.current.iter().filter(|secret| !before.contains(secret)) {
            if let Some(format) = secret.unusual_format() {
                let name = secret.name();
                tracing::warn!(name: ONE_OF_MANY, name = &**name, "this does not look like an app secret of Meta's: {format}");
            }
        }
    }
}
