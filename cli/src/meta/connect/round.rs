//! One round: look at everything that is declared, change what differs, look again.

use super::difference::{self, Finding};
use crate::meta::{Accounts, App, DeclaredAccount, Object, TokenOwner, advice};
use weir_graph::edges::EdgeError;

/// One thing that should be at Meta.
#[derive(Clone, Copy)]
pub(super) enum DesiredItem<'a> {
    /// The app's subscription to an object.
    Object(Object),
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
    let mut items = Vec::new();
    for app in &accounts.apps {
        let objects = app.declared.objects.iter().copied().map(DesiredItem::Object);
        for what in objects.chain(app.declared.accounts.iter().map(DesiredItem::Account)) {
            let found = look(accounts, app, what).await;
            items.push(Item { app, what, found, changed: None });
        }
    }
    items
}

/// Looks at everything, changes what is missing, and looks at that again. What only goes beyond the file is left: a POST
/// would add nothing, and whatever it took away somebody may use.
pub(super) async fn apply(accounts: &Accounts) -> Vec<Item<'_>> {
    let mut items = plan(accounts).await;
    for item in &mut items {
        if item.found.as_ref().is_ok_and(Finding::loses_events) {
            item.changed = Some(make(accounts, item.app, item.what).await);
        }
    }
    items
}

/// How it compares, or why it cannot be read or made.
async fn look(accounts: &Accounts, app: &App, what: DesiredItem<'_>) -> Result<Finding, String> {
    match what {
        DesiredItem::Object(object) => that_can_be_made(app, look_at_object(accounts, app, object).await?),
        DesiredItem::Account(account) => look_at_install(accounts, app, account).await,
    }
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

/// How an app's subscription to an object compares.
pub(in crate::meta) async fn look_at_object(
    accounts: &Accounts,
    app: &App,
    object: Object,
) -> Result<Finding, String> {
    let present = accounts.facebook.app_subscriptions(&app.declared.id, &app.token()?).await;
    let present = with_advice(present, app, TokenOwner::App)?;
    Ok(difference::of_object(&app.declared.subscription(object), &present))
}

/// How an account's install of an app compares.
pub(in crate::meta) async fn look_at_install(
    accounts: &Accounts,
    app: &App,
    account: &DeclaredAccount,
) -> Result<Finding, String> {
    let token = accounts.token(app, account)?;
    let present = accounts.host(account.login).installs(&account.id, &token).await;
    let present = with_advice(present, app, TokenOwner::Account)?;
    let declared = &app.declared;
    Ok(difference::of_install(&declared.id, &declared.fields_of_install(account.login), &present))
}

/// Makes it as declared, and looks at it again.
async fn make(accounts: &Accounts, app: &App, what: DesiredItem<'_>) -> Result<Finding, String> {
    let declared = &app.declared;
    match what {
        DesiredItem::Object(object) => {
            let (token, wanted) = (app.token()?, declared.subscription(object));
            let verify_token = app.verify_token().transpose()?.unwrap_or_default();
            let made = accounts.facebook.subscribe_app(&declared.id, &wanted, &verify_token, &token).await;
            with_advice(made, app, TokenOwner::App)?;
        }
        DesiredItem::Account(account) => {
            let token = accounts.token(app, account)?;
            let fields = declared.fields_of_install(account.login);
            let made = accounts.host(account.login).install(&account.id, &fields, &token).await;
            with_advice(made, app, TokenOwner::Account)?;
        }
    }
    look(accounts, app, what).await
}

/// What Meta answered, its refusal in words.
fn with_advice<T>(answered: Result<T, EdgeError>, app: &App, owner: TokenOwner) -> Result<T, String> {
    answered.map_err(|error| advice::on_fields(&error, app, owner))
}
