//! New tokens for old ones: 60 days more for those of Instagram Login, and a long-lived one for the short-lived one of a login.

use super::report;
use super::secret::Secret;
use super::settings::{Destination, ExchangeSettings};
use super::store::TokenTarget;
use crate::meta::accounts::token_of;
use crate::meta::{Accounts, App, DeclaredAccount, Login, TokenOwner, advice};
use crate::tool::{Result, UsageError};
use std::time::{Duration, SystemTime};
use weir_graph::edges::{EdgeError, NewToken};
use weir_graph::{AccessToken, AppSecret};

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
pub(super) async fn refresh<'a>(
    accounts: &'a Accounts,
    destination: &Destination,
) -> Result<Vec<Refreshed<'a>>, String> {
    let (mut refreshed, secret) = (Vec::new(), Secret::of(destination)?);
    for (app, account) in accounts.all().filter(|(_, account)| account.login == Login::Instagram) {
        refreshed.push((account, refresh_one(accounts, app, account, destination, secret.as_ref()).await));
    }
    Ok(refreshed)
}

async fn refresh_one(
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

/// Exchanges one token, and says what came of it.
pub(super) async fn exchange(accounts: &Accounts, settings: &ExchangeSettings) -> Result<String> {
    let id = &settings.account;
    let refused = |why: String| format!("account {id}: {why}");
    let undeclared = || refused(format!("{} does not declare it", settings.meta.file.display()));
    let declared = accounts.all().find(|(_, account)| account.id == *id);
    let (app, account) = declared.ok_or_else(undeclared)?;
    let secret = Secret::of(&settings.destination)?;
    let app_secret = app.secret().map_err(refused)?;
    let short = token_of(account, &settings.short_token, app_secret).map_err(UsageError)?;
    // What Meta gives and nobody can keep is lost, and a short token may be good for one exchange.
    let own = accounts.own_file(account);
    let target = TokenTarget::open(accounts, account, own, &settings.destination, secret.as_ref()).await?;
    let new = match account.login {
        Login::Instagram => accounts.instagram.exchange_instagram(&short, app_secret).await,
        Login::Facebook => of_page(accounts, app, account, app_secret, &short).await,
        Login::Unified => {
            return Err(
                refused("tokens of system users are made in the business' settings".to_owned()).into()
            );
        }
    };
    let new = new.map_err(|error| refused(advice::on(&error, app, TokenOwner::AppForAnother)))?;
    let ends = target.put(&new).await?;
    Ok(match (ends, account.login) {
        (None, Login::Facebook | Login::Unified) => format!("{target}: a token without end"),
        _ => format!("{target}: a token that ends {}", report::end(account.login, ends)),
    })
}

/// The person's token is exchanged, and the page's own asked for with that.
async fn of_page(
    accounts: &Accounts,
    app: &App,
    account: &DeclaredAccount,
    secret: &AppSecret,
    short: &AccessToken,
) -> Result<NewToken, EdgeError> {
    let (graph, id) = (&accounts.facebook, &app.declared.id);
    let long = graph.exchange_facebook(short, id, secret, &AccessToken::of_app(id, secret)).await?;
    match AccessToken::parse("person", &long.secret, Some(secret)) {
        Some(person) => graph.page_token(&account.id, &person).await,
        None => Err(EdgeError::Gone(String::from("token that can be used"))),
    }
}
