//! What attachments lead to, saved before their links die.
//!
//! Links to media are temporary, and a story is gone after a day. This consumer fetches what each link of an event leads to
//! and puts it into an object store: `links` finds them, [`fetch`] gets them, from where it may and no further, [`store`]
//! keeps them under their digest with their records beside, `save` follows one link to its end, and `handler` publishes a
//! [`MediaRecord`](schemas::media::MediaRecord) of each. [`forget`] deletes what was saved of one person.
//!
//! Reasons of its dead letters, beside those that every consumer has: `unreadable` (no typed event and no profile). A link
//! that died is none: it has a record that says so.

pub mod fetch;
pub mod forget;
pub mod settings;
pub mod store;

mod handler;
mod links;
mod metrics;
mod page;
mod picture;
mod save;

pub use settings::MediaSettings;

use fetch::Fetcher;
use handler::MediaHandler;
use metrics::MediaMetrics;
use runtime::consumer::{self, ConsumerOptions};
use runtime::process::{About, Process};
use runtime::producer::ProducerOptions;
use runtime::settings::CommonSettings;
use save::Saver;
use schemas::Topic;
use std::error::Error;
use std::time::Duration;
use store::Store;

/// Who this process is.
pub const ABOUT: About = About {
    name: "weir-media",
    version: env!("CARGO_PKG_VERSION"),
    description: "Saves what attachments, stories and profiles lead to before their links die",
};

/// How long a record waits for others to be sent with: nobody waits for one as for a message, and each request is work for the
/// brokers. Longer would hold up what is read behind it, of which no more than a pipeline is under way.
const LINGER: Duration = Duration::from_millis(20);

/// Saves what links lead to until the end is asked for.
pub async fn run(
    common: CommonSettings,
    settings: MediaSettings,
    process: Process,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let store = Store::open(&settings.store)?;
    store.clean_up();
    let fetcher = Fetcher::new(settings.fetch.clone())?;
    let options = options(&common, settings.media_ahead);
    let saver = Saver::new(fetcher, store, &settings, MediaMetrics::new(&process.registry));
    consumer::run(&common.kafka, options, MediaHandler::new(saver, &common.topic_prefix), &process).await?;
    Ok(())
}

fn options(common: &CommonSettings, look_ahead: usize) -> ConsumerOptions {
    let name = |topic: &Topic| topic.name(&common.topic_prefix);
    let inputs = Topic::MediaDlq.sources().iter().map(name).collect();
    let options = ConsumerOptions::new(ABOUT.name, inputs, vec![name(&Topic::Media)], name(&Topic::MediaDlq))
        .within(&common.consumer);
    let producer = ProducerOptions { linger: LINGER, ..options.producer.clone() };
    ConsumerOptions { look_ahead, producer, ..options }
}
