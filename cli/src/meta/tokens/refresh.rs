//! Gives every token of Instagram Login 60 days more, but for those that have them.

use super::secret::Secret;
use super::settings::Destination;
use super::store::{Place, StoreError};
use crate::meta::accounts::{Accounts, OfApp};
use crate::meta::advice;
use crate::meta::file::Login;
use runtime::process::chain;
use std::time::{Duration, SystemTime};
use weir_graph::GraphId;

/// What lasts longer was given its 60 days within the last day, before whose end Meta refuses to give them again. That it is passed
/// over lets whoever failed with one token begin anew with all.
const LONG_ENOUGH: Duration = Duration::from_hours(59 * 24);

/// What became of the token of an account, or why it is the old one.
#[derive(Clone, Debug)]
pub(super) struct Refreshed {
    pub(super) account: GraphId,
    pub(super) became: Result<Became, String>,
}

/// What became of a token, with its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Became {
    /// It is a new one.
    Renewed(Option<SystemTime>),
    /// It lasts long enough.
    Left(SystemTime),
}

/// Refreshes all of them; new ones go to their destination, or over the old ones.
pub(super) async fn all(
    accounts: &Accounts,
    destination: &Destination,
) -> Result<Vec<Refreshed>, StoreError> {
    let (mut refreshed, secret) = (Vec::new(), Secret::of(destination)?);
    for of_app in accounts.all().filter(|of_app| of_app.account.login == Login::Instagram) {
        let became = one(accounts, of_app, destination, secret.as_ref()).await;
        refreshed.push(Refreshed { account: of_app.account.id.clone(), became });
    }
    Ok(refreshed)
}

async fn one(
    accounts: &Accounts,
    OfApp { account, credentials, .. }: OfApp<'_>,
    destination: &Destination,
    secret: Option<&Secret>,
) -> Result<Became, String> {
    let credentials = credentials.as_ref().map_err(ToString::to_string)?;
    let token = accounts.token(account, credentials).map_err(|error| error.to_string())?;
    let own = accounts.token_file(account);
    let place = Place::of(accounts, account, own.clone(), destination, secret);
    let place = place.map_err(|error| chain(&error))?.expect("a token that was read has a file");
    let open = place.open().await.map_err(|error| chain(&error))?;
    open.still_holds(&token).map_err(|error| chain(&error))?;
    let ends = own.and_then(|file| open.ends(&file));
    if let Some(ends) = ends.filter(|ends| *ends > SystemTime::now() + LONG_ENOUGH) {
        return Ok(Became::Left(ends));
    }
    let new =
        accounts.hosts.instagram.refresh_instagram(&token).await.map_err(|error| match error.code() {
            Some(100) => {
                format!("{error}; a token that is younger than a day is not refreshed: it lasts long enough")
            }
            _ => advice::on(&error),
        })?;
    open.put(&new).await.map(Became::Renewed).map_err(|error| chain(&error))
}
