//! `weir tokens`: what the declared accounts' access tokens are and until when, and longer ones in their place.
//!
//! [`needed`] says which permissions an account's token must have, [`look`] asks what it is, [`store`] puts a new one into
//! its file or, by [`secret`], into its key of a Secret of Kubernetes.

pub(super) mod look;
pub(super) mod needed;
mod renew;
pub(super) mod report;
mod secret;
mod settings;
pub(super) mod store;

use crate::meta::Accounts;
use crate::screen::Screen;
use crate::tool::{Exit, Result, Session, Work, tool, work};
use settings::{ExchangeSettings, ListSettings, RefreshSettings};

tool! {
    /// Show, refresh or exchange the access tokens of the declared accounts
    pub(crate) const TOOL: "tokens" = Work::Tools(&[LIST, REFRESH, EXCHANGE]);
}

tool! {
    /// Show what each token is, until when, and what it lacks
    ///
    /// Of a token of graph.facebook.com Meta says all of it (debug_token). Of one of Instagram Login Meta says neither its end nor
    /// its permissions; its end is known since it was last refreshed or exchanged here, and stands in the hidden file .ACCOUNT.ends
    /// beside it.
    ///
    /// Exit code 0: every token is valid, lacks nothing, and is not known to end within --warn-before; 1: something cannot be read;
    /// 3: a token ends, is not valid, or lacks a permission.
    ///
    /// Examples:
    ///   weir tokens list --file connect.json --access-tokens access-tokens
    const LIST: "list" = work!(ListSettings, list);
}

tool! {
    /// Give tokens of Instagram Login 60 days more
    ///
    /// Gives the tokens of Instagram Login 60 days more, and writes them over the old ones, into --to, or into --to-secret. Meta
    /// refreshes no token that is younger than a day: one that is known to be is left as it is. Nor one that has ended: its owner has
    /// to log in again then. Tokens of pages and of system users are not refreshed: they have no end, or are made anew. Run it every
    /// week.
    ///
    /// Exit code 0: all are refreshed, or within the last day were; 1: one is not.
    ///
    /// Examples:
    ///   weir tokens refresh --file connect.json --access-tokens access-tokens
    ///   weir tokens refresh --access-tokens /etc/weir/access-tokens --to-secret weir/weir-access-tokens
    const REFRESH: "refresh" = work!(RefreshSettings, refreshed);
}

tool! {
    /// Put a long-lived token for a short-lived one into an account's file
    ///
    /// Takes the short-lived token that a person's login gave, of an hour, and puts the long-lived one into the account's file, or
    /// into --to or --to-secret: of Instagram Login one of 60 days; of Facebook Login the page's own, which has no end as long as the
    /// person stays on the page. Ctrl-C lets it finish; a second one ends it.
    ///
    /// Exit code 0: it is there; 1: Meta refused.
    ///
    /// Examples:
    ///   weir tokens exchange 17841405726653026 --short-token short-token
    const EXCHANGE: "exchange" = work!(ExchangeSettings, exchanged);
}

fn list(settings: &ListSettings, screen: &mut Screen) -> Result<Exit> {
    let accounts = Accounts::open(&settings.meta)?;
    let tokens = Session::start()?.wait(look::at_all(&accounts));
    Ok(report::list(&tokens, settings, screen)?)
}

fn refreshed(settings: &RefreshSettings, screen: &mut Screen) -> Result<Exit> {
    let accounts = Accounts::open(&settings.meta)?;
    let refreshed = Session::start()?.wait(renew::refresh(&accounts, &settings.destination));
    Ok(report::refreshed(&refreshed?, settings, screen)?)
}

fn exchanged(settings: &ExchangeSettings, screen: &mut Screen) -> Result<Exit> {
    let accounts = Accounts::open(&settings.meta)?;
    let session = Session::start()?;
    // A short token may be good for one exchange: what Meta gives for it is lost where it is not put away.
    session.stop_gently()?;
    screen.line(session.wait(renew::exchange(&accounts, settings))?)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests;
