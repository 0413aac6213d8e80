//! What should be at Meta: one thing for each object of an app and for each account. Pure.

use crate::meta::accounts::App;
use crate::meta::file::DeclaredAccount;
use std::fmt;
use weir_graph::edges::AppSubscription;

/// One thing that should be at Meta.
#[derive(Clone)]
pub(super) enum What<'a> {
    /// The app's subscription to an object.
    Object(AppSubscription),
    /// An account's install of the app.
    Account(&'a DeclaredAccount),
}

/// Everything that is declared, with its app, in the order of the file.
pub(super) fn items(apps: &[App]) -> Vec<(&App, What<'_>)> {
    let mut items = Vec::new();
    for app in apps {
        let declared = &app.declared;
        let objects = declared.objects.iter().map(|object| What::Object(declared.subscription(*object)));
        let accounts = declared.accounts.iter().map(What::Account);
        items.extend(objects.chain(accounts).map(|what| (app, what)));
    }
    items
}

impl fmt::Display for What<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(AppSubscription { object, callback_url, .. }) => {
                write!(formatter, "object {object} to {callback_url}")
            }
            Self::Account(account) => {
                write!(formatter, "account {} ({})", account.id, account.login.as_str())
            }
        }
    }
}
