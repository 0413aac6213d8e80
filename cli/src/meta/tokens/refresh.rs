//! Gives every token of Instagram Login 60 days more.

use super::store;
use crate::meta::accounts::{Accounts, OfApp};
use crate::meta::advice;
use crate::meta::file::Login;
use std::path::Path;
use std::time::SystemTime;
use weir_graph::GraphId;

/// What became of a token: its new end, or why it is the old one.
#[derive(Clone, Debug)]
pub(super) struct Refreshed {
    pub(super) account: GraphId,
    pub(super) ends: Result<Option<SystemTime>, String>,
}

/// Refreshes all of them; new ones go to the folder `to`, or over the old ones.
pub(super) async fn all(accounts: &Accounts, to: Option<&Path>) -> Vec<Refreshed> {
    let mut refreshed = Vec::new();
    for of_app in accounts.all().filter(|of_app| of_app.account.login == Login::Instagram) {
        let ends = one(accounts, of_app, to).await;
        refreshed.push(Refreshed { account: of_app.account.id.clone(), ends });
    }
    refreshed
}

async fn one(
    accounts: &Accounts,
    OfApp { account, credentials, .. }: OfApp<'_>,
    to: Option<&Path>,
) -> Result<Option<SystemTime>, String> {
    let credentials = credentials.as_ref().map_err(ToString::to_string)?;
    let token = accounts.token(account, credentials).map_err(|error| error.to_string())?;
    let file = to.map(|to| to.join(account.id.as_str())).or_else(|| accounts.token_file(account));
    let file = file.expect("a token that was read has a file");
    store::check(&file).map_err(|error| error.to_string())?;
    let new =
        accounts.hosts.instagram.refresh_instagram(&token).await.map_err(|error| match error.code() {
            Some(100) => {
                format!("{error}; a token that is younger than a day is not refreshed: it lasts long enough")
            }
            _ => advice::on(&error),
        })?;
    store::put(&file, &new).map_err(|error| error.to_string())
}
