//! The settings of ingest: declared as flags, read once, checked together.

mod limits;
mod memory;

pub use limits::{LimitArgs, Limits};
pub use memory::MemoryArgs;

use crate::secrets::{self, Secret};
use runtime::http::ports::Port;
use runtime::settings::{Problem, Reader, Source, form};
use schemas::TopicSpec;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The flags of `weir-ingest` beside the common ones.
#[derive(Debug, Default, clap::Args)]
pub struct IngestArgs {
    /// Where Meta's webhooks arrive: IP and port
    #[arg(long, env = "WEIR_LISTEN", default_value = "0.0.0.0:8080", value_name = "ADDRESS")]
    listen: Option<String>,

    /// The path of the webhook, matched exactly; behind it, `/` and the name of an app leave that app's secrets alone
    #[arg(long, env = "WEIR_PATH", default_value = "/webhook", value_name = "PATH")]
    path: Option<String>,

    /// Directory of app secrets, a file an app, named for it; reread when it changes
    ///
    /// The secret of a single app can be given in the environment variable `WEIR_APP_SECRET` instead.
    #[arg(long, env = "WEIR_APP_SECRETS", value_name = "DIR")]
    app_secrets: Option<String>,

    /// The most app secrets: a body that none of them signed is hashed with each
    #[arg(long, env = "WEIR_MAX_APP_SECRETS", default_value = "64", value_name = "COUNT")]
    max_app_secrets: Option<String>,

    /// The secret of a single app; only from the environment, since every process can read a command line
    #[arg(long, env = "WEIR_APP_SECRET", hide = true, hide_env_values = true)]
    app_secret: Option<String>,

    /// Directory of verify tokens for the handshake, a file an app; reread when it changes
    ///
    /// A single one can be given in the environment variable `WEIR_VERIFY_TOKEN` instead.
    #[arg(long, env = "WEIR_VERIFY_TOKENS", value_name = "DIR")]
    verify_tokens: Option<String>,

    /// The verify token of a single app; only from the environment
    #[arg(long, env = "WEIR_VERIFY_TOKEN", hide = true, hide_env_values = true)]
    verify_token: Option<String>,

    /// How often the directories of secrets are looked at again
    #[arg(long, env = "WEIR_SECRETS_REFRESH", default_value = "10s", value_name = "DURATION")]
    secrets_refresh: Option<String>,

    /// How long Kafka may take to acknowledge a delivery before it goes to the spool, or is answered 503 without one
    #[arg(long, env = "WEIR_ACK_TIMEOUT", default_value = "1s", value_name = "DURATION")]
    ack_timeout: Option<String>,

    /// Directory in which deliveries are kept that Kafka does not acknowledge in time; without one they are answered 503
    ///
    /// It has to outlive the process, so that what was answered 200 reaches Kafka after a restart, and belongs to one
    /// process alone.
    #[arg(long, env = "WEIR_SPOOL_DIR", value_name = "DIR")]
    spool_dir: Option<String>,

    /// What the deliveries in the spool may take of the disk; beyond it they are answered 503
    #[arg(long, env = "WEIR_SPOOL_MAX_BYTES", default_value = "1GiB", value_name = "BYTES")]
    spool_max_bytes: Option<String>,

    /// How long the disk may take to keep a delivery before it is answered 503
    #[arg(long, env = "WEIR_SPOOL_TIMEOUT", default_value = "800ms", value_name = "DURATION")]
    spool_timeout: Option<String>,

    /// Deliveries a second that go from the spool to Kafka at most, so that new ones keep their latency
    #[arg(long, env = "WEIR_SPOOL_DRAIN_RATE", default_value = "1000", value_name = "COUNT")]
    spool_drain_rate: Option<String>,

    /// Deliveries in a row that Kafka has to miss before it is not waited for any more
    #[arg(long, env = "WEIR_BREAKER_MISSES", default_value = "5", value_name = "COUNT")]
    breaker_misses: Option<String>,

    /// How often one delivery tries Kafka all the same, after that
    #[arg(long, env = "WEIR_BREAKER_PROBE", default_value = "1s", value_name = "DURATION")]
    breaker_probe: Option<String>,

    /// The largest body that is read; a larger one is answered 413
    #[arg(long, env = "WEIR_MAX_BODY", default_value = "4MiB", value_name = "BYTES")]
    max_body: Option<String>,

