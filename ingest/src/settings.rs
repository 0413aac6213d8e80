//! The settings of ingest: each declared once, read once, checked together.

mod limits;
mod memory;
mod producer;
mod secrets;

pub use crate::signature::Secrets;
pub use limits::Limits;
pub use producer::ProducerKind;
pub use secrets::{declare_app_secrets, read_app_secrets};

use crate::spool::bytes_of_large;
use memory::MemorySettings;
use runtime::http::ports::Port;
use runtime::settings::{Form, Reader, defaults, form, optional, part, with_default};
use schemas::TopicSpec;
use secrets::{declare_verify_tokens, read_verify_tokens};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

runtime::settings! {
    /// The settings of ingest.
    #[derive(Clone, Debug)]
    pub struct Settings {
        /// Address of the public port, where Meta's webhooks arrive: IP and port
        pub listen: SocketAddr = with_default("ADDRESS", "0.0.0.0:8080", form::address()),
        /// Path of the webhook, matched exactly; with `/` and the name of an app appended, only that app's secrets are tried, so end it without one
        pub path: String = with_default("PATH", "/webhook", a_path()),
        /// Path on the public port that answers as `/readyz` of the admin port, for load balancers that probe where they send requests
        pub health_path: Option<String> = optional("PATH", a_path()),
        /// The app secrets; never empty.
        // Where there are none, which is a problem, what else is wrong is said too.
        pub app_secrets: Secrets = part(declare_app_secrets, |reader| Some(read_app_secrets(reader).unwrap_or_default())),
        /// Maximum number of app secrets; a body that none of them signed is hashed with each
        pub max_app_secrets: usize = with_default("COUNT", "64", form::count(1..=1_000)),
        /// The verify tokens of the handshake; with none, every handshake is refused.
        pub verify_tokens: Secrets = part(declare_verify_tokens, read_verify_tokens),
        /// Interval between reads of the directories of secrets
        pub secrets_refresh: Duration = with_default("DURATION", "10s", form::millis(100..=3_600_000)),
        /// Timeout for Kafka's acknowledgement, after which a delivery is spooled, or answered 503 without a spool
        pub ack_timeout: Duration = with_default("DURATION", "1s", form::millis(10..=4_000)),
        /// Directory of the spool, which stores deliveries that Kafka does not acknowledge in time; without one they are answered 503
        ///
        /// It has to outlive the process, so that what was answered 200 reaches Kafka after a restart, and belongs to one
        /// process alone. Where there is none of that name, it is made.
        pub spool_dir: Option<PathBuf> = optional("DIR", form::directory_to_make()),
        /// Maximum bytes of stored deliveries; the files may take a quarter more on disk, and some 32 MiB for the WAL and a reserve.
        /// Beyond it (deliveries over 64 KiB: beyond fifteen sixteenths), what Kafka does not acknowledge is answered 503
        pub spool_max_bytes: u64 = with_default("BYTES", "1GiB", form::bytes(1 << 20..=1 << 40)),
        /// Timeout for writing a delivery to the spool, after which it is answered 503
        pub spool_timeout: Duration = with_default("DURATION", "800ms", form::millis(10..=4_000)),
        /// Maximum rate of the drain from the spool to Kafka, in deliveries per second, so that new ones keep their latency
        pub spool_drain_rate: u32 = with_default("COUNT", "1000", form::count(1..=1_000_000)),
        /// Deliveries in a row that Kafka does not acknowledge in time, or has no space for in the producer's queue, before the
        /// circuit breaker opens and deliveries do not wait for Kafka
        pub breaker_misses: u32 = with_default("COUNT", "5", form::count(1..=10_000)),
        /// Probe interval while the breaker is open
        pub breaker_probe: Duration = with_default("DURATION", "1s", form::millis(10..=60_000)),
        /// Maximum size of a body; a larger one is answered 413
        pub max_body: usize = with_default("BYTES", "4MiB", form::bytes(1024..=64 << 20)),
        /// Maximum number of events of one delivery; one with more is dead-lettered
        pub max_events: usize = with_default("COUNT", "10000", form::count(1..=1_000_000)),
        /// Minimum bytes of body per event beyond the first 10; a delivery with more events is dead-lettered, since a few
        /// bytes must not become many records
        pub min_bytes_per_event: usize = with_default("BYTES", "32", form::bytes(1..=1024)),
        /// How long requests are still accepted after SIGTERM, while load balancers learn that this instance is stopping
        pub drain_delay: Duration = with_default("DURATION", "5s", form::millis(0..=300_000)),
        /// How long requests in progress, and what they have sent to Kafka, may take to finish after that
        pub drain_timeout: Duration = with_default("DURATION", "10s", form::millis(100..=300_000)),
        /// Who writes to Kafka: librdkafka, or a producer of Weir's own that costs less and tries nothing twice, since the spool does
        pub producer: ProducerKind = with_default("PRODUCER", "rdkafka", producer::form()),
        /// Producer linger (`linger.ms`); adds to the latency of every response, and has no meaning with --producer direct
        pub linger: Duration = with_default("DURATION", "500us", form::millis(0..=100)),
        /// Maximum bytes in the queues of the producers, a quarter of it for deliveries beyond --account-bytes-in-flight; when one
        /// is full, its deliveries do not wait for Kafka
        pub queue_bytes: usize = with_default("BYTES", "128MiB", form::bytes(1 << 20..=2 << 30)),
        /// Maximum bytes that one account has in flight to Kafka, its records counted, which are about twice the body; its further
        /// deliveries wait, those of other accounts do not. A larger delivery goes alone, over connections of its own
        pub account_bytes_in_flight: usize = with_default("BYTES", "256KiB", form::bytes(1024..=1 << 30)),
        /// The limits of the public port.
        pub limits: Limits = part(Limits::declare, Limits::read),
        /// The memory limit of the process, where a flag names it.
        pub memory: MemorySettings = part(MemorySettings::declare, MemorySettings::read),
    }
    check check
}

