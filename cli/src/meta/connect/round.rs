//! One round: look at everything that is declared, change what differs, look again.

use super::difference::{self, Finding};
use crate::meta::accounts::{Accounts, App};
use crate::meta::advice::{self, TokenOwner};
use crate::meta::file::DeclaredAccount;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use weir_graph::edges::{AppSubscription, EdgeError};

/// One thing that should be at Meta.
#[derive(Clone)]
pub(super) enum DesiredItem<'a> {
    /// The app's subscription to an object.
    Object(AppSubscription),
    /// An account's install of the app.
    Account(&'a DeclaredAccount),
}

/// What was found of one thing, and what became of it.
pub(super) struct Item<'a> {
    pub(super) app: &'a App,
    pub(super) what: DesiredItem<'a>,
    /// How it was, or why that cannot be read.
    pub(super) found: Result<Finding, String>,
    /// What became of it, where it was changed.
    pub(super) changed: Option<Result<Finding, String>>,
}

impl Item<'_> {
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

/// Looks at everything, in the order of the file.
pub(super) async fn plan(accounts: &Accounts) -> Vec<Item<'_>> {
    let mut desired = Vec::new();
    for app in &accounts.apps {
        let declared = &app.declared;
        let objects =
            declared.objects.iter().map(|object| DesiredItem::Object(declared.subscription(*object)));
        let installs = declared.accounts.iter().map(DesiredItem::Account);
        desired.extend(objects.chain(installs).map(|what| (app, what)));
    }
    let found = look(accounts, &desired).await;
    let items = desired.into_iter().zip(found);
    items.map(|((app, what), found)| Item { app, what, found, changed: None }).collect()
}

/// Looks at everything, changes what is missing, and looks at that again. What only goes beyond the file is left: a POST
/// would add nothing, and whatever it took away somebody may use.
pub(super) async fn apply(accounts: &Accounts) -> Vec<Item<'_>> {
    let mut items = plan(accounts).await;
    let mut changed = Vec::new();
    for item in &mut items {
        if !item.found.as_ref().is_ok_and(Finding::loses_events) {
            continue;
        }
        match set(accounts, item.app, &item.what).await {
            Ok(()) => changed.push(item),
            Err(why) => item.changed = Some(Err(why)),
        }
    }
    let desired: Vec<_> = changed.iter().map(|item| (item.app, item.what.clone())).collect();
    for (item, found) in changed.into_iter().zip(look(accounts, &desired).await) {
        item.changed = Some(found);
    }
    items
}

/// How these things compare, or why they cannot be read. An app's subscriptions are asked for once for all of its objects.
async fn look(accounts: &Accounts, desired: &[(&App, DesiredItem<'_>)]) -> Vec<Result<Finding, String>> {
    let mut known: BTreeMap<&str, Result<Vec<AppSubscription>, String>> = BTreeMap::new();
    let mut found = Vec::with_capacity(desired.len());
    for (app, what) in desired {
        found.push(match what {
            DesiredItem::Object(wanted) => {
                let present = match known.entry(app.declared.id.as_str()) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(unknown) => unknown.insert(subscriptions(accounts, app).await),
                };
                let present = present.as_ref().map_err(Clone::clone);
                present.and_then(|present| that_can_be_made(app, difference::of_object(wanted, present)))
            }
            DesiredItem::Account(account) => look_at_install(accounts, app, account).await,
        });
    }
    found
}

/// A subscription is made with the app's verify token: that it cannot be read is said where it would be, and not once it is.
fn that_can_be_made(app: &App, finding: Finding) -> Result<Finding, String> {
    match app.verify_token() {
        Some(Err(why)) if finding.loses_events() => {
            Err(format!("it is not as declared, and cannot be made so: {why}"))
        }
        _ => Ok(finding),
    }
}

/// What an app has subscribed to.
pub(in crate::meta) async fn subscriptions(
    accounts: &Accounts,
    app: &App,
) -> Result<Vec<AppSubscription>, String> {
    let token = app.token()?;
    said(accounts.facebook.app_subscriptions(&app.declared.id, &token).await, app, TokenOwner::App)
}

/// How an account's install of an app compares.
pub(in crate::meta) async fn look_at_install(
    accounts: &Accounts,
    app: &App,
    account: &DeclaredAccount,
) -> Result<Finding, String> {
    let token = accounts.token(app, account)?;
    let present = accounts.host(account.login).installs(&account.id, &token).await;
    let present = said(present, app, TokenOwner::Account)?;
    let declared = &app.declared;
    Ok(difference::of_install(&declared.id, &declared.fields_of_install(account.login), &present))
}

async fn set(accounts: &Accounts, app: &App, what: &DesiredItem<'_>) -> Result<(), String> {
    let declared = &app.declared;
    match what {
        DesiredItem::Object(wanted) => {
            let token = app.token()?;
            let verify_token = app.verify_token().transpose()?.unwrap_or_default();
            let set = accounts.facebook.subscribe_app(&declared.id, wanted, &verify_token, &token).await;
            said(set, app, TokenOwner::App)
        }
        DesiredItem::Account(account) => {
            let token = accounts.token(app, account)?;
            let fields = declared.fields_of_install(account.login);
            let set = accounts.host(account.login).install(&account.id, &fields, &token).await;
            said(set, app, TokenOwner::Account)
        }
    }
}

/// What Meta answered, its refusal in words.
fn said<T>(answered: Result<T, EdgeError>, app: &App, owner: TokenOwner) -> Result<T, String> {
    answered.map_err(|error| advice::on_fields(&error, app, owner))
}
