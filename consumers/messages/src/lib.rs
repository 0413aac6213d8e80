//! Messages, receipts and comments of every channel in one normalised inbox.
//!
//! Reads typed events, and publishes what concerns people, once per event, as [`schemas::inbox::Record`]s, keyed as they
//! came: one conversation stays in order.

mod dedupe;
mod handler;
mod input;
mod metrics;
mod restore;
mod route;
mod settings;

pub mod normalise;

pub use dedupe::{Bounds, RecentEvents, Seen};
pub use handler::InboxHandler;
pub use input::Input;
pub use route::outputs_of;
pub use settings::Settings;

use metrics::Metrics;
use route::Routes;
use runtime::consumer::{self, ConsumerError, ConsumerOptions, Tail};
use runtime::process::{About, Process};
use runtime::settings::CommonSettings;
use schemas::Topic;

/// Name of the binary, and of the consumer group and Kafka client of [`Input::Messages`].
pub const ABOUT: About = About {
    name: "weir-messages",
    version: env!("CARGO_PKG_VERSION"),
    description: "Publishes messages, receipts and comments of every channel in one normalised shape",
};

/// Runs the consumer until `process` is asked to shut down.
pub async fn run(common: CommonSettings, settings: Settings, process: Process) -> Result<(), ConsumerError> {
    let name = |topic: Topic| topic.name(&common.topic_prefix);
    let routes = Routes::new(settings.input, &common.topic_prefix);
    let group = routes.group();
    let options = ConsumerOptions::new(group, routes.inputs(), routes.outputs(), name(Topic::MessagesDlq));
    let tail = Tail::new(common.kafka.clone(), process.credentials.clone(), group);
    let metrics = Metrics::register(&process.registry);
    let handler = InboxHandler::new(routes, settings.bounds(), tail, metrics);
    consumer::run(&common.kafka, options.within(&common.consumer), handler, &process).await
}
