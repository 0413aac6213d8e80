//! The settings of whoever uses the Graph API.

use crate::{AccessTokens, GraphUrl, GraphVersion, RateLimitSettings, TokenSettings};
use prometheus::Registry;
use runtime::settings::{Form, defaults, form, part, with_default};
use std::ops::RangeInclusive;
use std::time::Duration;

const TIMEOUTS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(2);
/// An enriched record must fit its topic, which has 1 MiB of room beside the body of the delivery.
const ANSWER_BYTES: RangeInclusive<u64> = 1_024..=960 * 1_024;
const BATCH_BYTES: RangeInclusive<u64> = 64 * 1_024..=64 * 1_024 * 1_024;

runtime::settings! {
    "Graph API",
    /// How the Graph API is reached, and what a call may cost.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct GraphSettings {
        /// Host of the Graph API: graph.facebook.com, or graph.instagram.com for Instagram Login
        pub graph_url: GraphUrl = with_default("URL", "https://graph.facebook.com", Form::new(GraphUrl::EXPECTED, GraphUrl::parse)),
        /// Version of the Graph API
        pub graph_version: GraphVersion = with_default("VERSION", "v26.0", Form::new(GraphVersion::EXPECTED, GraphVersion::parse)),
        /// How long a call may take in all
        pub graph_timeout: Duration = with_default("DURATION", "10s", form::duration(TIMEOUTS)),
        /// How long a connection to the Graph API may take to come about; half of --graph-timeout at most
        pub graph_connect_timeout: Duration = with_default("DURATION", "5s", form::duration(TIMEOUTS)),
        /// How large an answer may be
        pub graph_max_bytes: usize = with_default("SIZE", "64KiB", form::bytes(ANSWER_BYTES)),
        /// How large the answer to a batch may be in all
        pub graph_batch_max_bytes: usize = with_default("SIZE", "8MiB", form::bytes(BATCH_BYTES)),
    }
}

runtime::settings! {
    /// Everything about the Graph API.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct GraphParts {
        /// How it is reached.
        pub graph: GraphSettings = part(GraphSettings::declare, GraphSettings::read),
        /// When to slow down and to stop.
        pub rate_limit: RateLimitSettings = part(RateLimitSettings::declare, RateLimitSettings::read),
        /// Where the access tokens are.
        pub tokens: TokenSettings = part(TokenSettings::declare, TokenSettings::read),
    }
}

impl GraphSettings {
    /// The defaults of `--help` for a host.
    pub fn of(url: GraphUrl, version: GraphVersion) -> Self {
        Self { graph_url: url, graph_version: version, ..defaults(Self::declare, Self::read) }
    }
}

impl GraphParts {
    /// Reads the files of tokens and accounts.
    pub fn open_tokens(&self, registry: &Registry) -> AccessTokens {
        AccessTokens::open(self.tokens.clone(), self.graph.graph_url.clone(), registry)
    }
}
