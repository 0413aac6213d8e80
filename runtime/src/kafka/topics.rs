//! Waits until every topic that a process needs is there.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::process::health::Check;
use crate::producer::TopicsError;
use crate::throttle::Throttle;

/// How long the brokers may take to answer.
pub const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait before asking again.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// Returns once `find` finds all topics. Until then the check shows what is missing, and a log line says so once a
/// minute, with what happens meanwhile.
pub async fn wait<F>(find: impl Fn() -> F, check: &Check, meanwhile: &str)
where
    F: Future<Output = Result<(), TopicsError>>,
{
    let log = Throttle::default();
    while let Err(error) = find().await {
        check.fail(error.to_string());
        if log.pass(Instant::now()).is_some() {
            tracing::error!("{error}; {meanwhile}");
        }
        tokio::time::sleep(CHECK_EVERY).await;
    }
}
