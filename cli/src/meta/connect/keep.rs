//! `weir connect keep`: a round every hour, with metrics; what Meta unsubscribed is subscribed again.

use super::difference::Finding;
use super::gauges::Gauges;
use super::{report, round};
use crate::meta::tokens::look;
use crate::meta::{Accounts, MetaSettings};
use crate::screen::Screen;
use crate::tool::settings::{flag, group, settings};
use crate::tool::{Exit, Result, Session, not_started};
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
pub(super) fn run(settings: &KeepSettings, screen: &mut Screen) -> Result<Exit> {
    runtime::settings::name_unknown();
    // What is wrong with the file is told at the start; a later fault of it is waited out.
    Accounts::open(&settings.meta)?;
    let process = Process::new("weir-connect", env!("CARGO_PKG_VERSION"));
    Session::start()?.wait(serve(settings, &process, screen))
}

/// Answers on the admin port meanwhile.
async fn serve(settings: &KeepSettings, process: &Process, screen: &mut Screen) -> Result<Exit> {
    let listener = admin::bind(settings.admin_listen).await?;
    let admin = tokio::spawn(admin::serve(listener, process.clone()));
    started(process);
    process.shutdown.obey_signals(|| {}).map_err(not_started)?;
    tokio::select! {
        () = keep(settings, process, screen) => {}
        () = process.shutdown.requested() => {}
    }
    admin.abort();
    Ok(Exit::Done)
}

/// It has started once it answers: Meta may be out of reach for a while.
fn started(process: &Process) {
    process.health.check("connect", Probe::Startup).pass();
}

/// Never ends by itself.
async fn keep(settings: &KeepSettings, process: &Process, screen: &mut Screen) {
    let mut gauges = Gauges::new(&process.registry, settings.every);
    loop {
        // The files are read anew each time: they change when tokens are renewed and accounts come.
        let printed = match Accounts::open(&settings.meta) {
            Ok(accounts) => {
                let items = round::apply(&accounts).await;
                gauges.tell(&items, &look::at_all(&accounts).await);
                let lost = items.iter().any(|item| item.found.as_ref().map_or(true, Finding::loses_events));
                if lost { report::table(&items, screen) } else { Ok(()) }
            }
            Err(error) => {
                gauges.tell_of_none();
                screen.line(chain(&*error))
            }
        };
        // What is printed may go to a disk that is full. The metrics tell of it all the same.
        if let Err(error) = printed {
            tracing::warn!(%error, "what was not as declared cannot be printed");
        }
        tokio::time::sleep(settings.every).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::tests::Ground;
    use std::io::{self, Write};
    use tokio::sync::mpsc;

    /// A disk that is full, which tells how often something was to be written.
    struct FullDisk(mpsc::Sender<()>);

    impl Write for FullDisk {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.0.try_send(()).unwrap_or_default();
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_full_disk_under_what_is_printed_ends_nothing() {
        let ground = Ground::new().await;
        let meta = MetaSettings { file: ground.path("nowhere"), ..ground.settings() };
        let admin_listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let settings = KeepSettings { meta, every: Duration::from_millis(1), admin_listen };
        let (sender, mut attempts) = mpsc::channel(2);
        let mut screen = Screen::plain(FullDisk(sender));
        let process = Process::new("weir-connect", "0");
        let rounds = async { (attempts.recv().await, attempts.recv().await) };
        tokio::select! {
            () = keep(&settings, &process, &mut screen) => unreachable!("it never ends"),
            twice = rounds => assert_eq!(twice, (Some(()), Some(()))),
        }
    }

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
