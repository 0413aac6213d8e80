//! `weir connect keep`: a round every hour, with metrics; what Meta unsubscribed is subscribed again.

use super::difference::Finding;
use super::gauges::Gauges;
use super::{report, round};
use crate::meta::MetaError;
use crate::meta::accounts::Accounts;
use crate::meta::settings::MetaSettings;
use crate::meta::tokens::look;
use crate::tool::session::Session;
use crate::tool::settings::{flag, group, settings};
use crate::tool::signals;
use crate::{Exit, Screen, ToolError};
use runtime::http::admin;
use runtime::process::health::Probe;
use runtime::process::{Process, chain};
use runtime::settings::form;
use std::net::SocketAddr;
use std::time::Duration;

const EVERY: std::ops::RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(24);

settings! {
    /// What `weir connect keep` can be asked for.
    pub(super) struct KeepSettings {
        meta: MetaSettings = group(),
        /// How long after a round the next one begins
        every: Duration = flag("every", "DURATION", form::duration(EVERY)).env("WEIR_CONNECT_EVERY").or("1h"),
        /// Where metrics and probes are answered
        admin_listen: SocketAddr = flag("admin-listen", "IP:PORT", form::address()).env("WEIR_ADMIN_LISTEN").or("0.0.0.0:9090"),
    }
}

/// Keeps everything as it is declared until the end is asked for.
pub(super) fn run(settings: &KeepSettings, screen: &mut Screen) -> Result<Exit, ToolError> {
    runtime::settings::name_unknown();
    // What is wrong with the file is told at the start; a later fault of it is waited out.
    Accounts::open(&settings.meta)?;
    let process = Process::new("weir-connect", env!("CARGO_PKG_VERSION"));
    Session::start()?.wait(serve(settings, &process, screen))
}

/// Answers on the admin port meanwhile.
async fn serve(settings: &KeepSettings, process: &Process, screen: &mut Screen) -> Result<Exit, ToolError> {
    let listener = admin::bind(settings.admin_listen).await.map_err(MetaError::from)?;
    let admin = tokio::spawn(admin::serve(listener, process.clone()));
    started(process);
    let shutdown = process.shutdown.clone();
    signals::listen(move || shutdown.trigger()).map_err(ToolError::Runtime)?;
    let kept = tokio::select! {
        kept = keep(settings, process, screen) => kept,
        () = process.shutdown.requested() => Ok(()),
    };
    admin.abort();
    kept.map(|()| Exit::Done)
}

/// It has started once it answers: Meta may be out of reach for a while.
fn started(process: &Process) {
    process.health.check("connect", Probe::Startup).pass();
}

async fn keep(settings: &KeepSettings, process: &Process, screen: &mut Screen) -> Result<(), ToolError> {
    let mut gauges = Gauges::new(&process.registry, settings.every);
    loop {
        // The files are read anew each time: they change when tokens are renewed and accounts come.
        match Accounts::open(&settings.meta) {
            Ok(accounts) => {
                let items = round::apply(&accounts).await;
                gauges.tell(&items, &look::at_all(&accounts).await);
                if items.iter().any(|item| item.found.as_ref().map_or(true, Finding::loses_events)) {
                    report::table(&items, screen)?;
                }
            }
            Err(error) => {
                gauges.tell_of_none();
                screen.line(chain(&error))?;
            }
        }
        tokio::time::sleep(settings.every).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_started_and_ready_as_soon_as_it_answers() {
        let process = Process::new("weir-connect", "0");
        assert!(!process.health.report(Probe::Startup).passes());
        started(&process);
        for probe in [Probe::Startup, Probe::Readiness] {
            assert!(process.health.report(probe).passes(), "{probe:?}");
        }
    }
}