/// What is wrong with several together.
fn check(settings: &Settings, reader: &mut Reader<'_>) {
    let (most, found) = (settings.max_app_secrets, settings.app_secrets.current.len());
    if found > most {
        let expected = format!("{most} secrets at most (--max-app-secrets), there are {found}");
        reader.problem("app_secrets", &expected);
    }
    if settings.limits.max_body_bytes_in_flight < settings.max_body {
        let expected = "at least as much as --max-body, or no large body is ever taken";
        reader.problem("max_body_bytes_in_flight", expected);
    }
    if settings.spool_dir.is_some() && bytes_of_large(settings.spool_max_bytes) <= settings.max_body as u64 {
        let expected = "more than 16/15 of --max-body, or the largest bodies are never spooled";
        reader.problem("spool_max_bytes", expected);
    }
    if settings.health_path.as_deref().is_some_and(|health| is_webhooks(health, &settings.path)) {
        reader.problem("health_path", "a path that is neither the webhook's (--path) nor below it");
    }
    producer::check(reader, settings.producer);
    memory::check(reader, settings);
}

/// Whether a path is the webhook's or that of one of its apps, which are below it.
fn is_webhooks(path: &str, webhook: &str) -> bool {
    path.strip_prefix(webhook).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Settings {
    /// The public port.
    pub fn port(&self) -> Port {
        Port { flag: "--listen", address: self.listen }
    }

    /// The defaults of `--help` for one app, on a free loopback port.
    pub fn local(app_secret: &str, verify_token: &str) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            app_secrets: Secrets::fixed(app_secret),
            verify_tokens: Secrets::fixed(verify_token),
            max_body: usize::try_from(TopicSpec::DEFAULT_BODY_BYTES).unwrap_or(usize::MAX),
            drain_delay: Duration::ZERO,
            ..defaults(Self::declare, Self::read)
        }
    }
}

fn a_path() -> Form<String> {
    form::matching("a path that begins with /, of printable ASCII without blanks, ? and #", |value| {
        value.starts_with('/')
            && value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'?' && byte != b'#')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::process::{self, About};

    const ABOUT: About = About { name: "weir-ingest", version: "0", description: "A test" };

    #[test]
    fn a_health_path_is_none_of_the_webhooks() {
        for (path, is_webhooks_own) in
            [("/health", false), ("/webhooks", false), ("/webhook", true), ("/webhook/shop", true)]
        {
            assert_eq!(is_webhooks(path, "/webhook"), is_webhooks_own, "{path}");
        }
    }

    #[test]
    fn a_directory_that_is_to_be_made_is_one() {
        let command = process::command(ABOUT, Settings::declare);
        let new = format!("{}/new", env!("CARGO_MANIFEST_DIR"));
        let arguments = ["weir-ingest", "--app-secrets", env!("CARGO_MANIFEST_DIR"), "--spool-dir", &new];
        let matches = command.clone().get_matches_from(arguments);
        let settings = Settings::read(&mut Reader::new(&command, &matches)).unwrap();
        assert_eq!(settings.spool_dir, Some(PathBuf::from(new)));
    }

    #[test]
    fn local_settings_are_the_defaults_of_the_help() {
        let command = process::command(ABOUT, Settings::declare);
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
