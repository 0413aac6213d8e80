//! Maintains the spool every second, and notices a disk that does not respond.

use super::Spool;
use super::store::Store;
use runtime::process::supervisor::Supervisor;
use std::pin::pin;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(1);
/// Whatever the thread does takes less, unless its disk hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// Maintains the spool's file periodically, until it is closed: while the process drains, deliveries are stored still.
pub(crate) async fn maintain(spool: Spool) {
    let mut supervisor =
        Supervisor::new("the maintenance of the spool").counting(spool.parts.metrics.panics.clone());
    let forever = async {
        loop {
            tokio::time::sleep(EVERY).await;
            supervisor.catches_panic_of(maintain_within(&spool, PATIENCE)).await;
        }
    };
    spool.writer.run_until_closed(forever).await;
}

/// Returns once it is maintained; a thread that has not come to it in time is one that stores nothing either.
async fn maintain_within(spool: &Spool, limit: Duration) {
    let mut maintained = pin!(spool.writer.run(Store::maintain));
    if tokio::time::timeout(limit, &mut maintained).await.is_ok() {
        return;
    }
    spool.parts.metrics.healthy.set(0);
    spool.parts.check.fail(
        "its disk does not respond: deliveries that Kafka does not acknowledge are answered 503; look at the disk",
    );
    tracing::error!(
        directory = %spool.parts.directory.display(),
        "the disk of the spool does not respond: until it does, deliveries that Kafka does not acknowledge are answered 503, \
         and nothing is drained"
    );
    maintained.await;
    tracing::warn!("the disk of the spool responds again");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::sample;
    use crate::settings::Settings;
    use futures_util::FutureExt as _;
    use runtime::process::Process;
    use runtime::process::health::Probe;
    use std::sync::mpsc;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_disk_that_takes_longer_than_the_timeout_for_most_is_not_well() {
        let directory = tempfile::tempdir().unwrap();
        let process = Process::new("weir-ingest", "0");
        let settings =
            Settings { spool_timeout: Duration::from_millis(1), ..Settings::local("secret", "token") };
        let spool = Spool::open(directory.path(), &settings, &process).unwrap();
        maintain_within(&spool, PATIENCE).await;
        assert_eq!(spool.parts.metrics.healthy.get(), 1);
        let (respond, is_slow) = mpsc::channel();
        assert!(spool.writer.run(move |_| is_slow.recv()).now_or_never().is_none(), "it waits as for a disk");
        for _ in 0..5 {
            spool.store(&sample(b"{}")).await.unwrap_err();
        }
        respond.send(()).unwrap();
        maintain_within(&spool, PATIENCE).await;
        assert_eq!(spool.parts.metrics.healthy.get(), 0);
        let report = process.health.report(Probe::Readiness).verbose();
        assert!(report.contains("[!]spool: its disk is too slow"), "{report}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_disk_that_hangs_is_shown_until_it_responds_again() {
        let directory = tempfile::tempdir().unwrap();
        let process = Process::new("weir-ingest", "0");
        let settings = Settings::local("secret", "token");
        let spool = Spool::open(directory.path(), &settings, &process).unwrap();
        let metrics = &spool.parts.metrics;
        let shown = || (metrics.healthy.get(), process.health.report(Probe::Readiness).verbose());
        let is_well = |(healthy, report): (i64, String)| healthy == 1 && report.contains("[+]spool ok");
        maintain_within(&spool, PATIENCE).await;
        assert!(is_well(shown()), "{:?}", shown());
        let (respond, hangs) = mpsc::channel();
        assert!(spool.writer.run(move |_| hangs.recv()).now_or_never().is_none(), "it waits as for a disk");
        let hanging = spool.clone();
        let maintained =
            tokio::spawn(async move { maintain_within(&hanging, Duration::from_millis(10)).await });
        let seen = tokio::time::timeout(PATIENCE, async {
            while !shown().1.contains("[!]spool: its disk does not respond") {
                tokio::task::yield_now().await;
            }
        });
        seen.await.unwrap();
        assert_eq!(metrics.healthy.get(), 0);
        respond.send(()).unwrap();
        maintained.await.unwrap();
        assert!(is_well(shown()), "{:?}", shown());
    }
}
