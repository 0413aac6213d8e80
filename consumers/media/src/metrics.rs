//! The metrics of the saving of media, `weir_media_…`.

use prometheus::{Histogram, IntCounter, IntCounterVec, Registry};
use runtime::metrics::{self, SECONDS};
use schemas::media::{MediaStatus, Origin};
use std::time::Duration;

/// Counters of links and of what became of them; labels are closed sets.
#[derive(Clone, Debug)]
pub(crate) struct MediaMetrics {
    links: IntCounterVec,
    bytes: IntCounter,
    pub(crate) attempts_failed: IntCounter,
    pub(crate) store_errors: IntCounter,
    delay_seconds: Histogram,
}

impl MediaMetrics {
    /// Registers them; each label starts at zero, so that its first increase is seen.
    pub(crate) fn new(registry: &Registry) -> Self {
        let help = "Links by what they lead to and what became of them";
        let links = metrics::counters(registry, "weir_media_links_total", help, &["origin", "status"]);
        for origin in Origin::ALL {
            for status in MediaStatus::ALL {
                links.with_label_values(&[origin.as_str(), status.as_str()]);
            }
        }
        let help = "Bytes that were saved";
        let bytes = metrics::counter(registry, "weir_media_saved_bytes_total", help);
        let help = "Attempts at a link that failed and are made again, up to --media-patience while other links are answered";
        let attempts_failed = metrics::counter(registry, "weir_media_failed_attempts_total", help);
        let help = "Times that the store did not take what it was given; its events wait until it does";
        let store_errors = metrics::counter(registry, "weir_media_store_errors_total", help);
        let help = "Time from the receipt of an event to the end of each of its links that was saved";
        let delay_seconds = metrics::histogram(registry, "weir_media_delay_seconds", help, SECONDS);
        Self { links, bytes, attempts_failed, store_errors, delay_seconds }
    }

    pub(crate) fn count_link(&self, origin: Origin, status: MediaStatus) {
        self.links.with_label_values(&[origin.as_str(), status.as_str()]).inc();
    }

    pub(crate) fn saved(&self, bytes: u64, after: Option<Duration>) {
        self.bytes.inc_by(bytes);
        if let Some(after) = after {
            self.delay_seconds.observe(after.as_secs_f64());
        }
    }
}
