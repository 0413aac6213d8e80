//! A long-lived token for the short-lived one of a login, into the account's file or its key of a Secret.

use super::report;
use super::secret::Secret;
use super::settings::ExchangeSettings;
use super::store::TokenTarget;
use crate::meta::accounts::token_of;
use crate::meta::{Accounts, App, DeclaredAccount, Login, TokenOwner, advice};
use crate::tool::{Result, UsageError};
use weir_graph::edges::{EdgeError, NewToken};
use weir_graph::{AccessToken, AppSecret};

/// Exchanges one token, and says what came of it.
pub(super) async fn run(accounts: &Accounts, settings: &ExchangeSettings) -> Result<String> {
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
