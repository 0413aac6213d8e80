//! Reply commands, carried out through the Graph API at most once.
//!
//! A command is carried out in three steps: its intent goes to the results topic and is read back, the call is made, what
//! came of it goes to the results topic. [`command`] reads a command, `outcome` decides what an answer means, `ledger`
//! knows from the results topic what was intended and done, `claims` what this process made of it, `results_reader` keeps it up to date, `handler` is the course.
//!
//! Reasons of its dead letters, beside those that every consumer has: `unreadable` (no command), `unknown_action`,
//! `bad_command` (a member is missing, not of its form or none of its action), `wrong_key`. A command whose id can be read
//! has a result too.

pub mod command;
pub mod settings;

mod claims;
mod handler;
mod lateness;
mod ledger;
mod likes;
mod metrics;
mod outcome;
mod pending;
mod result;
mod results_reader;

pub use outcome::Cause;
pub use settings::ReplySettings;

use handler::Replies;
use likes::Likes;
use metrics::ReplyMetrics;
use results_reader::Source;
use runtime::consumer::{self, ConsumerOptions};
use runtime::process::{About, Process};
use runtime::producer::{Producer, ProducerOptions, watchdog};
use runtime::settings::{CommonSettings, KafkaSettings};
use runtime::throttle::Throttle;
use schemas::Topic;
use std::error::Error;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio_util::task::AbortOnDropHandle;
use weir_graph::{AccessTokens, Graph, RateLimiter};

/// Who this process is.
pub const ABOUT: About = About {
    name: "weir-replies",
    version: env!("CARGO_PKG_VERSION"),
    description: "Carries out reply commands through the Graph API, each at most once",
};

/// How much longer than a call may take the partitions of a call under way are kept at the end.
const AFTER_A_CALL: Duration = Duration::from_secs(5);

/// Carries commands out until the end is asked for.
pub async fn run(
    common: CommonSettings,
    settings: ReplySettings,
    process: Process,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let tokens = Arc::new(settings.graph.open_tokens(&process.registry));
    let _rereading = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&tokens).keep_fresh()));
    let options = options(&common, settings.graph.graph.graph_timeout);
    let results = Topic::RepliesResults.name(&common.topic_prefix);
    let handler = replies(&common.kafka, &process, &results, settings, tokens)?;
    let rebuilt = &handler.source.metrics.intents_rebuilt;
    process.shutdown.spawn(watchdog::watch_second(handler.producer.clone(), &process, rebuilt));
    consumer::run(&common.kafka, options, handler, &process).await?;
    Ok(())
}

fn replies(
    kafka: &KafkaSettings,
    process: &Process,
    results: &str,
    settings: ReplySettings,
    tokens: Arc<AccessTokens>,
) -> Result<Replies, Box<dyn Error + Send + Sync>> {
    let registry = &process.registry;
    let intents = ProducerOptions { client_id: ABOUT.name.to_owned(), ..ProducerOptions::default() };
    let metrics = ReplyMetrics::new(registry, settings.remembered_commands);
    let (kafka, process, topic) = (kafka.clone(), process.clone(), Arc::from(results));
    Ok(Replies {
        graph: Graph::new(settings.graph.graph.clone(), registry)?,
        rate_limiter: RateLimiter::new(settings.graph.rate_limit.clone(), registry),
        likes: Likes::new(&settings),
        shared_waits: Mutex::default(),
        others_asked: tokio::sync::Mutex::default(),
        tokens,
        producer: Producer::new(&kafka, &intents)?,
        source: Source { kafka, process, topic, metrics },
        results_reader: OnceCell::new(),
        history: tokio::sync::Mutex::default(),
        claims: Mutex::default(),
        reads_commands: AtomicBool::new(false),
        log: Throttle::default(),
        clock_log: Throttle::default(),
        settings,
    })
}

/// A call under way is waited for at the end however short `--finish-timeout` is, as its outcome would be unknown.
fn options(common: &CommonSettings, call_within: Duration) -> ConsumerOptions {
    let topic_prefix = &common.topic_prefix;
    let mut options = ConsumerOptions::new(
        ABOUT.name,
        Topic::RepliesDlq.sources().iter().map(|topic| topic.name(topic_prefix)).collect(),
        vec![Topic::RepliesResults.name(topic_prefix)],
        Topic::RepliesDlq.name(topic_prefix),
    )
    .within(&common.consumer);
    options.shorten = result::without_answers;
    options.bounds.finish_timeout = options.bounds.finish_timeout.max(call_within + AFTER_A_CALL);
    options
}
