//! The settings of `weir-lookups` beside the common ones.

use crate::batcher::BatchSettings;
use crate::lookup::{RetrySettings, WithoutToken};
use crate::media::MediaSettings;
use runtime::settings::{Reader, form};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;
use weir_graph::{GraphArgs, GraphParts, GraphSettings, LARGEST_BATCH, PaceSettings, TokenSettings};

/// The flags of `weir-lookups`.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Lookups")]
pub struct LookupArgs {
    /// The Graph API.
    #[command(flatten)]
    pub graph: GraphArgs,
    /// Lookups of one batch, at most; 1 for a host without batches
    #[arg(long, env = "WEIR_LOOKUP_BATCH", value_name = "COUNT", default_value = "50")]
    pub lookup_batch: Option<String>,
    /// How long a lookup waits for others to make a batch with
    #[arg(long, env = "WEIR_LOOKUP_BATCH_WAIT", value_name = "DURATION", default_value = "50ms")]
    pub lookup_batch_wait: Option<String>,
    /// HTTP requests that may be under way
    #[arg(long, env = "WEIR_LOOKUP_CONCURRENCY", value_name = "COUNT", default_value = "4")]
    pub lookup_concurrency: Option<String>,
    /// Events of a partition whose lookups may be under way while those before them are not done
    #[arg(long, env = "WEIR_LOOKUP_AHEAD", value_name = "COUNT", default_value = "200")]
    pub lookup_ahead: Option<String>,
    /// Calls for one event that may fail, while others are answered, before it goes to the dead letters
    #[arg(long, env = "WEIR_LOOKUP_ATTEMPTS", value_name = "COUNT", default_value = "5")]
    pub lookup_attempts: Option<String>,
    /// How long calls for one event may fail, also while none is answered, before it goes to the dead letters
    #[arg(long, env = "WEIR_LOOKUP_PATIENCE", value_name = "DURATION", default_value = "15m")]
    pub lookup_patience: Option<String>,
    /// How long an event may wait for the limit of calls of its account, which holds other accounts' events in its
    /// partition, before it goes to the dead letters; the app's limit is waited for without end
    #[arg(long, env = "WEIR_LOOKUP_LIMIT_PATIENCE", value_name = "DURATION", default_value = "15m")]
    pub lookup_limit_patience: Option<String>,
    /// What becomes of events whose account has no token that Meta accepts: dead-letter, or wait (which holds their
    /// partitions)
    #[arg(long, env = "WEIR_WITHOUT_TOKEN", value_name = "WORD", default_value = "dead-letter")]
    pub without_token: Option<String>,
    /// Posts whose details are remembered, so that not every comment asks for them; 0 for none
    #[arg(long, env = "WEIR_MEDIA_CACHE", value_name = "COUNT", default_value = "1000")]
    pub media_cache: Option<String>,
    /// How long the details of a post are remembered
    #[arg(long, env = "WEIR_MEDIA_CACHE_FOR", value_name = "DURATION", default_value = "10m")]
    pub media_cache_for: Option<String>,
}

/// The checked values of [`LookupArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupSettings {
    /// The Graph API.
    pub graph: GraphParts,
    /// How lookups are put together.
    pub batch: BatchSettings,
    /// Events of a partition whose lookups may be under way.
    pub ahead: usize,
    /// How long a lookup is tried.
    pub retries: RetrySettings,
    /// What is remembered of posts.
    pub media: MediaSettings,
}

const CONCURRENCY: RangeInclusive<u64> = 1..=64;
const WAITS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(1);
const AHEAD: RangeInclusive<u64> = 1..=2_000;
const ATTEMPTS: RangeInclusive<u64> = 1..=100;
const PATIENCE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24);
const MEDIA: RangeInclusive<u64> = 0..=100_000;
const MEDIA_AGES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24);

const WITHOUT_TOKEN: &[(&str, WithoutToken)] =
    &[("dead-letter", WithoutToken::DeadLetter), ("wait", WithoutToken::Wait)];

impl LookupSettings {
    /// The defaults, as the flags have them.
    pub fn of(graph: GraphSettings, access_tokens: PathBuf) -> Self {
        let graph =
            GraphParts { graph, pace: PaceSettings::default(), tokens: TokenSettings::of(access_tokens) };
        Self {
            graph,
            batch: BatchSettings { size: LARGEST_BATCH, wait: Duration::from_millis(50), concurrency: 4 },
            ahead: 200,
            retries: RetrySettings::default(),
            media: MediaSettings::default(),
        }
    }

