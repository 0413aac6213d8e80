//! What should be at Meta: one item for each object of an app and for each account. Pure.

use crate::meta::file::{Declared, DeclaredAccount, Object};
use std::collections::BTreeSet;
use std::fmt;
use weir_graph::GraphId;

/// One thing that should be at Meta.
#[derive(Clone, Debug)]
pub(in crate::meta) struct Desired {
    /// Its app, by its place in the file.
    pub(in crate::meta) app: usize,
    pub(in crate::meta) app_id: GraphId,
    pub(in crate::meta) what: What,
    /// Exactly these.
    pub(in crate::meta) fields: BTreeSet<String>,
}

/// What it is.
#[derive(Clone, Debug)]
pub(in crate::meta) enum What {
    /// The app's subscription to an object.
    Object { object: Object, callback_url: String },
    /// An account's install of the app.
    Account(DeclaredAccount),
}

impl Desired {
    /// The account, of an install.
    pub(in crate::meta) const fn account(&self) -> Option<&GraphId> {
        match &self.what {
            What::Account(account) => Some(&account.id),
            What::Object { .. } => None,
        }
    }
}

/// Everything that is declared, in the order of the file.
pub(super) fn items(declared: &Declared) -> Vec<Desired> {
    let of_app = |(index, app): (usize, &crate::meta::file::DeclaredApp)| {
        let item = |what, fields| Desired { app: index, app_id: app.id.clone(), what, fields };
        let callback = app.callback_url.clone().unwrap_or_default();
        let objects = app.objects.iter().map(|object| {
            let what = What::Object { object: *object, callback_url: callback.clone() };
            item(what, app.fields_of_object(*object))
        });
        let accounts = app
            .accounts
            .iter()
            .map(|account| item(What::Account(account.clone()), app.fields_of_install(account.login)));
        objects.chain(accounts).collect::<Vec<_>>()
    };
    declared.apps.iter().enumerate().flat_map(of_app).collect()
}

impl fmt::Display for What {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object { object, callback_url } => {
                write!(formatter, "object {} to {callback_url}", object.as_str())
            }
            Self::Account(account) => {
                write!(formatter, "account {} ({})", account.id, account.login.as_str())
            }
        }
    }
}
