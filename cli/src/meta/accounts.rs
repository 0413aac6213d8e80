//! What is declared, with the secrets of the apps and the two hosts: all that a command needs to ask Meta.

use super::MetaError;
use super::credentials::{self, AppCredentials};
use super::file::{Declared, DeclaredAccount, DeclaredApp, FileError, Login};
use super::settings::MetaSettings;
use prometheus::Registry;
use std::path::{Path, PathBuf};
use weir_graph::{AccessToken, Graph, GraphSettings, GraphUrl, tokens};

/// Everything that is declared; nothing is connected yet.
pub(super) struct Accounts {
    /// In the order of the file.
    pub(super) apps: Vec<App>,
    /// The host of apps, of pages and of Unified Login.
    pub(super) facebook: Graph,
    /// The host of Instagram Login.
    pub(super) instagram: Graph,
    access_tokens: Option<PathBuf>,
}

/// An app.
pub(super) struct App {
    pub(super) declared: DeclaredApp,
    /// Or why its files cannot be used.
    credentials: Result<AppCredentials, String>,
}

impl App {
    /// Its secrets.
    pub(super) fn credentials(&self) -> Result<&AppCredentials, String> {
        self.credentials.as_ref().map_err(Clone::clone)
    }
}

impl Accounts {
    /// Reads the file and the secrets of the apps; those of the accounts are read when they are needed. One that is broken
    /// holds up no other.
    pub(super) fn open(settings: &MetaSettings) -> Result<Self, MetaError> {
        let app = |declared: DeclaredApp| {
            let credentials = AppCredentials::read(&declared).map_err(|error| error.to_string());
            App { declared, credentials }
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
            access_tokens: settings.access_tokens.clone(),
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
        let credentials = app.credentials()?;
        let missing = || {
            let folder = self.access_tokens.as_deref().unwrap_or(Path::new("--access-tokens"));
            let why = "there is no access token: put it there, or name its file by \"token_file\"";
            FileError::new(&folder.join(account.id.as_str()), why)
        };
        let path = self.token_file(account).ok_or_else(missing);
        let token = path.and_then(|path| credentials::token_of(account, &path, &credentials.secret));
        token.map_err(|error| error.to_string())
    }

    /// The file of an account's token: its own, else the one of its id among the access tokens, else `default` there.
    pub(super) fn token_file(&self, account: &DeclaredAccount) -> Option<PathBuf> {
        let default = || Some(self.access_tokens.as_ref()?.join(tokens::DEFAULT));
        match &account.token_file {
            Some(own) => Some(own.clone()),
            None => [self.own_file(account), default()].into_iter().flatten().find(|path| path.is_file()),
        }
    }

    /// The file that a token of this account alone belongs into.
    pub(super) fn own_file(&self, account: &DeclaredAccount) -> Option<PathBuf> {
        let among_tokens = || Some(self.access_tokens.as_ref()?.join(account.id.as_str()));
        account.token_file.clone().or_else(among_tokens)
    }
}
