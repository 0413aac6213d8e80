//! The settings of whoever uses the Graph API.

use crate::{GraphUrl, GraphVersion, PaceSettings, TokenSettings};
use runtime::settings::{Form, Reader, form};
use std::ops::RangeInclusive;
use std::time::Duration;

/// The flags about the Graph API.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Graph API")]
pub struct GraphArgs {
    /// Host of the Graph API: graph.facebook.com, or graph.instagram.com for Instagram Login
    #[arg(long, env = "WEIR_GRAPH_URL", value_name = "URL", default_value = "https://graph.facebook.com")]
    pub graph_url: Option<String>,
    /// Version of the Graph API
    #[arg(long, env = "WEIR_GRAPH_VERSION", value_name = "VERSION", default_value = "v26.0")]
    pub graph_version: Option<String>,
    /// How long a call may take in all
    #[arg(long, env = "WEIR_GRAPH_TIMEOUT", value_name = "DURATION", default_value = "10s")]
    pub graph_timeout: Option<String>,
    /// How long a connection to the Graph API may take to come about
    #[arg(long, env = "WEIR_GRAPH_CONNECT_TIMEOUT", value_name = "DURATION", default_value = "5s")]
    pub graph_connect_timeout: Option<String>,
    /// How large an answer may be
    #[arg(long, env = "WEIR_GRAPH_MAX_BYTES", value_name = "SIZE", default_value = "64KiB")]
    pub graph_max_bytes: Option<String>,
    /// How large the answer to a batch may be in all
    #[arg(long, env = "WEIR_GRAPH_BATCH_MAX_BYTES", value_name = "SIZE", default_value = "8MiB")]
    pub graph_batch_max_bytes: Option<String>,
    /// Percentage of Meta's budgets from which calls are spread out
    #[arg(long, env = "WEIR_GRAPH_SLOW_AT", value_name = "PERCENT", default_value = "75")]
    pub graph_slow_at: Option<String>,
    /// Percentage of Meta's budgets from which no call is made
    #[arg(long, env = "WEIR_GRAPH_STOP_AT", value_name = "PERCENT", default_value = "95")]
    pub graph_stop_at: Option<String>,
    /// Pause between two calls right below --graph-stop-at; the lower the usage, the shorter it is. Each call of a batch
    /// has its own, and they follow the batch
    #[arg(long, env = "WEIR_GRAPH_SLOW_PAUSE", value_name = "DURATION", default_value = "5s")]
    pub graph_slow_pause: Option<String>,
    /// How long calls stop where Meta states no time; doubles, up to 15m, while that does not help
    #[arg(long, env = "WEIR_GRAPH_STOP_FOR", value_name = "DURATION", default_value = "1m")]
    pub graph_stop_for: Option<String>,
    /// Directory of access tokens: a file per account, named by its id, and `default` for the rest; read again when
    /// they change
    #[arg(long, env = "WEIR_ACCESS_TOKENS", value_name = "DIR")]
    pub access_tokens: Option<String>,
    /// File with the app's secret: calls then carry `appsecret_proof`, as "Require App Secret" demands
    #[arg(long, env = "WEIR_GRAPH_APP_SECRET", value_name = "FILE")]
    pub graph_app_secret: Option<String>,
}

/// How the Graph API is reached, and what a call may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphSettings {
    /// Its host.
    pub url: GraphUrl,
    /// Its version.
    pub version: GraphVersion,
    /// How long a call may take, from the first byte out to the last one in.
    pub timeout: Duration,
    /// How long a connection may take to come about, TLS included.
    pub connect_timeout: Duration,
    /// How large an answer may be, in bytes; that to an item of a batch too.
    pub max_bytes: usize,
    /// How large the answer to a batch may be, in bytes.
    pub batch_max_bytes: usize,
}

/// The checked values of [`GraphArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphParts {
    /// How the Graph API is reached.
    pub graph: GraphSettings,
    /// When to slow down and to stop.
    pub pace: PaceSettings,
    /// Where the access tokens are.
    pub tokens: TokenSettings,
}

const TIMEOUTS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(2);
/// An enriched record must fit its topic, which has 1 MiB of room beside the body of the delivery.
const ANSWER_BYTES: RangeInclusive<u64> = 1_024..=960 * 1_024;
const BATCH_BYTES: RangeInclusive<u64> = 64 * 1_024..=64 * 1_024 * 1_024;
const PERCENT: RangeInclusive<u64> = 1..=100;
const PAUSES: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_mins(1);
const STOPS: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_mins(15);

impl GraphSettings {
    /// The defaults for a host, as the flags have them.
    pub const fn of(url: GraphUrl, version: GraphVersion) -> Self {
        Self {
            url,
            version,
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            max_bytes: 64 * 1_024,
            batch_max_bytes: 8 * 1_024 * 1_024,
        }
    }
}

impl GraphParts {
    /// Reads and checks them; `None` means that `reader` has noted problems.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let graph = graph(reader);
        let pace = pace(reader);
        let directory = reader.required("access_tokens", &form::directory());
        let app_secret = reader.optional("graph_app_secret", &form::file());
        Some(Self { graph: graph?, pace: pace?, tokens: TokenSettings { directory: directory?, app_secret } })
    }
}

fn graph(reader: &mut Reader<'_>) -> Option<GraphSettings> {
    let url = reader.required("graph_url", &Form::new(GraphUrl::EXPECTED, GraphUrl::parse));
    let version = reader.required("graph_version", &Form::new(GraphVersion::EXPECTED, GraphVersion::parse));
    let timeout = reader.required("graph_timeout", &form::duration(TIMEOUTS));
    let connect_timeout = reader.required("graph_connect_timeout", &form::duration(TIMEOUTS));
    let max_bytes = reader.required("graph_max_bytes", &form::bytes(ANSWER_BYTES));
    let batch_max_bytes = reader.required("graph_batch_max_bytes", &form::bytes(BATCH_BYTES));
    Some(GraphSettings {
        url: url?,
        version: version?,
        timeout: timeout?,
        connect_timeout: connect_timeout?,
        max_bytes: usize::try_from(max_bytes?).ok()?,
        batch_max_bytes: usize::try_from(batch_max_bytes?).ok()?,
    })
}

fn pace(reader: &mut Reader<'_>) -> Option<PaceSettings> {
    let slow_at = reader.required("graph_slow_at", &form::count(PERCENT));
    let stop_at = reader.required("graph_stop_at", &form::count(PERCENT));
    let slow_pause = reader.required("graph_slow_pause", &form::duration(PAUSES));
    let stop_for = reader.required("graph_stop_for", &form::duration(STOPS));
    let (slow_at, stop_at) = (slow_at?, stop_at?);
    if slow_at > stop_at {
        reader.problem("graph_slow_at", "at most what --graph-stop-at says");
        return None;
    }
    Some(PaceSettings {
        slow_at: u32::try_from(slow_at).ok()?,
        stop_at: u32::try_from(stop_at).ok()?,
        slow_pause: slow_pause?,
        stop_for: stop_for?,
        ..PaceSettings::default()
    })
}
