//! Ingest as it is shipped, with a broker and an honest sender.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use schemas::Topic;
use tempfile::TempDir;
use weir_tests::foreign::run;
use weir_tests::mounted::Mounted;
use weir_tests::oracle::Oracle;
use weir_tests::pipeline::{APP_SECRET, Ground, PATIENCE, PREFIX, Service};
use weir_tests::ports;
use weir_tests::signed::Sender;
use weir_tests::until::until;
use weir_tests::vitals::Vitals;

/// The spool in the proportion of the base, on a disk that a test can fill.
const SPOOL: &str = "256MiB";

/// The secret of another app, where there are several.
pub(crate) const SECOND_SECRET: &[u8] = b"00000000000000000000000000000001";

pub(crate) struct Target {
    pub(crate) ground: Ground,
    pub(crate) ingest: Service,
    pub(crate) at: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) oracle: Arc<Oracle>,
    pub(crate) sender: Sender,
    spool: TempDir,
    secrets: Mounted,
    /// How many there are at first.
    apps: usize,
}

impl Target {
    /// Up and ready, with so many app secrets; before one has matched, the honest sender's is the last that is tried.
    pub(crate) async fn start(apps: usize) -> Result<Self> {
        let ground = Ground::prepare().await?;
        let secrets = Mounted::new(&[])?;
        mount(&secrets, apps)?;
        let spool = tempfile::Builder::new().prefix("weir-spool-").tempdir().context("a directory")?;
        let [port] = ports::free()?;
        let at = SocketAddr::from(([127, 0, 0, 1], port));
        let ingest = start(&ground, &secrets, spool.path(), at)?;
        let admin = ingest.admin.trim_start_matches("http://").parse().context("an address")?;
        let sender = Sender::new(&format!("http://{at}/webhook"), APP_SECRET.as_bytes())?;
        let mut target =
            Self { ground, ingest, at, admin, oracle: Oracle::new(), sender, spool, secrets, apps };
        target.ingest.ready().await?;
        Ok(target)
    }

    pub(crate) fn vitals(&self) -> Result<Vitals> {
        Vitals::of(self.ingest.process.pid())
    }

    /// How many lines it has logged.
    pub(crate) fn log_lines(&self) -> Result<usize> {
        Ok(self.ingest.process.stderr()?.lines().count())
    }

    /// Writes the folder of secrets anew, with one more; which it is.
    pub(crate) fn add_secret(&self) -> Result<String> {
        mount(&self.secrets, self.apps + 1)?;
        Ok(secret(self.apps))
    }

    /// The folder of secrets.
    pub(crate) fn secrets(&self) -> &Path {
        self.secrets.path()
    }

    /// Removes the file of the second app's secret, and nothing else.
    pub(crate) fn take_second_secret_away(&self) -> Result<()> {
        fs::remove_file(self.secrets.path().join(file(1))).context("removing a secret")
    }

    /// The folder of the spool, as the process sees it.
    pub(crate) fn inside(&self) -> PathBuf {
        let path = self.spool.path();
        PathBuf::from(format!("/proc/{}/root", self.ingest.process.pid()))
            .join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Another process with the same spool, at ports of its own.
    pub(crate) fn second(&self) -> Result<Service> {
        let [port] = ports::free()?;
        let at = SocketAddr::from(([127, 0, 0, 1], port));
        start(&self.ground, &self.secrets, self.spool.path(), at)
    }

    /// Kills it and starts it again.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.ingest.process.kill()?;
        self.ingest = start(&self.ground, &self.secrets, self.spool.path(), self.at)?;
        Ok(())
    }

    /// Puts the volume of the spool in order while nobody runs: the folder's mode, and the file of this name that was kept.
    pub(crate) fn mend(&self, name: &str) -> Result<()> {
        let at = tempfile::tempdir().context("a directory")?;
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-ec", MEND, "sh"]).arg(self.spool.path().join("volume.ext4"));
        run(command.arg(at.path()).arg(name), "").map(drop)
    }

    /// How many deliveries that were answered 200 are not on Kafka.
    pub(crate) async fn lost(&self) -> Result<u64> {
        until("an empty spool", PATIENCE * 3, async || {
            let waiting = self.ingest.metric("weir_spool_deliveries", "").await.ok();
            Ok(waiting.filter(|waiting| *waiting < 1.0).map(drop))
        })
        .await?;
        let (raw, typed) = (Topic::Raw.name(PREFIX), Topic::Messages.name(PREFIX));
        Ok(self.oracle.judge(self.ground.kafka.bootstrap(), &raw, &typed)?.lost)
    }

    /// The longest that a probe of liveness took in so long; one that takes longer than Kubernetes waits has failed.
    pub(crate) async fn probe(&self, time: Duration) -> Result<(u32, u32)> {
        let client = weir_tests::http::client()?;
        let (begin, mut asked, mut failed) = (std::time::Instant::now(), 0, 0);
        while begin.elapsed() < time {
            let answer = client.get(format!("{}/livez", self.ingest.admin)).timeout(PROBE).send().await;
            asked += 1;
            failed += u32::from(!answer.is_ok_and(|answer| answer.status().is_success()));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        ensure!(asked > 0, "nothing was asked");
        Ok((asked, failed))
    }
}

/// The secrets of so many apps, each in a file.
fn mount(secrets: &Mounted, apps: usize) -> Result<()> {
    let files: Vec<_> = (0..apps).map(|number| (file(number), secret(number))).collect();
    let files: Vec<_> = files.iter().map(|(name, secret)| (name.as_str(), secret.as_bytes())).collect();
    secrets.replace(&files)
}

/// What an app's file is called.
fn file(number: usize) -> String {
    format!("app-{number:03}")
}

/// That of the honest sender comes first.
fn secret(number: usize) -> String {
    if number == 0 { APP_SECRET.to_owned() } else { format!("{number:032x}") }
}

/// Arguments: the volume, where it is mounted, the name of the file.
const MEND: &str = r#"
mount -t ext4 -o loop "$1" "$2"
cd "$2"
chmod 2775 .
if [ -e kept ]; then rm -f "$3" "$3-wal" "$3-shm"; mv kept "$3"; elif [ -L "$3" ]; then rm "$3"; fi
"#;

/// `timeoutSeconds` of `k8s/base/pod.yaml`.
const PROBE: Duration = Duration::from_secs(3);

fn start(ground: &Ground, secrets: &Mounted, spool: &Path, at: SocketAddr) -> Result<Service> {
    let (listen, spool) = (at.to_string(), spool.display().to_string());
    let secrets = secrets.path().display().to_string();
    let args =
        ["--listen", &listen, "--spool-dir", &spool, "--spool-max-bytes", SPOOL, "--app-secrets", &secrets];
    ground.start("weir-ingest", &args, &[])
}
