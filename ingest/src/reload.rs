//! Rereads app secrets and verify tokens when their directories change, without a restart.
//!
//! What a directory no longer holds fits no longer, be it the last secret. A file that cannot be used keeps what it held
//! before, and so does everything while the directory as a whole cannot be read: a volume that is away revokes nothing.

use crate::keyring::Keyring;
use crate::metrics::Metrics;
use crate::secrets::{self, Contents, Secret};
use crate::settings::{Secrets, Settings};
use arc_swap::ArcSwap;
use runtime::blocking::Blocking;
use runtime::process::shutdown::Shutdown;
use std::collections::BTreeMap;
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
            keyring: ArcSwap::from_pointee(Keyring::new(
                &settings.app_secrets.current,
                settings.max_app_secrets,
            )),
            verify_tokens: ArcSwap::from_pointee(settings.verify_tokens.current.clone()),
        }
    }
}

/// Looks at the directories at once and then every `settings.secrets_refresh`, until shutdown.
pub(crate) async fn keep_current(
    current: Arc<Current>,
    settings: Settings,
    metrics: Arc<Metrics>,
    shutdown: Shutdown,
) {
    tokio::select! {
        () = look_for_ever(&current, settings, &metrics) => {}
        () = shutdown.requested() => {}
    }
}

async fn look_for_ever(current: &Current, settings: Settings, metrics: &Metrics) {
    let (every, most): (Duration, usize) = (settings.secrets_refresh, settings.max_app_secrets);
    let mut apps = Watched::new(Sort::AppSecrets, settings.app_secrets);
    let mut tokens = Watched::new(Sort::VerifyTokens, settings.verify_tokens);
    loop {
        if let Some(secrets) = apps.changed(metrics).await {
            current.keyring.store(Arc::new(Keyring::new(&secrets, most)));
        }
        if let Some(secrets) = tokens.changed(metrics).await {
            current.verify_tokens.store(Arc::new(secrets));
        }
        tokio::time::sleep(every).await;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    AppSecrets,
    VerifyTokens,
}

struct Watched {
    sort: Sort,
    secrets: Secrets,
    blocking: Blocking,
    /// What was said last of the files that cannot be used; of the directory as `.`.
    faults: BTreeMap<String, String>,
}

impl Watched {
    fn new(sort: Sort, secrets: Secrets) -> Self {
        let watched = Self { sort, secrets, blocking: Blocking::default(), faults: BTreeMap::new() };
        watched.say_odd(&[]);
        watched
    }

    /// The secrets to use from now on, when they differ from those in use.
    async fn changed(&mut self, metrics: &Metrics) -> Option<Vec<Secret>> {
        let directory = self.secrets.directory.clone()?;
        let contents = match secrets::read(directory, &self.blocking, &self.secrets.current).await {
            Ok(contents) => contents,
            Err(error) => {
                metrics.secret_reload_failures.inc();
                self.say_faults(BTreeMap::from([(".".to_owned(), error.to_string())]));
                return None;
            }
        };
        let Contents { secrets: mut current, faults } = contents;
        current.extend(self.secrets.fixed.clone());
        if !faults.is_empty() || current.is_empty() {
            metrics.secret_reload_failures.inc();
        }
        self.say_faults(faults);
        (current != self.secrets.current).then(|| self.change(current))
    }

    fn change(&mut self, current: Vec<Secret>) -> Vec<Secret> {
        let before = std::mem::replace(&mut self.secrets.current, current.clone());
        let what = self.sort.as_str();
        let names: Vec<_> = current.iter().map(|secret| secret.name().to_string()).collect();
        if current.is_empty() {
            tracing::error!(what, "no secrets are left: {}", self.sort.without_any());
        } else {
            tracing::info!(what, names = names.join(", "), "secrets changed and are in use now");
        }
        self.say_odd(&before);
        current
    }

    /// Says what is wrong with a file when that is new.
    fn say_faults(&mut self, faults: BTreeMap<String, String>) {
        let what = self.sort.as_str();
        for (file, why) in faults.iter().filter(|(file, why)| self.faults.get(*file) != Some(*why)) {
            tracing::error!(what, file, why, "secrets cannot be used; what was read before stays in use");
        }
        self.faults = faults;
    }

    /// Says of the secrets that are new what makes them unlike Meta's, by their names.
    fn say_odd(&self, before: &[Secret]) {
        if self.sort == Sort::VerifyTokens {
            return;
        }
        for secret in self.secrets.current.iter().filter(|secret| !before.contains(secret)) {
            if let Some(oddity) = secret.oddity() {
                let name = secret.name();
                tracing::warn!(name = &**name, "this app secret is none that Meta gives: {oddity}");
            }
        }
    }
}

impl Sort {
    const fn as_str(self) -> &'static str {
        match self {
            Self::AppSecrets => "app secrets",
            Self::VerifyTokens => "verify tokens",
        }
    }

    const fn without_any(self) -> &'static str {
        match self {
            Self::AppSecrets => "every delivery is answered 401",
            Self::VerifyTokens => "every handshake is refused",
        }
    }
}
