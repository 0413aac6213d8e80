//! `weir connect`: the subscriptions of apps and the installs of accounts, compared with what is declared, and made so.
//!
//! [`keep`] does it every hour and tells Prometheus. [`round`] asks and acts, [`difference`] compares what should be with what Meta has, [`report`]
//! tells of it.

mod gauges;
mod keep;
mod report;

pub(super) mod difference;
pub(super) mod round;

use crate::meta::{Accounts, MetaSettings};
use crate::screen::Screen;
use crate::tool::settings::{group, settings, switch};
use crate::tool::{Exit, Result, Session, Work, tool, work};

tool! {
    /// Show or make the subscriptions at Meta by which events come
    pub(crate) const TOOL: "connect" = Work::Tools(&[PLAN, APPLY, KEEP]);
}

tool! {
    /// Show which subscriptions are missing or differ; changes nothing
    ///
    /// Compares what the file declares with what Meta has: which objects an app subscribes to, with which address and fields, and
    /// which accounts have installed it, with which fields. The fields are exactly those that Weir has kinds for. Objects, apps and
    /// accounts that the file does not name are left alone; verify tokens Meta does not show.
    ///
    /// Exit code 0: all as declared; 1: something cannot be read; 3: something is missing or differs.
    ///
    /// Examples:
    ///   weir connect plan --file connect.json --access-tokens access-tokens
    ///   weir connect plan --json | jq '.items[] | select(.state != "as_declared")'
    const PLAN: "plan" = work!(ConnectSettings, |settings, screen| run(settings, screen, false));
}

tool! {
    /// Subscribe and install what is missing or differs
    ///
    /// Makes what `weir connect plan` shows as missing or different, and looks again. It can be run again at any time. When an app is
    /// subscribed, Meta makes its handshake with the address, so ingest must answer there.
    ///
    /// Exit code 0: all as declared; 1: Meta refused something; 3: something stays different.
    ///
    /// Examples:
    ///   weir connect apply --file connect.json --access-tokens access-tokens
    const APPLY: "apply" = work!(ConnectSettings, |settings, screen| run(settings, screen, true));
}

tool! {
    /// Subscribe and install again and again what is missing, with metrics
    ///
    /// Does what `weir connect apply` does, every hour, until it is ended, and prints what was not as declared. Files are read anew
    /// each time. /metrics of the admin port says when something was healed, what fails, and when tokens end; a fault of Meta's is
    /// waited out.
    ///
    /// Exit code 0: it was ended; 1: the admin port cannot be had.
    ///
    /// Examples:
    ///   weir connect keep --file connect.json --access-tokens access-tokens --every 30m
    const KEEP: "keep" = work!(keep::KeepSettings, keep::run);
}

settings! {
    /// What `weir connect plan` and `apply` can be asked for.
    struct ConnectSettings {
        meta: MetaSettings = group(),
        /// Print one JSON object
        json: bool = switch("json"),
    }
}

fn run(settings: &ConnectSettings, screen: &mut Screen, apply: bool) -> Result<Exit> {
    let accounts = Accounts::open(&settings.meta)?;
    let items = Session::start()?
        .wait(async { if apply { round::apply(&accounts).await } else { round::plan(&accounts).await } });
    Ok(report::print(&items, settings, apply, screen)?)
}

#[cfg(test)]
mod tests;
