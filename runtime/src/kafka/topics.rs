//! Waits until every topic that a process needs is there.

use std::time::{Duration, Instant};

use crate::process::health::Check;
use crate::producer::Producer;
use crate::throttle::Throttle;

/// How long the brokers may take to answer.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait before asking again.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// What is missing is logged this often.
const LOG_EVERY: Duration = Duration::from_mins(1);

/// Returns once all of `topics` are there. Until then the check shows what is missing, and a log line says so once a
/// minute, with what happens meanwhile.
pub async fn wait(producer: &Producer, topics: &[String], check: &Check, meanwhile: &str) {
    let log = Throttle::new(LOG_EVERY);
    while let Err(error) = producer.check_topics(topics, CHECK_TIMEOUT).await {
        check.fail(error.to_string());
        if log.pass(Instant::now()).is_some() {
            tracing::error!("{error}; {meanwhile}");
        }
        tokio::time::sleep(CHECK_EVERY).await;
    }
}
