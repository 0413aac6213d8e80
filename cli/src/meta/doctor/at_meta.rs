//! What Meta says of each app and of each account.

use super::check::{Deadline, Fact, Nothing};
use super::graph::Reached;
use crate::meta::accounts::OfApp;
use crate::meta::advice;
use crate::meta::connect::desired::{Desired, What};
use crate::meta::connect::difference::Finding;
use crate::meta::connect::round::Connector;
use crate::meta::file::{DeclaredAccount, DeclaredApp, Login, Object};
use crate::meta::tokens::look::{self, Facts};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream;
use std::time::Duration;
use weir_graph::edges::{AppPermission, EdgeError};

/// How long one look may take: a few calls.
const WITHIN: Duration = Duration::from_secs(20);
/// Accounts that are looked at together; each takes some calls, and Meta counts them.
const AT_ONCE: usize = 8;

/// An app.
pub(super) struct AppFacts<'a> {
    pub(super) app: &'a DeclaredApp,
    pub(super) approved: Fact<Vec<AppPermission>>,
    pub(super) objects: Vec<(Object, Fact<Finding>)>,
    pub(super) accounts: Vec<AccountFacts<'a>>,
}

/// An account of it.
pub(super) struct AccountFacts<'a> {
    pub(super) account: &'a DeclaredAccount,
    pub(super) token: Fact<Facts>,
    pub(super) install: Fact<Finding>,
    /// The Instagram account that is linked to a page; of an app that takes Instagram's events.
    pub(super) linked: Option<Fact<Option<String>>>,
}

/// Looks at all of them.
pub(super) async fn look<'a>(
    connector: &'a Connector,
    reached: &Reached,
    deadline: Deadline,
) -> Vec<AppFacts<'a>> {
    let apps = &connector.accounts().declared.apps;
    join_all(apps.iter().enumerate().map(|(index, app)| at_app(connector, reached, index, app, deadline)))
        .await
}

async fn at_app<'a>(
    connector: &'a Connector,
    reached: &Reached,
    index: usize,
    app: &'a DeclaredApp,
    deadline: Deadline,
) -> AppFacts<'a> {
    let graph = &connector.accounts().hosts.facebook;
    let approved = async {
        reached.host_of(Login::Facebook)?;
        let credentials = connector.accounts().app(index).map_err(Nothing::Failed)?;
        let asked = graph.app_permissions(&app.id, &credentials.token);
        deadline.look(WITHIN, async { asked.await.map_err(|error| said(&error)) }).await
    };
    let of_app: Vec<&Desired> = connector.desired().iter().filter(|desired| desired.app == index).collect();
    let accounts = stream::iter(of_app.clone())
        .filter_map(async |desired| {
            let is_its = |of_app: &OfApp<'_>| {
                of_app.app.id == desired.app_id && desired.account() == Some(&of_app.account.id)
            };
            Some((desired, connector.accounts().all().find(is_its)?))
        })
        .map(|(desired, of_app)| at_account(connector, reached, desired, of_app, deadline))
        .buffered(AT_ONCE)
        .collect::<Vec<_>>();
    let (approved, objects, accounts) =
        tokio::join!(approved, at_objects(connector, reached, &of_app, deadline), accounts);
    AppFacts { app, approved, objects, accounts }
}

/// All of them are one call.
async fn at_objects(
    connector: &Connector,
    reached: &Reached,
    of_app: &[&Desired],
    deadline: Deadline,
) -> Vec<(Object, Fact<Finding>)> {
    let objects: Vec<(Object, Desired)> = of_app
        .iter()
        .filter_map(|desired| match desired.what {
            What::Object { object, .. } => Some((object, (*desired).clone())),
            What::Account(_) => None,
        })
        .collect();
    let desired: Vec<Desired> = objects.iter().map(|(_, desired)| desired.clone()).collect();
    let found = match reached.host_of(Login::Facebook) {
        Ok(()) => deadline.look(WITHIN, async { Ok::<_, Nothing>(connector.look(&desired).await) }).await,
        Err(nothing) => Err(nothing),
    };
    let found = |place: usize| found.as_ref().map_err(Clone::clone)?[place].clone().map_err(Nothing::Failed);
    objects.iter().enumerate().map(|(place, (object, _))| (*object, found(place))).collect()
}

async fn at_account<'a>(
    connector: &'a Connector,
    reached: &Reached,
    desired: &Desired,
    of_app: OfApp<'a>,
    deadline: Deadline,
) -> AccountFacts<'a> {
    let accounts = connector.accounts();
    let OfApp { app, account, .. } = of_app;
    let is_reached = reached.host_of(account.login);
    let look_at_token = async {
        is_reached.clone()?;
        deadline.look(WITHIN, async { look::at(accounts, of_app).await.map_err(Nothing::Failed) }).await
    };
    let token = look_at_token.await;
    let may_ask = match &token {
        Ok(facts) if !facts.is_valid => Err(Nothing::NotTried("its token is not valid, see above")),
        Ok(_) => is_reached,
        Err(_) => Err(Nothing::NotTried("nothing is known of its token, see above")),
    };
    let install = async {
        may_ask.clone()?;
        let look = async {
            let found = connector.look(std::slice::from_ref(desired)).await.pop();
            found.unwrap_or_else(|| Err(String::from("nothing was found"))).map_err(Nothing::Failed)
        };
        deadline.look(WITHIN, look).await
    };
    let takes_instagram = account.login == Login::Facebook && app.objects.contains(&Object::Instagram);
    let linked = async {
        may_ask.clone()?;
        let token = accounts.token(account, accounts.app(desired.app).map_err(Nothing::Failed)?)?;
        let asked = accounts.hosts.facebook.linked_instagram(&account.id, &token);
        deadline.look(WITHIN, async { asked.await.map_err(|error| said(&error)) }).await
    };
    let linked = async { if takes_instagram { Some(linked.await) } else { None } };
    let (install, linked) = tokio::join!(install, linked);
    AccountFacts { account, token, install, linked }
}

fn said(error: &EdgeError) -> Nothing {
    Nothing::Failed(advice::on(error))
}