    /// The most events that one delivery may hold; one with more goes to the dead letters
    #[arg(long, env = "WEIR_MAX_EVENTS", default_value = "10000", value_name = "COUNT")]
    max_events: Option<String>,

    /// Bytes of a body for each event beyond the first 100; a delivery with more events goes to the dead letters, since a
    /// few bytes must not become many records
    #[arg(long, env = "WEIR_MIN_BYTES_PER_EVENT", default_value = "32", value_name = "BYTES")]
    min_bytes_per_event: Option<String>,

    /// How long requests are still taken after SIGTERM, while load balancers learn that this instance ends
    #[arg(long, env = "WEIR_DRAIN_DELAY", default_value = "5s", value_name = "DURATION")]
    drain_delay: Option<String>,

    /// How long requests under way may take to end after that
    #[arg(long, env = "WEIR_DRAIN_TIMEOUT", default_value = "10s", value_name = "DURATION")]
    drain_timeout: Option<String>,

    /// How long a record may wait for company in the producer; it is added to every answer
    #[arg(long, env = "WEIR_LINGER", default_value = "500us", value_name = "DURATION")]
    linger: Option<String>,

    /// Bytes of records that may wait for Kafka before deliveries are answered 503 at once
    #[arg(long, env = "WEIR_QUEUE_BYTES", default_value = "128MiB", value_name = "BYTES")]
    queue_bytes: Option<String>,

    /// Bytes of records that one account may have on their way to Kafka; its further deliveries wait for them, those of
    /// other accounts do not
    #[arg(long, env = "WEIR_ACCOUNT_BYTES_IN_FLIGHT", default_value = "256KiB", value_name = "BYTES")]
    account_bytes_in_flight: Option<String>,

    #[command(flatten)]
    limits: LimitArgs,

    #[command(flatten)]
    memory: MemoryArgs,
}

/// The checked settings of ingest.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address of the public port.
    pub listen: SocketAddr,
    /// The path of the webhook, matched exactly.
    pub path: String,
    /// The app secrets; never empty.
    pub app_secrets: Secrets,
    /// The most app secrets.
    pub max_app_secrets: usize,
    /// The verify tokens of the handshake; with none, every handshake is refused.
    pub verify_tokens: Secrets,
    /// How often the directories of secrets are looked at again.
    pub secrets_refresh: Duration,
    /// How long Kafka may take to acknowledge a delivery.
    pub ack_timeout: Duration,
    /// Where deliveries wait that Kafka does not acknowledge in time.
    pub spool: Option<SpoolSettings>,
    /// Deliveries in a row that Kafka has to miss before it is not waited for any more.
    pub breaker_misses: u32,
    /// How often one delivery tries Kafka all the same, after that.
    pub breaker_probe: Duration,
    /// The largest body, in bytes.
    pub max_body: usize,
    /// The most events of one delivery.
    pub max_events: usize,
    /// Bytes of a body for each event beyond the first 100.
    pub min_bytes_per_event: usize,
    /// Bytes that one account may have on their way to Kafka.
    pub account_bytes_in_flight: usize,
    /// What a client may take up at the public port.
    pub limits: Limits,
    /// How long requests are still taken after the end was asked for.
    pub drain_delay: Duration,
    /// How long requests under way may take to end.
    pub drain_timeout: Duration,
    /// How long a record may wait for company.
    pub linger: Duration,
    /// Bytes of records that may wait for Kafka.
    pub queue_bytes: usize,
}

/// How deliveries are kept on disk.
#[derive(Clone, Debug)]
pub struct SpoolSettings {
    /// The directory; one process has it.
    pub directory: PathBuf,
    /// What the deliveries may cost together.
    pub max_bytes: u64,
    /// How long the disk may take to keep a delivery.
    pub timeout: Duration,
    /// Deliveries a second that go to Kafka at most; never 0.
    pub drain_rate: u32,
}

impl SpoolSettings {
    /// The defaults of `--help` for a directory.
    pub fn of(directory: PathBuf) -> Self {
        Self { directory, max_bytes: 1 << 30, timeout: Duration::from_millis(800), drain_rate: 1000 }
    }
}

/// Secrets of one sort: where they come from, and what was there at the start.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// The directory that is reread.
    pub directory: Option<PathBuf>,
    /// One given beside the directory, named `default`.
    pub fixed: Option<Secret>,
    /// All of them, as read last.
    pub current: Vec<Secret>,
}

impl Secrets {
    /// A single secret that never changes.
    pub fn fixed(value: &str) -> Self {
        let secret = Secret::new("default", value);
        Self { directory: None, current: vec![secret.clone()], fixed: Some(secret) }
    }
}

