//! What the token of each account is, as far as Meta tells.

use super::{needed, store};
use crate::meta::{Accounts, App, DeclaredAccount, Login, TokenOwner, advice};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use weir_graph::AccessToken;
use weir_graph::edges::{EdgeError, TokenFacts};

/// The token of an account, or why nothing is known of it.
pub(in crate::meta) type Looked<'a> = (&'a DeclaredAccount, Result<Facts, String>);

/// What is known of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::meta) struct Facts {
    /// Meta's word: `PAGE`, `SYSTEM_USER`.
    pub(in crate::meta) kind: Option<String>,
    pub(in crate::meta) is_valid: bool,
    pub(in crate::meta) ends: Expiry,
    pub(in crate::meta) permissions: Vec<String>,
    /// Permissions that it needs and does not have.
    pub(in crate::meta) lacks: Vec<String>,
}

/// Until when a token may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::meta) enum Expiry {
    Never,
    At(SystemTime),
    Unknown,
}

/// Looks at the token of every account.
pub(in crate::meta) async fn at_all(accounts: &Accounts) -> Vec<Looked<'_>> {
    let mut all = Vec::new();
    for (app, account) in accounts.all() {
        all.push((account, at(accounts, app, account).await));
    }
    all
}

/// Looks at the token of one.
pub(in crate::meta) async fn at(
    accounts: &Accounts,
    app: &App,
    account: &DeclaredAccount,
) -> Result<Facts, String> {
    let token = accounts.token(app, account)?;
    let (facts, owner) = match account.login {
        Login::Instagram => (of_instagram(accounts, account, &token).await, TokenOwner::Account),
        Login::Facebook | Login::Unified => {
            let facts = accounts.facebook.token_facts(&token, &app.token()?).await;
            let needed = needed::permissions(&app.declared, account.login);
            (facts.map(|facts| Facts::of(facts, &needed)), TokenOwner::App)
        }
    };
    facts.map_err(|error| advice::on(&error, app, owner))
}

/// Meta describes no call that tells of such a token, so another one shows whether it is taken.
async fn of_instagram(
    accounts: &Accounts,
    account: &DeclaredAccount,
    token: &AccessToken,
) -> Result<Facts, EdgeError> {
    let is_valid = match accounts.instagram.installs(&account.id, token).await {
        Ok(_) => true,
        Err(error) if error.code() == Some(190) => false,
        Err(error) => return Err(error),
    };
    let ends = accounts.token_file(account).and_then(|file| store::ends(&file));
    let ends = ends.map_or(Expiry::Unknown, Expiry::At);
    Ok(Facts { kind: None, is_valid, ends, permissions: Vec::new(), lacks: Vec::new() })
}

impl Facts {
    fn of(facts: TokenFacts, needed: &BTreeSet<&'static str>) -> Self {
        let TokenFacts { is_valid, kind, expires_at, data_access_expires_at, scopes, .. } = facts;
        // What an app may not see any more it is not sent either, so the earlier of the two counts.
        let ends = [expires_at, data_access_expires_at].into_iter().flatten().filter(|end| *end > 0).min();
        let ends = ends.and_then(|end| UNIX_EPOCH.checked_add(Duration::from_secs(end))).map(Expiry::At);
        let unknown = if expires_at.is_some() { Expiry::Never } else { Expiry::Unknown };
        let lacks = needed.iter().filter(|permission| !scopes.iter().any(|scope| scope == *permission));
        let lacks = lacks.map(|permission| (*permission).to_owned()).collect();
        Self { kind, is_valid, ends: ends.unwrap_or(unknown), permissions: scopes, lacks }
    }
}
