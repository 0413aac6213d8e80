//! What is declared, with the secrets of the apps and the two hosts: all that a command needs to ask Meta. No secret is ever shown.

use crate::meta::file::Declared;
use crate::meta::{DeclaredAccount, DeclaredApp, Login, MetaSettings};
use crate::tool::Result;
use prometheus::Registry;
use runtime::secret_files::{read_file, trimmed};
use runtime::settings::presence;
use std::path::{Path, PathBuf};
use weir_graph::{AccessToken, AppSecret, Graph, GraphSettings, GraphUrl, tokens};

/// More than any secret has.
const MAX_SECRET_BYTES: u64 = 16 * 1024;

/// Everything that is declared; nothing is connected yet.
pub(super) struct Accounts {
    /// In the order of the file.
    pub(super) apps: Vec<App>,
    /// The host of apps, of pages and of Unified Login.
    pub(super) facebook: Graph,
    /// The host of Instagram Login.
    pub(super) instagram: Graph,
    pub(super) settings: MetaSettings,
}

/// An app.
pub(super) struct App {
    pub(super) declared: DeclaredApp,
    /// Or why its file cannot be used.
    secret: Result<AppSecret, String>,
}

impl App {
    pub(super) fn secret(&self) -> Result<&AppSecret, String> {
        self.secret.as_ref().map_err(Clone::clone)
    }

    /// Its own access token.
    pub(super) fn token(&self) -> Result<AccessToken, String> {
        Ok(AccessToken::of_app(&self.declared.id, self.secret()?))
    }

    /// What ingest knows Meta's handshake by; of an app with objects. Nothing but subscribing to them needs it.
    pub(super) fn verify_token(&self) -> Option<Result<String, String>> {
        let path = self.declared.verify_token_file.as_deref()?;
        Some(held(path, "verify token", |text| (!text.is_empty()).then(|| text.to_owned())))
    }
}

impl Accounts {
    /// Reads the file and the secrets of the apps; those of the accounts are read when they are needed. One that is broken
    /// holds up no other.
    pub(super) fn open(settings: &MetaSettings) -> Result<Self> {
        let app = |declared: DeclaredApp| {
            let secret = held(&declared.secret_file, "app secret", AppSecret::parse);
            App { declared, secret }
        };
        let client = |url: &GraphUrl| {
            let of_host = GraphSettings::of(url.clone(), settings.graph_version.clone());
            let of_host = GraphSettings { graph_timeout: settings.graph_timeout, ..of_host };
            // What is counted of its requests nobody reads.
            Graph::new(of_host, &Registry::new())
        };
        Ok(Self {
            apps: Declared::read(&settings.file)?.apps.into_iter().map(app).collect(),
            facebook: client(&settings.facebook_url)?,
            instagram: client(&settings.instagram_url)?,
            settings: settings.clone(),
        })
    }

    /// Every account with its app, in the order of the file.
    pub(super) fn all(&self) -> impl Iterator<Item = (&App, &DeclaredAccount)> {
        self.apps.iter().flat_map(|app| app.declared.accounts.iter().map(move |account| (app, account)))
    }

    /// Where accounts of a login are.
    pub(super) const fn host(&self, login: Login) -> &Graph {
        match login {
            Login::Facebook | Login::Unified => &self.facebook,
            Login::Instagram => &self.instagram,
        }
    }

    /// The token of an account as its file has it now.
    pub(super) fn token(&self, app: &App, account: &DeclaredAccount) -> Result<AccessToken, String> {
        let secret = app.secret()?;
        let missing = || match &self.settings.access_tokens {
            Some(folder) => {
                let file = folder.join(account.id.as_str());
                let why = "there is no access token: put it there, or name its file by \"token_file\"";
                format!("{}: {why}", file.display())
            }
            None => String::from("--access-tokens: it is not given, and the account has no \"token_file\""),
        };
        let path = self.token_file(account).ok_or_else(missing)?;
        token_of(account, &path, secret)
    }

    /// The file of an account's token: its own, else the one of its id among the access tokens, else `default` there.
    pub(super) fn token_file(&self, account: &DeclaredAccount) -> Option<PathBuf> {
        let default = || Some(self.settings.access_tokens.as_ref()?.join(tokens::DEFAULT));
        match &account.token_file {
            Some(own) => Some(own.clone()),
            None => [self.own_file(account), default()].into_iter().flatten().find(|path| is_there(path)),
        }
    }

    /// The file that a token of this account alone belongs into.
    pub(super) fn own_file(&self, account: &DeclaredAccount) -> Option<PathBuf> {
        let among_tokens = || Some(self.settings.access_tokens.as_ref()?.join(account.id.as_str()));
        account.token_file.clone().or_else(among_tokens)
    }
}

/// Whether weir-lookups and weir-replies would read it: a folder they pass over; a link that leads nowhere and what may not be seen
/// they name, and take no other token instead.
fn is_there(path: &Path) -> bool {
    match path.symlink_metadata() {
        Ok(_) => !path.is_dir(),
        Err(_) => presence::unseen(path).is_some(),
    }
}

/// The token in a file, as an account's. Of `graph.facebook.com` it proves by the app's secret that its own app uses it.
pub(super) fn token_of(
    account: &DeclaredAccount,
    path: &Path,
    app: &AppSecret,
) -> Result<AccessToken, String> {
    let proof = (account.login != Login::Instagram).then_some(app);
    let parse = |text: &str| AccessToken::parse(account.id.as_str(), text, proof);
    held(path, "access token, which is one line of printable characters", parse)
}

/// What a file holds, or why there is no such thing to be had of it.
fn held<T>(path: &Path, what: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, String> {
    let unusable = |why: String| format!("{}: {why}", path.display());
    let bytes = read_file(path, MAX_SECRET_BYTES).map_err(|fault| unusable(fault.to_string()))?;
    let text = String::from_utf8(trimmed(bytes)).map_err(|_| unusable("it is no text".to_owned()))?;
    parse(&text).ok_or_else(|| unusable(format!("it holds no {what}")))
}
