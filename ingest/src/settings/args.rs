//! The flags of `weir-ingest`; `--help` is their reference.

use super::limits::LimitArgs;
use super::memory::MemoryArgs;

/// Where app secrets come from: of `weir-ingest`, and of tools that sign as Meta does.
#[derive(Debug, Default, clap::Args)]
pub struct AppSecretArgs {
    /// Directory of app secrets, one file per app, named after it; reread when it changes
    ///
    /// The secret of a single app can be given in the environment variable `WEIR_APP_SECRET` instead.
    #[arg(long, env = "WEIR_APP_SECRETS", value_name = "DIR")]
    app_secrets: Option<String>,

    /// Secret of a single app; only from the environment, since every process can read a command line
    #[arg(long, env = "WEIR_APP_SECRET", hide = true, hide_env_values = true)]
    app_secret: Option<String>,
}

/// The flags of `weir-ingest` beside the common ones.
#[derive(Debug, Default, clap::Args)]
pub struct IngestArgs {
    /// Address of the public port, where Meta's webhooks arrive: IP and port
    #[arg(long, env = "WEIR_LISTEN", default_value = "0.0.0.0:8080", value_name = "ADDRESS")]
    listen: Option<String>,

    /// Path of the webhook, matched exactly; with `/` and the name of an app appended, only that app's secrets are tried
    #[arg(long, env = "WEIR_PATH", default_value = "/webhook", value_name = "PATH")]
    path: Option<String>,

    #[command(flatten)]
    app_secrets: AppSecretArgs,

    /// Maximum number of app secrets; a body that none of them signed is hashed with each
    #[arg(long, env = "WEIR_MAX_APP_SECRETS", default_value = "64", value_name = "COUNT")]
    max_app_secrets: Option<String>,

    /// Directory of verify tokens for the handshake, one file per app; reread when it changes
    ///
    /// A single one can be given in the environment variable `WEIR_VERIFY_TOKEN` instead.
    #[arg(long, env = "WEIR_VERIFY_TOKENS", value_name = "DIR")]
    verify_tokens: Option<String>,

    /// Verify token of a single app; only from the environment
    #[arg(long, env = "WEIR_VERIFY_TOKEN", hide = true, hide_env_values = true)]
    verify_token: Option<String>,

    /// Interval between reads of the directories of secrets
    #[arg(long, env = "WEIR_SECRETS_REFRESH", default_value = "10s", value_name = "DURATION")]
    secrets_refresh: Option<String>,

    /// Timeout for Kafka's acknowledgement, after which a delivery is spooled, or answered 503 without a spool
    #[arg(long, env = "WEIR_ACK_TIMEOUT", default_value = "1s", value_name = "DURATION")]
    ack_timeout: Option<String>,

    /// Directory of the spool, which stores deliveries that Kafka does not acknowledge in time; without one they are answered 503
    ///
    /// It has to outlive the process, so that what was answered 200 reaches Kafka after a restart, and belongs to one
    /// process alone.
    #[arg(long, env = "WEIR_SPOOL_DIR", value_name = "DIR")]
    spool_dir: Option<String>,

    /// Maximum size of the spool on disk; beyond it deliveries are answered 503
    #[arg(long, env = "WEIR_SPOOL_MAX_BYTES", default_value = "1GiB", value_name = "BYTES")]
    spool_max_bytes: Option<String>,

    /// Timeout for writing a delivery to the spool, after which it is answered 503
    #[arg(long, env = "WEIR_SPOOL_TIMEOUT", default_value = "800ms", value_name = "DURATION")]
    spool_timeout: Option<String>,

    /// Maximum rate of the drain from the spool to Kafka, in deliveries per second, so that new ones keep their latency
    #[arg(long, env = "WEIR_SPOOL_DRAIN_RATE", default_value = "1000", value_name = "COUNT")]
    spool_drain_rate: Option<String>,

    /// Deliveries in a row that Kafka does not acknowledge in time, or has no space for in the producer's queue, before the
    /// circuit breaker opens and deliveries do not wait for Kafka
    #[arg(long, env = "WEIR_BREAKER_MISSES", default_value = "5", value_name = "COUNT")]
    breaker_misses: Option<String>,

    /// Probe interval while the breaker is open
    #[arg(long, env = "WEIR_BREAKER_PROBE", default_value = "1s", value_name = "DURATION")]
    breaker_probe: Option<String>,

    /// Maximum size of a body; a larger one is answered 413
    #[arg(long, env = "WEIR_MAX_BODY", default_value = "4MiB", value_name = "BYTES")]
    max_body: Option<String>,

    /// Maximum number of events of one delivery; one with more is dead-lettered
    #[arg(long, env = "WEIR_MAX_EVENTS", default_value = "10000", value_name = "COUNT")]
    max_events: Option<String>,

    /// Minimum bytes of body per event beyond the first 100; a delivery with more events is dead-lettered, since a few
    /// bytes must not become many records
    #[arg(long, env = "WEIR_MIN_BYTES_PER_EVENT", default_value = "32", value_name = "BYTES")]
    min_bytes_per_event: Option<String>,

    /// How long requests are still accepted after SIGTERM, while load balancers learn that this instance is stopping
    #[arg(long, env = "WEIR_DRAIN_DELAY", default_value = "5s", value_name = "DURATION")]
    drain_delay: Option<String>,

    /// How long requests in progress may take to finish after that
    #[arg(long, env = "WEIR_DRAIN_TIMEOUT", default_value = "10s", value_name = "DURATION")]
    drain_timeout: Option<String>,

    /// Producer linger (`linger.ms`); adds to the latency of every response
    #[arg(long, env = "WEIR_LINGER", default_value = "500us", value_name = "DURATION")]
    linger: Option<String>,

    /// Maximum bytes in the producer's queue; when it is full, deliveries do not wait for Kafka
    #[arg(long, env = "WEIR_QUEUE_BYTES", default_value = "128MiB", value_name = "BYTES")]
    queue_bytes: Option<String>,

    /// Maximum bytes that one account has in flight to Kafka; its further deliveries wait, those of other accounts do not
    #[arg(long, env = "WEIR_ACCOUNT_BYTES_IN_FLIGHT", default_value = "256KiB", value_name = "BYTES")]
    account_bytes_in_flight: Option<String>,

    #[command(flatten)]
    limits: LimitArgs,

    #[command(flatten)]
    memory: MemoryArgs,
}
