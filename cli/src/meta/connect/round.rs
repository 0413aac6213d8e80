//! One round: look at everything that is declared, change what differs, look again.

use super::desired::{self, Desired, What};
use super::difference::{self, Finding};
use crate::meta::accounts::Accounts;
use crate::meta::advice;
use crate::meta::file::{DeclaredAccount, Object};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use weir_graph::AccessToken;
use weir_graph::edges::{AppSubscription, EdgeError};

/// Who asks Meta and acts there.
pub(in crate::meta) struct Connector {
    accounts: Accounts,
    desired: Vec<Desired>,
}

/// What was found of one thing, and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) desired: Desired,
    /// How it was, or why that cannot be read.
    pub(super) found: Result<Finding, String>,
    /// What became of it, where it was changed.
    pub(super) changed: Option<Result<Finding, String>>,
}

impl Item {
    /// How it is in the end.
    pub(super) fn is(&self) -> &Result<Finding, String> {
        self.changed.as_ref().unwrap_or(&self.found)
    }

    /// Whether events did not come for it, and do now.
    pub(super) fn was_healed(&self) -> bool {
        let loses = |found: &Result<Finding, String>| found.as_ref().is_ok_and(Finding::loses_events);
        loses(&self.found) && self.is().as_ref().is_ok_and(|finding| !finding.loses_events())
    }
}

/// An app's subscriptions, asked for once for all of its objects.
type Subscriptions = BTreeMap<usize, Result<Vec<AppSubscription>, String>>;

impl Connector {
    /// For everything that is declared.
    pub(in crate::meta) fn new(accounts: Accounts) -> Self {
        let desired = desired::items(&accounts.declared);
        Self { accounts, desired }
    }

    /// Whom it asks for.
    pub(in crate::meta) const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Everything that should be at Meta.
    pub(in crate::meta) fn desired(&self) -> &[Desired] {
        &self.desired
    }

    /// Looks at everything.
    pub(super) async fn plan(&self) -> Vec<Item> {
        let found = self.look(&self.desired).await;
        let items = self.desired.iter().cloned().zip(found);
        items.map(|(desired, found)| Item { desired, found, changed: None }).collect()
    }

    /// Looks at everything, changes what is missing, and looks at that again. What only goes beyond the file is left: a POST
    /// would add nothing, and whatever it took away somebody may use.
    pub(super) async fn apply(&self) -> Vec<Item> {
        let mut items = self.plan().await;
        let mut changed = Vec::new();
        for item in &mut items {
            if !item.found.as_ref().is_ok_and(Finding::loses_events) {
                continue;
            }
            match self.set(&item.desired).await {
                Ok(()) => changed.push(item),
                Err(why) => item.changed = Some(Err(why)),
            }
        }
        let desired: Vec<_> = changed.iter().map(|item| item.desired.clone()).collect();
        for (item, found) in changed.into_iter().zip(self.look(&desired).await) {
            item.changed = Some(found);
        }
        items
    }

    /// How these things compare, or why they cannot be read.
    pub(in crate::meta) async fn look(&self, desired: &[Desired]) -> Vec<Result<Finding, String>> {
        let mut subscriptions = Subscriptions::new();
        let mut found = Vec::with_capacity(desired.len());
        for item in desired {
            found.push(match &item.what {
                What::Object { .. } => self.look_at_object(item, &mut subscriptions).await,
                What::Account(account) => self.look_at_account(item, account).await,
            });
        }
        found
    }

    async fn look_at_object(
        &self,
        item: &Desired,
        subscriptions: &mut Subscriptions,
    ) -> Result<Finding, String> {
        let present = match subscriptions.entry(item.app) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(self.subscriptions(item).await),
        };
        Ok(difference::of_object(item, present.as_ref().map_err(Clone::clone)?))
    }

    async fn subscriptions(&self, item: &Desired) -> Result<Vec<AppSubscription>, String> {
        let token = &self.accounts.app(item.app)?.token;
        said(self.accounts.hosts.facebook.app_subscriptions(&item.app_id, token).await)
    }

    async fn look_at_account(&self, item: &Desired, account: &DeclaredAccount) -> Result<Finding, String> {
        let token = self.token(item, account)?;
        let present = self.accounts.hosts.of(account.login).installs(&account.id, &token).await;
        Ok(difference::of_install(item, &said(present)?))
    }

    async fn set(&self, item: &Desired) -> Result<(), String> {
        match &item.what {
            What::Object { object, callback_url } => self.subscribe(item, *object, callback_url).await,
            What::Account(account) => {
                let token = self.token(item, account)?;
                said(self.accounts.hosts.of(account.login).install(&account.id, &item.fields, &token).await)
            }
        }
    }

    async fn subscribe(&self, item: &Desired, object: Object, callback_url: &str) -> Result<(), String> {
        let wanted = AppSubscription {
            object: object.as_str().to_owned(),
            callback_url: callback_url.to_owned(),
            active: true,
            fields: item.fields.clone(),
        };
        let app = self.accounts.app(item.app)?;
        let verify_token = app.verify_token.as_ref().map(Result::as_deref).transpose();
        let verify_token = verify_token.map_err(ToString::to_string)?.unwrap_or_default();
        said(
            self.accounts.hosts.facebook.subscribe_app(&item.app_id, &wanted, verify_token, &app.token).await,
        )
    }

    fn token(&self, item: &Desired, account: &DeclaredAccount) -> Result<AccessToken, String> {
        let token = self.accounts.token(account, self.accounts.app(item.app)?);
        token.map_err(|error| error.to_string())
    }
}

/// What Meta answered, its refusal in words.
fn said<T>(answered: Result<T, EdgeError>) -> Result<T, String> {
    answered.map_err(|error| match error.code() {
        Some(100) => format!("{error}; a field that this edge does not know is taken out by \"without\""),
        _ => advice::on(&error),
    })
}