impl Settings {
    /// Reads the settings, noting every problem.
    pub fn read(_: &IngestArgs, reader: &mut Reader<'_>) -> Option<Self> {
        let path = form::matching("a path that begins with / and has no query", is_path);
        let usize_of = |value: u64| usize::try_from(value).ok();
        let listen = reader.required("listen", &form::address());
        let path = reader.required("path", &path);
        let app_secrets = read_app_secrets(reader);
        let max_app_secrets = reader.required("max_app_secrets", &form::count(1..=1_000)).and_then(usize_of);
        if let (Some(most), Some(secrets)) = (max_app_secrets, &app_secrets)
            && secrets.current.len() > most
        {
            let found = secrets.current.len();
            reader.problem(
                "app_secrets",
                &format!("{most} secrets at most (--max-app-secrets), there are {found}"),
            );
        }
        let verify_tokens = read_secrets(reader, "verify_tokens", "verify_token");
        let secrets_refresh = reader.required("secrets_refresh", &between(100, 3_600_000));
        let ack_timeout = reader.required("ack_timeout", &between(10, 4_000));
        let spool = read_spool(reader);
        let u32_of = |value: u64| u32::try_from(value).ok();
        let breaker_misses = reader.required("breaker_misses", &form::count(1..=10_000)).and_then(u32_of);
        let breaker_probe = reader.required("breaker_probe", &between(10, 60_000));
        let max_body = reader.required("max_body", &form::bytes(1024..=64 << 20)).and_then(usize_of);
        let max_events = reader.required("max_events", &form::count(1..=1_000_000)).and_then(usize_of);
        let per_event = reader.required("min_bytes_per_event", &form::bytes(1..=1024)).and_then(usize_of);
        let of_account = reader.required("account_bytes_in_flight", &form::bytes(1024..=1 << 30));
        let limits = Limits::read(reader, max_body);
        let drain_delay = reader.required("drain_delay", &between(0, 300_000));
        let drain_timeout = reader.required("drain_timeout", &between(100, 300_000));
        let linger = reader.required("linger", &form::duration(Duration::ZERO..=Duration::from_millis(100)));
        let queue_bytes = reader.required("queue_bytes", &form::bytes(1 << 20..=2 << 30)).and_then(usize_of);
        let settings = Self {
            listen: listen?,
            path: path?,
            app_secrets: app_secrets?,
            max_app_secrets: max_app_secrets?,
            verify_tokens: verify_tokens?,
            secrets_refresh: secrets_refresh?,
            ack_timeout: ack_timeout?,
            spool: spool?,
            breaker_misses: breaker_misses?,
            breaker_probe: breaker_probe?,
            max_body: max_body?,
            max_events: max_events?,
            min_bytes_per_event: per_event?,
            account_bytes_in_flight: of_account.and_then(usize_of)?,
            limits: limits?,
            drain_delay: drain_delay?,
            drain_timeout: drain_timeout?,
            linger: linger?,
            queue_bytes: queue_bytes?,
        };
        memory::check(reader, &settings);
        Some(settings)
    }

    /// The public port.
    pub fn port(&self) -> Port {
        Port { flag: "--listen", address: self.listen }
    }

    /// The defaults of `--help` for one app on a loopback port that the system chooses.
    pub fn local(app_secret: &str, verify_token: &str) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            path: "/webhook".to_owned(),
            app_secrets: Secrets::fixed(app_secret),
            max_app_secrets: 64,
            verify_tokens: Secrets::fixed(verify_token),
            secrets_refresh: Duration::from_secs(10),
            ack_timeout: Duration::from_secs(1),
            spool: None,
            breaker_misses: 5,
            breaker_probe: Duration::from_secs(1),
            max_body: usize::try_from(TopicSpec::DEFAULT_BODY_BYTES).unwrap_or(usize::MAX),
            max_events: 10_000,
            min_bytes_per_event: 32,
            account_bytes_in_flight: 256 << 10,
            limits: Limits::default(),
            drain_delay: Duration::ZERO,
            drain_timeout: Duration::from_secs(10),
            linger: Duration::from_micros(500),
            queue_bytes: 128 << 20,
        }
    }
}

fn between(from_millis: u64, to_millis: u64) -> form::Form<Duration> {
    form::duration(Duration::from_millis(from_millis)..=Duration::from_millis(to_millis))
}

