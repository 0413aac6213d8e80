//! What Meta's refusals mean for subscriptions and tokens, and what to do about them.
//!
//! Sources: docs/meta.md. That 2200 is the failed handshake, 101 a wrong pair of app and secret, and 190 without a subcode the answer to an app's own
//! token of another secret, is only remembered.

use crate::meta::{App, DeclaredApp};
use runtime::process::chain;
use std::path::Path;
use weir_graph::edges::EdgeError;
use weir_graph::{CallError, Refusal, RefusalClass};

/// What to do where hardly Meta answered.
const WAY: &str = "check --facebook-url or --instagram-url, and the proxy or firewall on the way out";

/// Whose access token a call carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenOwner {
    /// The app's own: its id and its secret, so that a refused token is a wrong secret.
    App,
    /// An account's, in the name of its app.
    Account,
    /// The app's, for a call about a token of somebody else: either may be what is refused.
    AppForAnother,
}

/// A failure in a line, with what to do.
pub(super) fn on(error: &EdgeError, app: &App, owner: TokenOwner) -> String {
    if let EdgeError::Call(CallError::TooLarge { limit }) = error {
        return format!("the answer has more than {limit} bytes, more than Meta's have: {WAY}");
    }
    let Some(refusal) = error.refusal() else { return chain(error) };
    let advice = match refusal.code {
        _ if is_of_secret(refusal, owner) && owner == TokenOwner::Account => {
            format!("{}; or the account's token is another app's", secret(&app.declared))
        }
        _ if is_of_secret(refusal, owner) => secret(&app.declared),
        Some(2_200) => handshake(&app.declared),
        Some(190) if owner == TokenOwner::AppForAnother => {
            format!("the token to be exchanged is not valid any more, or {}", secret(&app.declared))
        }
        Some(190) => return format!("{error}; is it the token of this account, app and host?"),
        Some(10 | 200..=299) => {
            return format!("{error}; docs/meta.md has the permissions, one for each field");
        }
        _ => match refusal.class {
            RefusalClass::Malformed => format!("the answer is no JSON object of Meta's: {WAY}"),
            RefusalClass::Redirected => format!("redirects are not followed: {WAY}"),
            _ => return error.to_string(),
        },
    };
    format!("{}: {advice}", refusal.answered())
}

/// As [`on`], of an edge that takes a list of fields.
pub(super) fn on_fields(error: &EdgeError, app: &App, owner: TokenOwner) -> String {
    let is_of_fields = |refusal: &Refusal| refusal.code == Some(100) && !is_of_secret(refusal, owner);
    if error.refusal().is_some_and(is_of_fields) {
        return format!("{error}; a field that this edge does not know is taken out by \"without\"");
    }
    on(error, app, owner)
}

fn is_of_secret(refusal: &Refusal, owner: TokenOwner) -> bool {
    let of_code = match refusal.code {
        Some(101) => true,
        // A subcode says that it was a token once: expired, logged out.
        Some(190) => owner == TokenOwner::App && refusal.subcode.is_none(),
        _ => false,
    };
    refusal.is_of_app_secret || of_code
}

fn secret(DeclaredApp { id, secret_file, .. }: &DeclaredApp) -> String {
    format!(
        "{} does not hold the secret of app {id}: copy it from the app's dashboard anew (docs/meta.md), or mend \"id\" or \"secret_file\"",
        secret_file.display()
    )
}

fn handshake(DeclaredApp { callback_url, verify_token_file, .. }: &DeclaredApp) -> String {
    let token = verify_token_file.as_deref().map(Path::display).map(|file| format!("what {file} holds"));
    format!(
        "Meta's handshake failed: ingest has to answer at {}, and to have {} among its verify tokens; `weir doctor` says which of them fails",
        callback_url.as_deref().unwrap_or("\"callback_url\""),
        token.as_deref().unwrap_or("that of \"verify_token_file\"")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::tests::Ground;
    use crate::meta::{Accounts, MetaSettings};
    use clap::Command;
    use weir_graph::Answer;

    #[tokio::test(flavor = "multi_thread")]
    async fn advice_about_an_answer_that_is_hardly_metas_names_flags_that_there_are() {
        let ground = Ground::new().await;
        let accounts = Accounts::open(&ground.settings()).unwrap();
        let answered = |status| match Answer::read(status, b"<html>") {
            Answer::Refused(refusal) => CallError::Refused(refusal),
            answer => panic!("{answer:?}"),
        };
        let command = MetaSettings::declare(Command::new("connect"));
        for error in [answered(200), answered(302), CallError::TooLarge { limit: 65_536 }] {
            let said = on(&EdgeError::Call(error), &accounts.apps[0], TokenOwner::App);
            let flags = said.split("--").skip(1);
            let names: Vec<_> = flags.map(|rest| rest.split([' ', ',']).next().unwrap_or_default()).collect();
            assert_eq!(names, ["facebook-url", "instagram-url"], "{said}");
            for name in names {
                assert!(command.get_arguments().any(|flag| flag.get_long() == Some(name)), "{said}");
            }
        }
    }
}
