//! Access tokens and accounts: a file per account in one directory, read again while the process runs.
//!
//! A mounted Kubernetes Secret is such a directory; its hidden entries (`..data`) are passed over.

mod account_file;
mod contents;
mod files;
mod no_token;
mod refused;

pub use no_token::NoToken;

use crate::account::Login;
use crate::{AccessToken, Account, GraphId, GraphUrl};
use contents::Contents;
use files::TokenFiles;
use prometheus::{IntGauge, Registry};
use refused::RefusedTokens;
use runtime::blocking::{Blocking, BlockingError};
use runtime::metrics;
use runtime::mutex::lock;
use runtime::process::supervisor::Supervisor;
use runtime::secret_files::READ_TIMEOUT;
use runtime::settings::{Form, Reader, form, optional};
use runtime::telemetry::ONE_OF_MANY;
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often the files are read again, as the help of their flags says.
const REREAD_EVERY: Duration = Duration::from_secs(5);

/// Accounts without a token that are said one by one; of more than these the metrics and dead letters tell.
const LOGGED_AT_MOST: usize = 1_000;

/// Hosts that are asked at a time whether they are reached, at most; Meta has two.
const HOSTS_ASKED: usize = 16;

/// The file that stands in for accounts without one of their own.
pub const DEFAULT: &str = "default";

runtime::settings! {
    "Graph API",
    /// Where the access tokens and the accounts are.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct TokenSettings {
        /// Directory of access tokens: a file per account, named by its id, and `default` for the rest; read again
        /// every 5 s
        pub access_tokens: Option<PathBuf> = optional("DIR", form::directory()),
        /// Directory of accounts: a JSON file per account, named by its id, with login (facebook or instagram), host, page, token or
        /// token_file, and app_secret_file; what a file leaves out comes from the flags; read again every 5 s
        pub accounts: Option<PathBuf> = optional("DIR", accounts()).or_default(),
        /// File with the app's secret: calls then carry `appsecret_proof`, as "Require App Secret" demands
        pub graph_app_secret: Option<PathBuf> = optional("FILE", form::file()),
    }
    check |settings: &TokenSettings, reader: &mut Reader<'_>| {
        if settings.access_tokens.is_none() && settings.accounts.is_none() {
            reader.problem("access_tokens", "a directory that exists, unless --accounts is one");
        }
    }
}

/// A directory. `WEIR_ACCOUNTS` of `weir-metrics`, the ids to watch or `@FILE`, is none: it often stands in settings that all
/// processes share.
fn accounts() -> Form<Option<PathBuf>> {
    let directory = form::directory();
    let expected =
        format!("{}, with a file per account; ids, or @FILE, are weir-metrics' alone", directory.expected());
    Form::new(expected, move |value| {
        let is_of_metrics =
            value.starts_with('@') || value.split(',').all(|id| GraphId::parse(id.trim()).is_some());
        directory.parse(value).map(Some).or_else(|| is_of_metrics.then_some(None))
    })
    .because(form::unseen)
}

/// How soon a token that Meta refused is tried again; where that is refused too, it takes twice as long, up to five minutes.
pub const REFUSED_TRIED_AFTER: Duration = refused::TRIED_AFTER;

/// The access tokens of all accounts.
#[derive(Debug)]
pub struct AccessTokens {
    settings: TokenSettings,
    /// The host of accounts that say none.
    host: GraphUrl,
    contents: Mutex<Contents>,
    blocking: Blocking,
    refused: RefusedTokens,
    /// Accounts without a token, of which it was said.
    logged: Mutex<BTreeSet<String>>,
    one_at_a_time: tokio::sync::Mutex<()>,
    changes: watch::Sender<()>,
    usable: IntGauge,
    broken: IntGauge,
}

impl TokenSettings {
    /// Where a token is looked for first.
    fn directory(&self) -> &Path {
        self.accounts.as_deref().or(self.access_tokens.as_deref()).unwrap_or(Path::new("."))
    }
}

impl AccessTokens {
    /// Reads the files; accounts that say no host are at `host`.
    pub fn open(settings: TokenSettings, host: GraphUrl, registry: &Registry) -> Self {
        let gauge = |name: &str, help: &str| metrics::gauge(registry, name, help);
        let tokens = Self {
            settings,
            host,
            contents: Mutex::default(),
            blocking: Blocking::default(),
            refused: RefusedTokens::new(registry),
            logged: Mutex::default(),
            one_at_a_time: tokio::sync::Mutex::default(),
            changes: watch::Sender::new(()),
            usable: gauge("weir_graph_tokens", "Access tokens at hand, the default one included"),
            broken: gauge(
                "weir_graph_broken_token_files",
                "Files of tokens, accounts and secrets that cannot be used; what they held before stays in use",
            ),
        };
        // Blocks, as only the start may, for `READ_TIMEOUT` at most.
        tokens.reread();
        if tokens.usable.get() == 0 {
            let directory = tokens.settings.directory().display();
            tracing::warn!(%directory, "no access token is there: add a file per account, or `default`");
        }
        tokens
    }

    /// Whether every folder was read once; before, neither tokens nor accounts are known.
    pub fn is_read(&self) -> bool {
        lock(&self.contents).is_read
    }

    /// The token of an account, else the default one; as far as is known it is valid.
    pub fn of(&self, account: &GraphId) -> Result<AccessToken, NoToken> {
        if !self.is_read() {
            return Err(NoToken::Unread);
        }
        let token = lock(&self.contents).of(account.as_str()).cloned();
        let token = token.ok_or_else(|| NoToken::Missing(self.advice(account)))?;
        if self.refused.withholds(&token, Instant::now()) {
            return Err(NoToken::Refused);
        }
        Ok(token)
    }