    /// Reads and checks them; `None` means that `reader` has noted problems.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let graph = GraphParts::read(reader);
        let batch = batch(reader);
        let ahead = reader.required("lookup_ahead", &form::count(AHEAD));
        let retries = retries(reader);
        let count = reader.required("media_cache", &form::count(MEDIA));
        let age = reader.required("media_cache_for", &form::duration(MEDIA_AGES));
        Some(Self {
            graph: graph?,
            batch: batch?,
            ahead: usize::try_from(ahead?).ok()?,
            retries: retries?,
            media: MediaSettings { count: usize::try_from(count?).ok()?, age: age? },
        })
    }
}

fn batch(reader: &mut Reader<'_>) -> Option<BatchSettings> {
    let size = reader.required("lookup_batch", &form::count(1..=LARGEST_BATCH as u64));
    let wait = reader.required("lookup_batch_wait", &form::duration(WAITS));
    let concurrency = reader.required("lookup_concurrency", &form::count(CONCURRENCY));
    Some(BatchSettings {
        size: usize::try_from(size?).ok()?,
        wait: wait?,
        concurrency: usize::try_from(concurrency?).ok()?,
    })
}

fn retries(reader: &mut Reader<'_>) -> Option<RetrySettings> {
    let attempts = reader.required("lookup_attempts", &form::count(ATTEMPTS));
    let patience = reader.required("lookup_patience", &form::duration(PATIENCE));
    let limit_patience = reader.required("lookup_limit_patience", &form::duration(PATIENCE));
    let without_token = reader.required("without_token", &form::choice(WITHOUT_TOKEN));
    Some(RetrySettings {
        attempts: u32::try_from(attempts?).ok()?,
        patience: patience?,
        limit_patience: limit_patience?,
        without_token: without_token?,
        ..RetrySettings::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ABOUT;
    use clap::Args as _;
    use runtime::process;
    use runtime::settings::Problems;
    use weir_graph::{GraphUrl, GraphVersion};

    fn read(arguments: &[&str]) -> Result<LookupSettings, Problems> {
        let command = process::command(ABOUT, LookupArgs::augment_args);
        let arguments = ["weir-lookups", "--brokers", "kafka:9092"].iter().chain(arguments);
        let matches = command.clone().get_matches_from(arguments);
        process::settings(&command, &matches, LookupSettings::read).map(|(_, settings)| settings)
    }

    #[test]
    fn access_tokens_are_all_that_must_be_given() {
        let here = env!("CARGO_MANIFEST_DIR");
        let settings = read(&["--access-tokens", here]).unwrap();
        let url = GraphUrl::parse("https://graph.facebook.com").unwrap();
        let graph = GraphSettings::of(url, GraphVersion::parse("v26.0").unwrap());
        assert_eq!(settings, LookupSettings::of(graph, PathBuf::from(here)));
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let problems = read(&[
            "--graph-url",
            "http://graph.facebook.com",
            "--graph-version",
            "26",
            "--graph-timeout",
            "1h",
            "--graph-connect-timeout",
            "5",
            "--graph-max-bytes",
            "1GiB",
            "--graph-slow-at",
            "99",
            "--lookup-batch",
            "51",
            "--without-token",
            "ignore",
        ]);
        let text = problems.unwrap_err().to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 9, "{text}");
        assert!(lines[0].contains("--graph-url (flag)") && lines[0].contains("localhost alone"), "{text}");
        assert!(text.contains("--access-tokens (not set)"), "{text}");
        assert!(text.contains("at most what --graph-stop-at says"), "{text}");
        assert!(text.contains("from 1 to 50"), "{text}");
        assert!(text.contains("one of dead-letter, wait"), "{text}");
    }

    #[test]
    fn every_flag_has_an_environment_variable_of_its_name() {
        for argument in process::command(ABOUT, LookupArgs::augment_args).get_arguments() {
            let long = argument.get_long().unwrap();
            if !["help", "version"].contains(&long) {
                let expected = format!("WEIR_{}", long.to_uppercase().replace('-', "_"));
                assert_eq!(argument.get_env().unwrap().to_str(), Some(expected.as_str()));
            }
        }
    }
}
