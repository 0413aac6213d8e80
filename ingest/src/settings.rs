//! The settings of ingest: declared as flags, read once, checked together.

mod args;
mod limits;
mod memory;
mod secrets;
mod spool;

pub use crate::signature::Secrets;
pub use args::{AppSecretArgs, IngestArgs};
pub use limits::{LimitArgs, Limits};
pub use memory::MemoryArgs;
pub use secrets::read_app_secrets;
pub use spool::SpoolSettings;

use crate::signature::SecretSources;
use runtime::http::ports::Port;
use runtime::settings::{Reader, form};
use schemas::TopicSpec;
use std::net::SocketAddr;
use std::time::Duration;

/// The checked settings of ingest.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address of the public port.
    pub listen: SocketAddr,
    /// The path of the webhook, matched exactly.
    pub path: String,
    /// The app secrets; never empty.
    pub app_secrets: Secrets,
    /// Maximum number of app secrets.
    pub max_app_secrets: usize,
    /// The verify tokens of the handshake; with none, every handshake is refused.
    pub verify_tokens: Secrets,
    /// Interval between reads of the directories of secrets.
    pub secrets_refresh: Duration,
    /// Timeout for Kafka's acknowledgement.
    pub ack_timeout: Duration,
    /// Where deliveries are stored that Kafka does not acknowledge in time.
    pub spool: Option<SpoolSettings>,
    /// Deliveries in a row that Kafka does not acknowledge before the circuit breaker opens.
    pub breaker_misses: u32,
    /// Probe interval while the breaker is open.
    pub breaker_probe: Duration,
    /// Maximum size of a body, in bytes.
    pub max_body: usize,
    /// Maximum number of events of one delivery.
    pub max_events: usize,
    /// Minimum bytes of body per event beyond the first 100.
    pub min_bytes_per_event: usize,
    /// Maximum bytes that one account has in flight to Kafka.
    pub account_bytes_in_flight: usize,
    /// The limits of the public port.
    pub limits: Limits,
    /// How long requests are still accepted after shutdown was requested.
    pub drain_delay: Duration,
    /// How long requests in progress may take to finish.
    pub drain_timeout: Duration,
    /// Producer linger.
    pub linger: Duration,
    /// Maximum bytes in the producer's queue.
    pub queue_bytes: usize,
}

impl Settings {
    /// Reads the settings, noting every problem.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let path = form::matching("a path that begins with / and has no query", is_path);
        let listen = reader.required("listen", &form::address());
        let path = reader.required("path", &path);
        let app_secrets = read_app_secrets(reader);
        let max_app_secrets = reader.required("max_app_secrets", &form::count(1..=1_000).narrow());
        if let (Some(most), Some(secrets)) = (max_app_secrets, &app_secrets)
            && secrets.current.len() > most
        {
            let found = secrets.current.len();
            reader.problem(
                "app_secrets",
                &format!("{most} secrets at most (--max-app-secrets), there are {found}"),
            );
        }
        let verify_tokens = secrets::read(reader, "verify_tokens", "verify_token");
        let secrets_refresh = reader.required("secrets_refresh", &between(100, 3_600_000));
        let ack_timeout = reader.required("ack_timeout", &between(10, 4_000));
        let spool = spool::read(reader);
        let breaker_misses = reader.required("breaker_misses", &form::count(1..=10_000).narrow());
        let breaker_probe = reader.required("breaker_probe", &between(10, 60_000));
        let max_body = reader.required("max_body", &form::bytes(1024..=64 << 20).narrow());
        let max_events = reader.required("max_events", &form::count(1..=1_000_000).narrow());
        let per_event = reader.required("min_bytes_per_event", &form::bytes(1..=1024).narrow());
        let of_account = reader.required("account_bytes_in_flight", &form::bytes(1024..=1 << 30).narrow());
        let limits = Limits::read(reader, max_body);
        let drain_delay = reader.required("drain_delay", &between(0, 300_000));
        let drain_timeout = reader.required("drain_timeout", &between(100, 300_000));
        let linger = reader.required("linger", &form::duration(Duration::ZERO..=Duration::from_millis(100)));
        let queue_bytes = reader.required("queue_bytes", &form::bytes(1 << 20..=2 << 30).narrow());
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
            account_bytes_in_flight: of_account?,
            limits: limits?,
            drain_delay: drain_delay?,
            drain_timeout: drain_timeout?,
            linger: linger?,
            queue_bytes: queue_bytes?,
        };
        memory::check(reader, &settings);
        Some(settings)
    }

    /// Where secrets come from, and how often that is read again.
    pub(crate) fn secret_sources(&self) -> SecretSources {
        SecretSources {
            app_secrets: self.app_secrets.clone(),
            max_app_secrets: self.max_app_secrets,
            verify_tokens: self.verify_tokens.clone(),
            refresh: self.secrets_refresh,
        }
    }

    /// The public port.
    pub fn port(&self) -> Port {
        Port { flag: "--listen", address: self.listen }
    }

    /// The defaults of `--help` for one app, on a free loopback port.
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Args as _;
    use runtime::process::{self, About};

    pub(super) const ABOUT: About = About { name: "weir-ingest", version: "0", description: "A test" };

    #[test]
    fn local_settings_are_the_defaults_of_the_help() {
        let command = process::command(ABOUT, IngestArgs::augment_args);
        let arguments =
            ["weir-ingest", "--brokers", "kafka:9092", "--app-secrets", env!("CARGO_MANIFEST_DIR")];
        let matches = command.clone().get_matches_from(arguments);
        let mut reader = Reader::new(&command, &matches);
        let read = Settings::read(&mut reader).unwrap();
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
}