    /// The name of the token that an account has, valid or not: its own, or the default one's.
    pub fn name_of(&self, account: &GraphId) -> Option<Arc<str>> {
        lock(&self.contents).of(account.as_str()).map(|token| Arc::clone(token.name()))
    }

    /// The hosts that there are tokens for, but for that of this one; some of them where there are many.
    pub fn other_hosts(&self, token: &AccessToken) -> Vec<GraphUrl> {
        let host = |token: &AccessToken| token.host().unwrap_or(&self.host).clone();
        let hosts: HashSet<_> = lock(&self.contents).tokens.values().map(host).collect();
        hosts.into_iter().filter(|other| *other != host(token)).take(HOSTS_ASKED).collect()
    }

    /// What is known of an account.
    pub fn account(&self, id: &GraphId) -> Account {
        let contents = lock(&self.contents);
        let known = contents.known(id.as_str()).map(|known| known.account.clone());
        known.unwrap_or_else(|| Account::new(id.clone(), Login::of_host(&self.host), None))
    }

    /// What to do about an account without a token.
    fn advice(&self, account: &GraphId) -> String {
        let contents = lock(&self.contents);
        if let Some(file) = contents.broken_file(account.as_str(), &self.settings) {
            let file = file.display();
            return format!("account {account} has no access token: {file} cannot be used, as the log says");
        }
        let directory = self.settings.directory().display();
        let or_default = match &self.settings.access_tokens {
            Some(directory) => format!(" or {}/{DEFAULT}", directory.display()),
            None => String::new(),
        };
        format!("account {account} has no access token: put one into {directory}/{account}{or_default}")
    }

    /// Says once, until the tokens change, that an account has no token, where that is why it has none.
    pub fn say_missing(&self, account: &GraphId, no_token: &NoToken, meanwhile: &str) {
        let NoToken::Missing(advice) = no_token else { return };
        let is_new = {
            let mut logged = lock(&self.logged);
            logged.len() < LOGGED_AT_MOST && logged.insert(account.to_string())
        };
        if is_new {
            tracing::error!(name: ONE_OF_MANY, meanwhile, "{advice}");
        }
    }

    /// Meta has refused a token, for a reason that is logged: reads the files again, and gives the account's token where it is
    /// another one by now, as after its file or that of its app's secret has changed.
    ///
    /// From now on nobody gets the refused token until its file changes, or until it is tried again, after [`REFUSED_TRIED_AFTER`] at first.
    pub async fn refuse_and_reread(
        self: &Arc<Self>,
        token: &AccessToken,
        account: &GraphId,
        why: &str,
    ) -> Option<AccessToken> {
        // Many calls are refused at a time; the first one reads for all.
        let _others_wait = self.one_at_a_time.lock().await;
        if self.refused.has(token) {
            self.refused.refuse(token, Instant::now());
        } else {
            self.reread_blocking().await;
            self.refuse(token, why);
        }
        self.of(account).ok().filter(|other| other != token)
    }

    /// Meta has answered a call with this token, or refused it for something else.
    pub fn accepted(&self, token: &AccessToken) {
        if self.refused.accept(token) {
            tracing::info!(account = %token.name(), "Meta accepts this access token again");
            self.changes.send_replace(());
        }
    }

    /// Tells of every change of the tokens from now on.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Reads the files again. A token whose file is broken or empty stays in use, one whose file is gone does not.
    pub fn reread(&self) {
        self.apply(self.blocking.wait(READ_TIMEOUT, self.read_files()));
    }

    /// Reads the files again every few seconds, without end.
    pub async fn keep_fresh(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(REREAD_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut supervisor = Supervisor::new("the reload of access tokens");
        loop {
            ticks.tick().await;
            let reread = async {
                let _others_wait = self.one_at_a_time.lock().await;
                self.reread_blocking().await;
            };
            supervisor.catches_panic_of(reread).await;
        }
    }

    /// As [`Self::reread`], for one who may not block.
    async fn reread_blocking(&self) {
        self.apply(self.blocking.run(READ_TIMEOUT, self.read_files()).await);
    }

    fn read_files(&self) -> impl FnOnce() -> TokenFiles + Send + use<> {
        let (settings, host) = (self.settings.clone(), self.host.clone());
        move || TokenFiles::at(&settings, &host)
    }

    fn apply(&self, files: Result<TokenFiles, BlockingError>) {
        let before = lock(&self.contents).clone();
        let after = before.after(files, &self.settings);
        for (file, why) in after.broken.iter().filter(|(file, why)| before.broken.get(*file) != Some(*why)) {
            tracing::warn!(name: ONE_OF_MANY, file = %file.display(), %why, "an access token or account cannot be read");
        }
        self.usable.set(i64::try_from(after.tokens.len()).unwrap_or(i64::MAX));
        self.broken.set(i64::try_from(after.broken.len()).unwrap_or(i64::MAX));
        let changed = after.differs(&before);
        let count = after.tokens.len();
        *lock(&self.contents) = after;
        if changed {
            tracing::info!(tokens = count, "access tokens read");
            self.changed();
        }
    }

    fn refuse(&self, token: &AccessToken, why: &str) {
        let contents = lock(&self.contents);
        if contents.tokens.get(&**token.name()) != Some(token) {
            return;
        }
        self.refused.refuse(token, Instant::now());
        let file = contents.file_of(token, &self.settings);
        tracing::error!(name: ONE_OF_MANY, file = %file.display(), why, "Meta refuses this access token");
    }

    fn changed(&self) {
        let contents = lock(&self.contents);
        self.refused.changed(&contents.tokens);
        lock(&self.logged).clear();
        self.changes.send_replace(());
    }
}

#[cfg(test)]
mod tests;
