//! Comments and mentions enriched through the Graph API, and who the customers are that write.
//!
//! Webhooks of mentions hold ids and nothing else, those of comments not the whole. This consumer asks the Graph API
//! about each, and publishes the event with what it said: `question` decides what to ask, `call` how; `lookup` follows
//! one lookup to its end, `policy` decides what becomes of a failure; `batcher` puts lookups together and sends them;
//! `enriched` puts the answer beside the event. [`weir_graph`] is the client. `profiles` looks up customers, where
//! `--lookup-profiles` says so, and `source` says which topic is whose.
//!
//! Reasons of its dead letters, beside those that every consumer has: `unreadable` (no typed event), `unexpected_kind`
//! (neither a comment nor a mention), `bad_id` (an id that could not stand in a URL), `no_token` (no access token for
//! the account), `token`, `permission`, `no_consent` and `invalid_call` (what the Graph API said, see [`weir_graph::RefusalClass`]),
//! `answer_too_large`, `retries_exhausted` (every call failed, and the error says how the last one did),
//! `throttled` (its account's limit of calls lasts, or is known to last, for longer than `--lookup-limit-patience`), and
//! `lookup_failed` (a fault of this program).

pub mod settings;

mod batcher;
mod call;
mod enriched;
mod handler;
mod lookup;
mod media;
mod metrics;
mod pending_lookup;
mod policy;
mod profiles;
mod question;
mod source;

pub use settings::LookupSettings;
pub use weir_graph::tokens;

use batcher::Batcher;
use handler::{AnsweredAccounts, LookupContext, Lookups};
use lookup::{LookupClient, PROBE_EVERY, PROBE_OTHERS_EVERY};
use media::MediaCache;
use metrics::LookupMetrics;
use profiles::Profiles;
use prometheus::Registry;
use runtime::consumer::{self, ConsumerOptions, Tail};
use runtime::process::{About, Process};
use runtime::settings::CommonSettings;
use runtime::throttle::Throttle;
use schemas::Topic;
use source::Sources;
use std::error::Error;
use std::sync::Arc;
use tokio_util::task::AbortOnDropHandle;
use weir_graph::{AccessTokens, ClientError, Graph, RateLimiter};

/// Who this process is.
pub const ABOUT: About = About {
    name: "weir-lookups",
    version: env!("CARGO_PKG_VERSION"),
    description: "Enriches comments and mentions through the Graph API",
};

/// Enriches events until the end is asked for.
pub async fn run(
    common: CommonSettings,
    settings: LookupSettings,
    process: Process,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let tokens = Arc::new(settings.graph.open_tokens(&process.registry));
    let _rereading = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&tokens).keep_fresh()));
    let profiles = settings.profiles.clone();
    let (prefix, with_profiles) = (&common.topic_prefix, profiles.lookup_profiles);
    let options = options(prefix, settings.lookup_ahead, with_profiles).within(&common.consumer);
    let metrics = LookupMetrics::new(&process.registry);
    let _counting = AbortOnDropHandle::new(tokio::spawn(metrics.clone().count_held_time()));
    let context = Arc::new(context(settings, tokens, metrics, &process.registry)?);
    let tail = Tail::new(common.kafka.clone(), process.credentials.clone(), ABOUT.name);
    let customers = Profiles::new(Arc::clone(&context), profiles, tail, prefix);
    let sources = Sources::new(Lookups::new(context, prefix), customers, prefix);
    consumer::run(&common.kafka, options, sources, &process).await?;
    Ok(())
}

fn context(
    settings: LookupSettings,
    tokens: Arc<AccessTokens>,
    metrics: LookupMetrics,
    registry: &Registry,
) -> Result<LookupContext, ClientError> {
    let LookupSettings { graph: parts, batch, retries, media, .. } = settings;
    let version = parts.graph.graph_version.as_str().to_owned();
    let answer_within = parts.graph.graph_timeout;
    let graph = Graph::new(parts.graph, registry)?;
    let rate_limiter = RateLimiter::new(parts.rate_limit, registry);
    let batcher = Batcher::start(graph, rate_limiter, &batch, metrics.clone());
    let client = LookupClient {
        tokens,
        batcher,
        batch_size: batch.lookup_batch,
        version,
        settings: retries,
        metrics,
        answer_within,
        log: Throttle::default(),
        probe: Throttle::new(PROBE_EVERY),
        probe_of_others: Throttle::new(PROBE_OTHERS_EVERY),
    };
    Ok(LookupContext { client, media: MediaCache::new(media), answered: AnsweredAccounts::default() })
}

fn options(topic_prefix: &str, look_ahead: usize, with_profiles: bool) -> ConsumerOptions {
    let name = |topic: &Topic| topic.name(topic_prefix);
    let (mut inputs, mut outputs) =
        (Topic::LookupsDlq.sources().to_vec(), vec![Topic::CommentsEnriched, Topic::MentionsEnriched]);
    if with_profiles {
        inputs.extend(Topic::LookupsDlq.optional_sources());
        outputs.push(Topic::Profiles);
    }
    let options = ConsumerOptions::new(
        ABOUT.name,
        inputs.iter().map(name).collect(),
        outputs.iter().map(name).collect(),
        name(&Topic::LookupsDlq),
    );
    ConsumerOptions { look_ahead, ..options }
}