fn is_path(value: &str) -> bool {
    value.starts_with('/')
        && value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'?' && byte != b'#')
}

fn read_app_secrets(reader: &mut Reader<'_>) -> Option<Secrets> {
    if !reader.is_set("app_secrets") && !reader.is_set("app_secret") {
        let expected = "a directory with a file an app, which holds its secret; or the secret itself in the environment variable WEIR_APP_SECRET";
        reader.problem("app_secrets", expected);
        return None;
    }
    read_secrets(reader, "app_secrets", "app_secret")
}

/// `Some(None)` where there is to be no spool.
#[expect(clippy::option_option, reason = "bad settings are told from a spool that is not wanted")]
fn read_spool(reader: &mut Reader<'_>) -> Option<Option<SpoolSettings>> {
    let directory = reader.optional("spool_dir", &form::directory());
    let max_bytes = reader.required("spool_max_bytes", &form::bytes(1 << 20..=1 << 40))?;
    let timeout = reader.required("spool_timeout", &between(10, 4_000))?;
    let drain_rate = reader.required("spool_drain_rate", &form::count(1..=1_000_000))?;
    let drain_rate = u32::try_from(drain_rate).ok()?;
    if reader.is_set("spool_dir") && directory.is_none() {
        return None;
    }
    Some(directory.map(|directory| SpoolSettings { directory, max_bytes, timeout, drain_rate }))
}

fn read_secrets(reader: &mut Reader<'_>, directory: &str, single: &str) -> Option<Secrets> {
    if reader.is_set(single) && reader.source(single) == Source::Flag {
        reader.problem(single, "it in the environment, since every process can read a command line");
    }
    let fixed = reader.optional(single, &form::text().secret()).map(|value| Secret::new("default", value));
    let path = reader.optional(directory, &form::directory());
    if reader.is_set(directory) && path.is_none() {
        return None;
    }
    match path.as_deref().map_or_else(|| Ok(Vec::new()), usable) {
        Ok(mut current) => {
            current.extend(fixed.clone());
            Some(Secrets { directory: path, fixed, current })
        }
        Err(found) => {
            let (setting, source) = (reader.flag(directory), reader.source(directory));
            let expected = "a directory with a file an app, which holds its secret".to_owned();
            reader.add(Problem { setting, source, found, expected });
            None
        }
    }
}

/// The secrets of a directory that has some; files that cannot be used are named by whoever looks at it later.
fn usable(directory: &Path) -> Result<Vec<Secret>, String> {
    let contents = secrets::read_at_start(directory.to_owned()).map_err(|error| error.to_string())?;
    if !contents.secrets.is_empty() {
        return Ok(contents.secrets);
    }
    let place = directory.display();
    let faults: Vec<_> = contents.faults.iter().map(|(file, why)| format!("{place}/{file}: {why}")).collect();
    Err(if faults.is_empty() { format!("{place}, which holds no files") } else { faults.join("; ") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::process::{self, About};

    const ABOUT: About = About { name: "weir-ingest", version: "0", description: "A test" };

    #[test]
    fn local_settings_are_the_defaults_of_the_help() {
        let command = process::command::<IngestArgs>(ABOUT);
        let arguments =
            ["weir-ingest", "--brokers", "kafka:9092", "--app-secrets", env!("CARGO_MANIFEST_DIR")];
        let matches = command.clone().get_matches_from(arguments);
        let mut reader = Reader::new(&command, &matches);
        let read = Settings::read(&IngestArgs::default(), &mut reader).unwrap();
        let local = Settings::local("secret", "token");
        // Where to listen, whose secrets and how long to wait for load balancers differ on purpose.
        let as_local = Settings {
            listen: local.listen,
            app_secrets: local.app_secrets.clone(),
            verify_tokens: local.verify_tokens.clone(),
            drain_delay: local.drain_delay,
            ..read
        };
        assert_eq!(format!("{as_local:?}"), format!("{local:?}"));
    }

    #[test]
    fn a_spool_has_the_defaults_of_the_help() {
        let command = process::command::<IngestArgs>(ABOUT);
        let matches =
            command.clone().get_matches_from(["weir-ingest", "--spool-dir", env!("CARGO_MANIFEST_DIR")]);
        let spool = read_spool(&mut Reader::new(&command, &matches)).unwrap().unwrap();
        let expected = SpoolSettings::of(PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        assert_eq!(format!("{spool:?}"), format!("{expected:?}"));
    }
}
