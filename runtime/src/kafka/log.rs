//! librdkafka's own log lines and errors, at a rate that people can read.

use std::sync::Arc;
use std::time::Instant;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::last_reason::LastReason;
use crate::throttle::Throttle;

/// The log of one client, and of those that stand in for it, which have clones; it also remembers why the last connection failed.
#[derive(Clone, Debug, Default)]
pub(crate) struct KafkaLog {
    lines: Arc<Throttle>,
    errors: Arc<Throttle>,
    last_reason: LastReason,
    /// Whether somebody else tells of what fails.
    is_quiet: bool,
}

impl KafkaLog {
    /// For a client that is tried, of which whoever tries it says why it failed.
    pub(crate) fn of_a_try() -> Self {
        Self { is_quiet: true, ..Self::default() }
    }

    /// A broker has refused a request that the client does not make again.
    pub(crate) fn refused(&self, reason: String) {
        self.last_reason.set(reason, Instant::now());
    }

    /// Why the latest connection or request failed, in librdkafka's words.
    pub(crate) fn last_reason(&self) -> Option<String> {
        self.last_reason.get()
    }

    /// The same, unless it may be over.
    pub(crate) fn last_reason_of_late(&self, now: Instant) -> Option<String> {
        self.last_reason.of_late(now)
    }
}

/// Why a connection failed that was never up, where a line of the log says so: of a broker that is silent there is no error. A connection
/// that was up ends for reasons that are none, such as having been idle.
fn failed_connection<'a>(facility: &str, message: &'a str) -> Option<&'a str> {
    let is_reason = facility == "FAIL" && !message.contains(" in state UP");
    // The line begins with the thread's name.
    is_reason.then(|| message.split_once("]: ").map_or(message, |(_, reason)| reason))
}

/// librdkafka takes the first four bytes of an answer for its size. Those of a web server's, `HTTP`, are no reason to raise a limit.
fn in_plain_words(reason: &str) -> String {
    if reason.contains("Invalid response size 1213486160 ") {
        reason.replace(
            "increase receive.message.max.bytes",
            "it is the text HTTP, a web server answers there and no Kafka",
        )
    } else {
        reason.to_owned()
    }
}

impl ClientContext for KafkaLog {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if let Some(reason) = failed_connection(facility, message) {
            self.last_reason.set(in_plain_words(reason), Instant::now());
        }
        // One file of properties serves a process' consumer and producer alike.
        let is_of_the_other = facility == "CONFWARN" && message.contains("will be ignored by this ");
        if is_of_the_other || self.is_quiet || level as i32 > RDKafkaLogLevel::Warning as i32 {
            tracing::debug!(facility, message, "kafka client");
        } else if let Some(suppressed) = self.lines.pass(Instant::now()) {
            tracing::warn!(facility, message, suppressed, "kafka client");
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // "All brokers are down" says nothing that the single broker's error has not said better.
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            return;
        }
        let reason = &in_plain_words(reason);
        self.last_reason.set(reason.clone(), Instant::now());
        if self.is_quiet {
            tracing::debug!(reason, "a connection or request to Kafka failed");
        } else if let Some(suppressed) = self.errors.pass(Instant::now()) {
            tracing::warn!(reason, suppressed, "a connection or request to Kafka failed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_never_was_up_has_its_reason_from_the_log() {
        let silent = "a:9092/3: Connection setup timed out in state CONNECT (after 30029ms in state CONNECT)";
        assert_eq!(failed_connection("FAIL", &format!("[thrd:a:9092/3]: {silent}")), Some(silent));
        assert_eq!(failed_connection("FAIL", "a:9092/3: Disconnected (after 600000ms in state UP)"), None);
        assert_eq!(failed_connection("MAXPOLL", silent), None);
    }

    #[test]
    fn a_web_server_is_called_one() {
        let said = |size| {
            format!(
                "a:80/bootstrap: Invalid response size {size} (0..100000000): increase receive.message.max.bytes"
            )
        };
        assert_eq!(1_213_486_160, u32::from_be_bytes(*b"HTTP"));
        let plain = in_plain_words(&said(1_213_486_160));
        assert!(
            plain.ends_with("(0..100000000): it is the text HTTP, a web server answers there and no Kafka"),
            "{plain}"
        );
        assert_eq!(in_plain_words(&said(200_000_000)), said(200_000_000));
    }
}
