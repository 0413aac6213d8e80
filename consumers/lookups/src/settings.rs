//! The settings of `weir-lookups` beside the common ones.

use crate::lookup::WithoutToken;
use runtime::settings::{fixed, form, part, with_default};
use std::ops::RangeInclusive;
use std::time::Duration;
use weir_graph::{GraphParts, LARGEST_BATCH};

runtime::settings! {
    "Lookups",
    /// The settings of `weir-lookups`.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LookupSettings {
        /// The Graph API.
        pub graph: GraphParts = part(GraphParts::declare, GraphParts::read),
        /// How lookups are put together.
        pub batch: BatchSettings = part(BatchSettings::declare, BatchSettings::read),
        /// Events of a partition whose lookups may be under way while those before them are not done
        pub lookup_ahead: usize = with_default("COUNT", "200", form::count(1..=2_000)),
        /// How long a lookup is tried.
        pub retries: RetrySettings = part(RetrySettings::declare, RetrySettings::read),
        /// What is remembered of posts.
        pub media: MediaCacheSettings = part(MediaCacheSettings::declare, MediaCacheSettings::read),
        /// Whether customers are looked up.
        pub profiles: ProfileSettings = part(ProfileSettings::declare, ProfileSettings::read),
    }
}

runtime::settings! {
    /// How calls are put together.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct BatchSettings {
        /// Lookups of one batch, at most; those of Instagram Login go one by one
        pub lookup_batch: usize = with_default("COUNT", "50", form::count(1..=LARGEST_BATCH as u64)),
        /// How long a lookup waits for others to make a batch with
        pub lookup_batch_wait: Duration = with_default("DURATION", "50ms", form::duration(Duration::ZERO..=Duration::from_secs(1))),
        /// HTTP requests that may be under way. The next one is that of the app (at its host) with the fewest: where fewer hosts are
        /// silent than these, another app waits for one --graph-timeout at most; where more are, for 1 + silent hosts / COUNT of them
        pub lookup_concurrency: usize = with_default("COUNT", "4", form::count(1..=64)),
    }
}

const PATIENCE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24);

const WITHOUT_TOKEN: &[(&str, WithoutToken)] =
    &[("dead-letter", WithoutToken::DeadLetter), ("wait", WithoutToken::Wait)];

runtime::settings! {
    /// How long a lookup is tried.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RetrySettings {
        /// Failures in a row, while other calls are answered, after which an event becomes a dead letter; never before 5 minutes
        /// of failing, so with a --lookup-patience of 5 minutes or less it has no effect. If another call needed N failures before
        /// it was answered, the limit is N+1 times as high
        pub lookup_attempts: u32 = with_default("COUNT", "5", form::count(1..=100)),
        /// How long calls for one event may fail, also while none is answered, before it becomes a dead letter; a host that cannot be
        /// reached counts only while that of another app is reached, for all events that wait for it from when they were written, at the
        /// earliest
        pub lookup_patience: Duration = with_default("DURATION", "15m", form::duration(PATIENCE)),
        /// How long, summed until that account's next answer, a partition waits for the rate limit of one account, which holds up
        /// other accounts' events; then that account's events become dead letters, and at once where what is left of a stop would
        /// exceed it. Limits of the app, or of a shared token's user, are waited for without end
        pub lookup_limit_patience: Duration = with_default("DURATION", "15m", form::duration(PATIENCE)),
        /// What becomes of events whose account has no token that Meta accepts: dead-letter, or wait (which holds their
        /// partitions)
        pub without_token: WithoutToken = with_default("WORD", "dead-letter", form::choice(WITHOUT_TOKEN)),
        /// How long calls for one event fail at least before it becomes a dead letter as one that is never answered
        pub hopeless_after: Duration = fixed(Duration::from_mins(5)),
        /// First delay before another call, at most
        pub backoff_base: Duration = fixed(Duration::from_millis(200)),
        /// Longest delay before another call
        pub backoff_max: Duration = fixed(Duration::from_secs(30)),
    }
}

runtime::settings! {
    /// What is remembered of posts.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct MediaCacheSettings {
        /// Posts whose details are remembered, so that not every comment asks for them; 0 for none
        pub media_cache: usize = with_default("COUNT", "1000", form::count(0..=100_000)),
        /// How long the details of a post are remembered
        pub media_cache_for: Duration = with_default("DURATION", "10m", form::duration(Duration::from_secs(1)..=Duration::from_hours(24))),
    }
}

runtime::settings! {
    /// Whether customers are looked up, and what is remembered of them.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ProfileSettings {
        /// Look up who the customers are that write, and publish their profiles: on or off. It costs a call for each customer
        pub lookup_profiles: bool = with_default("WORD", "off", form::on_off()),
        /// Customers of a partition who are remembered, so that not each of their messages asks for them; about 60 bytes each
        pub profile_cache: usize = with_default("COUNT", "50000", form::count(1..=1_000_000)),
        /// How long a customer is not asked for again; the links to pictures are good for a few days
        pub profile_cache_for: Duration = with_default("DURATION", "24h", form::duration(Duration::from_secs(1)..=Duration::from_hours(30 * 24))),
        /// How long a customer whose lookup failed is not asked for again; it doubles with each failure, up to --profile-cache-for
        pub profile_retry_after: Duration = with_default("DURATION", "15m", form::duration(Duration::from_secs(1)..=Duration::from_hours(24))),
    }
}

#[cfg(test)]
pub(crate) mod tests;
