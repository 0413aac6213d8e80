//! Comments and mentions enriched through the Graph API.
//!
//! Webhooks of mentions hold ids and nothing else, those of comments not the whole. This consumer asks the Graph API
//! about each, and publishes the event with what it said: [`question`] decides what to ask, [`graph`] asks,
//! [`policy`] decides what becomes of a failure, [`enriched`] puts the answer beside the event.
//!
//! Reasons of its dead letters, beside those that every consumer has: `unreadable` (no typed event), `unexpected_kind`
//! (neither a comment nor a mention), `bad_id` (an id that could not stand in a URL), `no_token` (no access token for
//! the account), `token`, `permission` and `invalid_call` (what the Graph API said, see [`graph::RefusalClass`]),
//! `answer_too_large`.

pub mod enriched;
pub mod graph;
pub mod handler;
pub mod metrics;
pub mod policy;
pub mod question;
pub mod settings;
pub mod simulator;
pub mod tokens;

pub use settings::{LookupArgs, LookupSettings};

use graph::{ClientError, Graph};
use handler::Lookups;
use metrics::LookupMetrics;
use runtime::consumer::{self, ConsumerError, ConsumerOptions};
use runtime::process::{About, Process};
use runtime::settings::CommonSettings;
use schemas::Topic;
use std::sync::Arc;
use tokens::AccessTokens;
use tokio_util::task::AbortOnDropHandle;

/// Who this process is.
pub const ABOUT: About = About {
    name: "weir-lookups",
    version: env!("CARGO_PKG_VERSION"),
    description: "Enriches comments and mentions through the Graph API",
};

/// How often an event is tried that the Graph API fails on: for some eight minutes, so that a short outage of Meta's
/// costs patience and no dead letters.
const MAX_ATTEMPTS: u32 = 20;

/// Why the consumer ended although nobody asked it to.
#[derive(Debug, thiserror::Error)]
pub enum LookupsError {
    /// The client of the Graph API cannot be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The consumer loop ended.
    #[error(transparent)]
    Consumer(#[from] ConsumerError),
}

/// Enriches events until the end is asked for.
pub async fn run(
    common: CommonSettings,
    settings: LookupSettings,
    process: Process,
) -> Result<(), LookupsError> {
    let graph = Graph::new(settings.graph)?;
    let tokens = Arc::new(AccessTokens::open(settings.access_tokens, &process.registry));
    let _rereading = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&tokens).keep_fresh()));
    let metrics = LookupMetrics::new(&process.registry);
    let handler = Lookups::new(graph, tokens, &common.topic_prefix, metrics);
    let options = options(&common.topic_prefix).within(&common.consumer);
    consumer::run(&common.kafka, options, handler, &process).await?;
    Ok(())
}

fn options(topic_prefix: &str) -> ConsumerOptions {
    let names = |topics: [Topic; 2]| topics.map(|topic| topic.name(topic_prefix)).to_vec();
    let options = ConsumerOptions::new(
        ABOUT.name,
        names([Topic::Comments, Topic::Mentions]),
        names([Topic::CommentsEnriched, Topic::MentionsEnriched]),
        Topic::LookupsDlq.name(topic_prefix),
    );
    ConsumerOptions { max_attempts: MAX_ATTEMPTS, ..options }
}
