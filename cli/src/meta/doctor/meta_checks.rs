//! What Meta says of apps, accounts and tokens, judged. Pure.

use super::at_meta::{AccountFacts, AppFacts};
use super::check::{Check, CheckResult, NotKnown, Observed, Verdict, span};
use super::last_deliveries::LastDeliveries;
use crate::meta::connect::difference::Finding;
use crate::meta::tokens::look::{Expiry, Facts};
use crate::meta::tokens::{needed, report};
use crate::meta::{DeclaredAccount, DeclaredApp, Login, Object};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};
use weir_graph::edges::AppPermission;

/// From when on the end of a token is worth a word; the alert `WeirTokenEnds` has the same.
const WARN_BEFORE: Duration = Duration::from_hours(10 * 24);

const MODE: &str = "\
Look at the top of the app's dashboard: in Development mode only people with a role on the app cause events, and all others are \
silence. Publish it (Live).";
const ACCESS: &str = "\
With Standard Access only people with a role on the app cause events. Look under App Review / Permissions and Features, and ask for \
Advanced Access: docs/meta.md, Before all of them.";
const CONNECT: &str =
    "Subscribe it: `weir connect apply` with the same flags; `weir connect keep` keeps it so.";
const READ_AGAIN: &str =
    "docs/meta.md, Which login, has what each call needs; `weir connect plan` asks the same.";
const LINK: &str = "\
Link a professional Instagram account to the page (the page's settings, Linked accounts); is it linked, the token lacks instagram_basic.";
const REFRESH: &str = "Renew it: `weir tokens refresh`.";
const NONE_YET: &str = "\
Send it a message from a second account (with a role on the app while that is not Live), and look again. If none comes: the app's \
mode, access and \"Allow access to messages\": docs/meta.md, Before all of them.";

/// Older than this nobody knows whether an account is quiet or cut off, unless a bound says so.
const QUIET: Duration = Duration::from_hours(7 * 24);

