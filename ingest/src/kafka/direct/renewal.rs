//! Takes up credentials that have changed on the disk: every connection is then made anew, once it has no request under way.

use super::security::Security;
use super::shared::Shared;
use runtime::throttle::Throttle;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// `runtime::kafka::credentials` looks at the files every 5 s; this only asks whether it found something, which costs next to nothing.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// What cannot be used may be half of a change.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Runs until it is aborted. Files that cannot be used leave what there is, and are tried again. Where it begins again, what has
/// changed may not have been taken up: then it `is_due`.
pub(super) async fn run(shared: Arc<Shared>, mut is_due: bool) {
    let (mut changes, log) = (shared.credentials.changes(), Throttle::default());
    loop {
        tokio::time::sleep(if is_due { TRY_AGAIN } else { ASK_EVERY }).await;
        is_due |= changes.seen();
        if !is_due {
            continue;
        }
        let properties = shared.credentials.latest(&shared.kafka).properties;
        let made = tokio::task::spawn_blocking(move || Security::new(&properties)).await;
        let made = made.unwrap_or_else(|error| Err(error.to_string()));
        let taken = made.map(|security| shared.security.store(Arc::new(security)));
        is_due = taken.is_err();
        if let Err(reason) = taken
            && let Some(suppressed) = log.pass(Instant::now())
        {
            tracing::warn!(
                reason,
                suppressed,
                "changed credentials cannot be used: connections to Kafka keep the former ones, will retry"
            );
        }
    }
}
