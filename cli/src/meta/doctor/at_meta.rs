//! What Meta says: whether the hosts of the Graph API answer, and what time it is there; of each app, and of each account.

use super::check::{Check, CheckResult, Deadline, NotKnown, Observed};
use super::clock;
use crate::delivery::poster::Poster;
use crate::meta::connect::difference::Finding;
use crate::meta::connect::round;
use crate::meta::tokens::look::{self, Facts};
use crate::meta::{Accounts, App, DeclaredAccount, DeclaredApp, Login, Object, TokenOwner, advice};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream;
use std::time::{Duration, SystemTime};
use weir_graph::edges::AppPermission;

/// How long a host may take to answer at all.
const GREETING_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one look may take: a few calls.
const LOOK_TIMEOUT: Duration = Duration::from_secs(20);
/// Accounts that are looked at together; each takes some calls, and Meta counts them.
const AT_ONCE: usize = 8;

const UNREACHABLE: &str = "\
Let this machine connect to it on port 443 (egress, network policy, DNS, proxies are not used). Lookups and replies need it too.";

/// By how much the clock of each host is ahead, if it told: that of pages and apps, and that of Instagram Login where an account is on it.
pub(super) struct Reached(Vec<(String, Observed<Option<i64>>)>);

/// Greets them. Any answer is one: without a token Meta has nothing else to say than an error.
pub(super) async fn greet(accounts: &Accounts, deadline: Deadline) -> Reached {
    let has_instagram = accounts.all().any(|(_, account)| account.login == Login::Instagram);
    let settings = &accounts.settings;
    let urls = [Some(&settings.facebook_url), has_instagram.then_some(&settings.instagram_url)];
    let greeted = urls.into_iter().flatten().map(async |url| {
        let answer = deadline.look(GREETING_TIMEOUT, Poster::get(&url.origin())).await;
        (url.origin(), answer.map(|answer| answer.date.map(|date| clock::ahead(date, SystemTime::now()))))
    });
    Reached(join_all(greeted).await)
}

impl Reached {
    /// How far Meta's clock is ahead.
    pub(super) fn ahead(&self) -> Option<i64> {
        self.0.first()?.1.as_ref().ok().copied().flatten()
    }

    /// Whether the host of a login's accounts answers.
    pub(super) fn host_of(&self, login: Login) -> Observed<()> {
        let host = if login == Login::Instagram { self.0.last() } else { self.0.first() };
        match host {
            Some((_, Err(_))) => Err(NotKnown::NotTried("the Graph API does not answer, see above")),
            _ => Ok(()),
        }
    }

    pub(super) fn checks(&self) -> impl Iterator<Item = Check> {
        self.0.iter().map(|(host, said)| {
            let result = CheckResult::of(said, UNREACHABLE, |_| CheckResult::pass("it answers"));
            result.check("graph_api", host.as_str())
        })
    }
}

/// An app.
pub(super) struct AppFacts<'a> {
    pub(super) app: &'a DeclaredApp,
    pub(super) approved: Observed<Vec<AppPermission>>,
    pub(super) objects: Vec<(Object, Observed<Finding>)>,
    pub(super) accounts: Vec<AccountFacts<'a>>,
}

/// An account of it.
pub(super) struct AccountFacts<'a> {
    pub(super) account: &'a DeclaredAccount,
    pub(super) token: Observed<Facts>,
    pub(super) install: Observed<Finding>,
    /// The Instagram account that is linked to a page; of an app that takes Instagram's events.
    pub(super) linked: Option<Observed<Option<String>>>,
}

/// Looks at all of them.
pub(super) async fn look<'a>(
    accounts: &'a Accounts,
    reached: &Reached,
    deadline: Deadline,
) -> Vec<AppFacts<'a>> {
    let meta = Meta { accounts, reached, deadline };
    join_all(accounts.apps.iter().map(|app| meta.app(app))).await
}

/// Meta as it is reached, until the deadline.
struct Meta<'a> {
    accounts: &'a Accounts,
    reached: &'a Reached,
    deadline: Deadline,
}

impl Meta<'_> {
    async fn app<'a>(&self, app: &'a App) -> AppFacts<'a> {
        let declared = &app.declared;
        let approved = async {
            let asked = self.accounts.facebook.app_permissions(&declared.id, &app.token()?).await;
            asked.map_err(|error| advice::on(&error, app, TokenOwner::App))
        };
        let approved = self.ask(self.reached.host_of(Login::Facebook), approved);
        let accounts = stream::iter(&declared.accounts)
            .map(|account| self.account(app, account))
            .buffered(AT_ONCE)
            .collect::<Vec<_>>();
        let objects = join_all(declared.objects.iter().map(async |object| {
            let found = round::look_at_object(self.accounts, app, *object);
            (*object, self.ask(self.reached.host_of(Login::Facebook), found).await)
        }));
        let (approved, objects, accounts) = tokio::join!(approved, objects, accounts);
        AppFacts { app: declared, approved, objects, accounts }
    }

    async fn account<'a>(&self, app: &App, account: &'a DeclaredAccount) -> AccountFacts<'a> {
        let is_reached = self.reached.host_of(account.login);
        let token = self.ask(is_reached.clone(), look::at(self.accounts, app, account)).await;
        let may_ask = match &token {
            Ok(facts) if !facts.is_valid => Err(NotKnown::NotTried("its token is not valid, see above")),
            Ok(_) => is_reached,
            Err(_) => Err(NotKnown::NotTried("nothing is known of its token, see above")),
        };
        let install = self.ask(may_ask.clone(), round::look_at_install(self.accounts, app, account));
        let takes_instagram =
            account.login == Login::Facebook && app.declared.objects.contains(&Object::Instagram);
        let linked = async {
            let token = self.accounts.token(app, account)?;
            let asked = self.accounts.facebook.linked_instagram(&account.id, &token).await;
            asked.map_err(|error| advice::on(&error, app, TokenOwner::Account))
        };
        let linked =
            async { if takes_instagram { Some(self.ask(may_ask.clone(), linked).await) } else { None } };
        let (install, linked) = tokio::join!(install, linked);
        AccountFacts { account, token, install, linked }
    }

    /// What it says, where it `may` be asked.
    async fn ask<T>(&self, may: Observed<()>, asked: impl Future<Output = Result<T, String>>) -> Observed<T> {
        may?;
        self.deadline.look(LOOK_TIMEOUT, asked).await
    }
}
