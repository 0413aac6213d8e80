//! What is declared, with the secrets of the apps and the two hosts: all that a command needs to ask Meta.

use super::MetaError;
use super::credentials::{self, AppCredentials, CredentialsError};
use super::file::{Declared, DeclaredAccount, DeclaredApp};
use super::hosts::Hosts;
use super::settings::MetaSettings;
use std::path::PathBuf;
use weir_graph::AccessToken;

/// Everything that is declared.
pub(super) struct Accounts {
    pub(super) hosts: Hosts,
    pub(super) declared: Declared,
    /// Of each app, in the order of the file, or why its files cannot be used.
    apps: Vec<Result<AppCredentials, CredentialsError>>,
    access_tokens: Option<PathBuf>,
}

/// An account with its app.
#[derive(Clone, Copy)]
pub(super) struct OfApp<'a> {
    pub(super) app: &'a DeclaredApp,
    pub(super) credentials: &'a Result<AppCredentials, CredentialsError>,
    pub(super) account: &'a DeclaredAccount,
}

impl Accounts {
    /// Reads the file and the secrets of the apps; those of the accounts are read when they are needed. One that is broken
    /// holds up no other.
    pub(super) fn open(settings: &MetaSettings) -> Result<Self, MetaError> {
        let declared = Declared::read(&settings.file)?;
        let apps = declared.apps.iter().map(AppCredentials::read).collect();
        let hosts = Hosts::new(settings)?;
        Ok(Self { hosts, declared, apps, access_tokens: settings.access_tokens.clone() })
    }

    /// Every account, in the order of the file.
    pub(super) fn all(&self) -> impl Iterator<Item = OfApp<'_>> {
        self.declared.apps.iter().zip(&self.apps).flat_map(|(app, credentials)| {
            app.accounts.iter().map(move |account| OfApp { app, credentials, account })
        })
    }

    /// The secrets of an app, by its place in the file.
    pub(super) fn app(&self, index: usize) -> Result<&AppCredentials, String> {
        self.apps[index].as_ref().map_err(ToString::to_string)
    }

    /// The token of an account as its file has it now.
    pub(super) fn token(
        &self,
        account: &DeclaredAccount,
        app: &AppCredentials,
    ) -> Result<AccessToken, CredentialsError> {
        credentials::token(account, self.access_tokens.as_deref(), &app.secret)
    }

    /// The file that an account's token is in.
    pub(super) fn token_file(&self, account: &DeclaredAccount) -> Option<PathBuf> {
        credentials::token_file(account, self.access_tokens.as_deref())
    }

    /// The file that a token of this account alone belongs into.
    pub(super) fn own_file(&self, account: &DeclaredAccount) -> Option<PathBuf> {
        let among_tokens = || Some(self.access_tokens.as_ref()?.join(account.id.as_str()));
        account.token_file.clone().or_else(among_tokens)
    }
}
