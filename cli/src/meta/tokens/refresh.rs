//! Gives every token of Instagram Login 60 days more, but for those that have them.

use super::secret::Secret;
use super::settings::Destination;
use super::store::TokenTarget;
use crate::meta::{Accounts, App, DeclaredAccount, Login, TokenOwner, advice};
use std::time::{Duration, SystemTime};
use weir_graph::edges::EdgeError;

/// What lasts longer was given its 60 days within the last day, before whose end Meta refuses to give them again. That it is passed
/// over lets whoever failed with one token begin anew with all.
const LONG_ENOUGH: Duration = Duration::from_hours(59 * 24);

/// What became of the token of an account, or why it is the old one.
pub(super) type Refreshed<'a> = (&'a DeclaredAccount, Result<RefreshOutcome, String>);

/// What became of a token.
pub(super) struct RefreshOutcome {
    /// Or it lasts long enough.
    pub(super) is_new: bool,
    pub(super) ends: Option<SystemTime>,
}

/// Refreshes all of them; new ones go to their destination, or over the old ones.
pub(super) async fn all<'a>(
    accounts: &'a Accounts,
    destination: &Destination,
) -> Result<Vec<Refreshed<'a>>, String> {
    let (mut refreshed, secret) = (Vec::new(), Secret::of(destination)?);
    for (app, account) in accounts.all().filter(|(_, account)| account.login == Login::Instagram) {
        refreshed.push((account, one(accounts, app, account, destination, secret.as_ref()).await));
    }
    Ok(refreshed)
}

async fn one(
    accounts: &Accounts,
    app: &App,
    account: &DeclaredAccount,
    destination: &Destination,
    secret: Option<&Secret>,
) -> Result<RefreshOutcome, String> {
    let token = accounts.token(app, account)?;
    let own = accounts.token_file(account).ok_or("its token's file is gone by now; run this again")?;
    let target = TokenTarget::open(accounts, account, Some(own.clone()), destination, secret).await?;
    target.still_holds(&token, &own)?;
    let ends = target.ends(&own);
    if ends.is_some_and(|ends| ends > SystemTime::now() + LONG_ENOUGH) {
        return Ok(RefreshOutcome { is_new: false, ends });
    }
    let refused = |error: EdgeError| match error.code() {
        Some(100) => {
            format!("{error}; a token that is younger than a day is not refreshed: it lasts long enough")
        }
        _ => advice::on(&error, app, TokenOwner::Account),
    };
    let new = accounts.instagram.refresh_instagram(&token).await.map_err(refused)?;
    // Meta may have taken its time, in which somebody has logged in anew.
    target.still_holds(&token, &own)?;
    let ends = target.put(&new).await?;
    Ok(RefreshOutcome { is_new: true, ends })
}
