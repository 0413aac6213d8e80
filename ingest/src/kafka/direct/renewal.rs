//! Takes up credentials that have changed on the disk: every connection is then made anew, once it has no request under way.

use super::security::Security;
use super::shared::Shared;
use std::sync::Arc;
use std::time::Duration;

/// What has changed is known every 5 s: see `runtime::kafka::credentials`.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Runs until it is aborted. Files that cannot be used leave what there is.
pub(super) async fn keep_up(shared: Arc<Shared>) {
    let mut changes = shared.credentials.changes();
    loop {
        tokio::time::sleep(ASK_EVERY).await;
        if !changes.seen() {
            continue;
        }
        let (properties, limit) =
            (shared.credentials.latest(&shared.kafka).properties, shared.tuning.connects_within);
        let made = tokio::task::spawn_blocking(move || Security::new(&properties, limit)).await;
        match made.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(security) => shared.security.store(Arc::new(security)),
            Err(reason) => tracing::warn!(reason, "connections to Kafka keep the credentials that they have"),
        }
    }
}