/// Everything about the apps and their accounts, as of `now`; an account that is silent for longer than `max_silence` fails.
pub(super) fn checks(
    apps: &[AppFacts<'_>],
    last: &Observed<LastDeliveries>,
    max_silence: Option<Duration>,
    now: SystemTime,
) -> Vec<Check> {
    let mut checks = Vec::new();
    for facts in apps {
        let app = facts.app.id.as_str();
        checks.push(CheckResult::unknown("Meta's API does not tell", MODE).check("app_mode", app));
        let accounts = facts.app.accounts.iter();
        let needed = accounts.flat_map(|account| needed::permissions(facts.app, account.login)).collect();
        checks.push(access(&facts.approved, &needed).check("access", app));
        for (object, finding) in &facts.objects {
            let result = CheckResult::of(finding, READ_AGAIN, |finding| subscribed(finding, "subscribed"));
            checks.push(result.check("subscription", format!("{app} {}", object.as_str())));
        }
        for account in &facts.accounts {
            checks.extend(of_account(facts.app, account, last, max_silence, now));
        }
    }
    checks
}

fn of_account(
    app: &DeclaredApp,
    facts: &AccountFacts<'_>,
    last: &Observed<LastDeliveries>,
    max_silence: Option<Duration>,
    now: SystemTime,
) -> Vec<Check> {
    let account = facts.account.id.as_str();
    let install = |finding: &Finding| subscribed(finding, "installed");
    let mut checks = vec![
        CheckResult::of(&facts.token, READ_AGAIN, |token| self::token(token, facts.account, now))
            .check("token", account),
        CheckResult::of(&facts.install, READ_AGAIN, install).check("install", account),
    ];
    if let Some(linked) = &facts.linked {
        let result = CheckResult::of(linked, READ_AGAIN, |linked| match linked {
            Some(id) => CheckResult::pass(format!("linked to the Instagram account {id}")),
            None => CheckResult::fail("no Instagram account is linked, or this token may not see it", LINK),
        });
        checks.push(result.check("instagram_link", account));
    }
    for (object, id) in sources(app, facts) {
        let result = CheckResult::of(last, "", |last| {
            let age = last.of(object.as_str(), &id).map(|at| now.duration_since(at).unwrap_or_default());
            last_delivery(age, last.has_more, max_silence)
        });
        checks.push(result.check("last_delivery", format!("{id} {}", object.as_str())));
    }
    checks
}

/// Which accounts' deliveries come of an account, and of which object.
fn sources(app: &DeclaredApp, facts: &AccountFacts<'_>) -> Vec<(Object, String)> {
    let own = facts.account.id.to_string();
    if facts.account.login != Login::Facebook {
        return vec![(Object::Instagram, own)];
    }
    let of_page =
        (app.objects.is_empty() || app.objects.contains(&Object::Page)).then_some((Object::Page, own));
    let linked = facts.linked.iter().flatten().flatten().map(|id| (Object::Instagram, id.clone()));
    of_page.into_iter().chain(linked).collect()
}

/// Whether people without a role on the app cause events. Nothing of it fails: those with a role do in any case.
fn access(approved: &Observed<Vec<AppPermission>>, needed: &BTreeSet<&str>) -> CheckResult {
    let approved = match approved {
        Ok(approved) => approved,
        Err(NotKnown::Failed(why)) => return CheckResult::unknown(why.as_str(), ACCESS),
        Err(nothing) => return nothing.result(""),
    };
    let is_live = |name: &str| approved.iter().any(|one| one.permission == name && one.status == "live");
    let lacks: Vec<_> = needed.iter().copied().filter(|name| !is_live(name)).collect();
    match (needed.is_empty(), lacks.is_empty()) {
        (true, _) => CheckResult::unknown("Meta's API does not tell it of Instagram Login", ACCESS),
        (_, true) => CheckResult::pass("the review has approved every permission that is needed"),
        _ => {
            CheckResult::unknown(format!("as far as Meta tells, not approved: {}", lacks.join(", ")), ACCESS)
        }
    }
}

/// A subscription of an app, or an account's install of it.
fn subscribed(finding: &Finding, done: &str) -> CheckResult {
    match finding {
        Finding::Fine => CheckResult::pass(format!("{done}, with every field as declared")),
        Finding::Missing => CheckResult::fail(format!("not {done}: Meta sends nothing of it"), CONNECT),
        Finding::Differs(difference) if finding.loses_events() => {
            CheckResult::fail(format!("{done}, but it {difference}"), CONNECT)
        }
        Finding::Differs(difference) => CheckResult::pass(format!("{done}; it {difference}")),
    }
}

fn token(token: &Facts, account: &DeclaredAccount, now: SystemTime) -> CheckResult {
    let expired = match token.ends {
        Expiry::At(end) if end <= now => Some(report::written(end)),
        _ => None,
    };
    // Of Instagram Login the end is the token's own; of the others perhaps that of its access to data, which comes before.
    let is_noted = account.login == Login::Instagram;
    let wrong = match (token.is_valid, expired) {
        (false, Some(end)) if is_noted => format!("not valid: it expired on {end}"),
        (false, Some(end)) => format!("not valid: it, or its access to data, expired on {end}"),
        (false, None) if token.ends == Expiry::Unknown => {
            "not valid: expired, revoked, or no token of this app".to_owned()
        }
        (false, None) => "not valid: revoked, or no token of this app".to_owned(),
        (true, Some(end)) if is_noted => {
            let found = format!("its noted end has passed ({end}), though Meta still takes it");
            return CheckResult::fail(found, REFRESH);
        }
        (true, Some(end)) => format!("its access to data expired on {end}"),
        (true, None) if !token.lacks.is_empty() => format!("it lacks {}", token.lacks.join(", ")),
        (true, None) => return usable(token, account, now),
    };
    CheckResult::fail(wrong, renewal(account))
}

/// Of one that Meta takes and that has what it needs: for how long, and what to do in time.
fn usable(token: &Facts, account: &DeclaredAccount, now: SystemTime) -> CheckResult {
    let permissions = match token.permissions.as_slice() {
        [] => String::from("its permissions Meta does not tell"),
        all => format!("permissions: {}", all.join(", ")),
    };
    let until = match token.ends {
        Expiry::Never => String::from("without end"),
        Expiry::Unknown => String::from("until when is not known"),
        ends @ Expiry::At(_) => format!("until {}", report::until(ends)),
    };
    let ends_soon = matches!(token.ends, Expiry::At(end) if end <= now + WARN_BEFORE);
    let advice = match account.login {
        _ if !ends_soon => String::new(),
        Login::Instagram => String::from(REFRESH),
        Login::Facebook | Login::Unified => renewal(account),
    };
    CheckResult { verdict: Verdict::Pass, found: format!("valid, {until}; {permissions}"), advice }
}

/// How a token is had anew.
fn renewal(account: &DeclaredAccount) -> String {
    match account.login {
        Login::Unified => String::from("Make a new token of the system user in the business' settings."),
        Login::Facebook | Login::Instagram => format!(
            "A new login of its owner, then `weir tokens exchange {} --short-token FILE` (docs/meta.md, weir tokens).",
            account.id
        ),
    }
}

/// By the age of the last one that was found; `has_more` is whether there are older ones, which nobody looked at.
fn last_delivery(age: Option<Duration>, has_more: bool, max_silence: Option<Duration>) -> CheckResult {
    let bound = max_silence.unwrap_or(QUIET);
    let silent = |found: String| match max_silence {
        Some(_) => CheckResult::fail(found, NONE_YET),
        None => CheckResult::unknown(found, NONE_YET),
    };
    match age {
        Some(age) if age <= bound => CheckResult::pass(format!("{} ago", span(age))),
        Some(age) => silent(format!("{} ago, which is longer than {}", span(age), span(bound))),
        None if has_more => CheckResult::unknown("none among the newest deliveries", NONE_YET),
        None => silent("none is on the topic of deliveries".to_owned()),
    }
}

#[cfg(test)]
mod tests;
