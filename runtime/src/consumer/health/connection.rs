//! Whether brokers answer the client of a consumer, and the coordinator of its group among them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::kafka::consecutive::Consecutive;
use crate::kafka::log::KafkaLog;
use crate::kafka::quota::QuotaWatch;
use crate::kafka::statistics::Statistics;
use crate::process::health::Check;

/// Samples in a row without a broker (every 5 s) before that is shown and a second client asks; as many again before this one is
/// replaced, since it may just reconnect later.
pub(super) const LOST_AFTER: u32 = 2;

/// What is said of connections that end without a reason.
const CLOSED: &str = "connections are closed as soon as they are made, as where a broker has as many as it may (max.connections), or speaks another security.protocol there";

/// Who does not answer a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// No broker does.
    Brokers,
    /// The coordinator of the group, though other brokers do.
    Coordinator,
}

/// What the client says of its connections.
#[derive(Debug)]
pub(in crate::consumer) struct Connection {
    /// Samples in a row without a broker.
    lost: Consecutive,
    /// Connections that were tried up to the first of them.
    tried: AtomicU64,
    /// The same without the coordinator of the group, from which all partitions come; other brokers may well answer.
    uncoordinated: Consecutive,
    /// Says so after a few, with the reason that is in the log.
    shown: Check,
    log: KafkaLog,
    quota: Arc<QuotaWatch>,
}

impl Connection {
    pub(in crate::consumer) fn new(shown: Check, log: KafkaLog, quota: Arc<QuotaWatch>) -> Self {
        Self {
            lost: Consecutive::default(),
            tried: AtomicU64::new(0),
            uncoordinated: Consecutive::default(),
            shown,
            log,
            quota,
        }
    }

    /// For `ClientContext::stats_raw`.
    pub(in crate::consumer) fn sample(&self, json: &[u8]) {
        let Some(statistics) = Statistics::read(json) else { return };
        let now = Instant::now();
        self.quota.look(statistics.quota_wait().as_ref(), now);
        if self.lost.sample(statistics.brokers_up() == 0) <= 1 {
            self.tried.store(statistics.connects(), Ordering::Relaxed);
        }
        self.uncoordinated.sample(statistics.lacks_coordinator());
        match self.missing() {
            Some(Missing::Brokers) => {
                let reason = self.why_lost(&statistics, now);
                self.shown.fail(format!("none answers, records wait until one does: {reason}"));
            }
            Some(Missing::Coordinator) => {
                let reason =
                    self.log.last_reason_of_late(now).unwrap_or_else(|| String::from("not known why"));
                self.shown.fail(format!(
                    "the coordinator of its group does not answer, so that it is given no partition and commits nothing: {reason}"
                ));
            }
            None => self.shown.pass(),
        }
    }

    /// Who has not answered for a few samples.
    pub(super) fn missing(&self) -> Option<Missing> {
        [Missing::Brokers, Missing::Coordinator]
            .into_iter()
            .find(|&missing| self.samples_without(missing) >= LOST_AFTER)
    }

    /// Samples in a row without an answer.
    pub(super) fn samples_without(&self, missing: Missing) -> u32 {
        match missing {
            Missing::Brokers => self.lost.count(),
            Missing::Coordinator => self.uncoordinated.count(),
        }
    }

    /// librdkafka says nothing of connections that are closed right after they were made: as little as of idle ones, which are closed all
    /// day (`log.connection.close`). Where it tries broker after broker and all the same has no reason, it is that.
    fn why_lost(&self, statistics: &Statistics, now: Instant) -> String {
        let tried = statistics.connects().saturating_sub(self.tried.load(Ordering::Relaxed));
        let is_closed = || (tried > statistics.brokers() as u64).then(|| String::from(CLOSED));
        let reason = self.log.last_reason_of_late(now).or_else(is_closed);
        reason.or_else(|| self.log.last_reason()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;
    use std::time::Duration;

    use prometheus::Gauge;
    use rdkafka::ClientContext;
    use rdkafka::config::RDKafkaLogLevel;
    use rdkafka::consumer::{BaseConsumer, ConsumerContext};
    use rdkafka::error::{KafkaError, RDKafkaErrorCode};

    use super::*;
    use crate::process::health::{Health, Probe};
    use crate::process::shutdown::Shutdown;
    use crate::settings::KafkaSettings;

    const UP: &[u8] = br#"{"msg_cnt":0,"msg_size":0,"brokers":{"a:1/1":{"state":"UP"}}}"#;
    const DOWN: &[u8] = br#"{"msg_cnt":0,"msg_size":0,"brokers":{"a:1/1":{"state":"DOWN"}}}"#;

    fn connection() -> Connection {
        shown(&Health::new(Shutdown::new()), KafkaLog::default())
    }

    fn shown(health: &Health, log: KafkaLog) -> Connection {
        let quota = QuotaWatch::new(Gauge::new("throttle_seconds", "Waits").unwrap());
        Connection::new(health.check("brokers", Probe::Informational), log, Arc::new(quota))
    }

    #[test]
    fn a_client_without_brokers_is_shown_with_the_reason_and_fails_no_probe() {
        let (health, log) = (Health::new(Shutdown::new()), KafkaLog::default());
        health.check("kafka", Probe::Startup).pass();
        let connection = shown(&health, log.clone());
        let after = |sample| {
            connection.sample(sample);
            health.report(Probe::Readiness)
        };
        log.error(KafkaError::Global(RDKafkaErrorCode::BrokerTransportFailure), "a:1/1: refused");
        assert!([UP, DOWN].map(after).iter().all(|report| report.verbose().contains("[+]brokers ok\n")));
        let report = after(DOWN);
        let said = "[!]brokers: none answers, records wait until one does: a:1/1: refused\n";
        assert!(report.passes() && report.verbose().contains(said), "{report:?}");
        assert!(after(UP).verbose().contains("[+]brokers ok\n"));
    }

    #[test]
    fn a_group_without_its_coordinator_is_shown_though_other_brokers_answer() {
        let (health, log) = (Health::new(Shutdown::new()), KafkaLog::default());
        health.check("kafka", Probe::Startup).pass();
        let connection = shown(&health, log.clone());
        let after = |state| {
            let text = format!(
                r#"{{"msg_cnt":0,"msg_size":0,"brokers":{{"a:1/1":{{"state":"UP"}}}},"cgrp":{{"state":"{state}"}}}}"#
            );
            connection.sample(text.as_bytes());
            health.report(Probe::Readiness).verbose()
        };
        log.error(KafkaError::Global(RDKafkaErrorCode::BrokerTransportFailure), "b:1/3: timed out");
        assert!(after("query-coord").contains("[+]brokers ok\n"), "it may just have moved");
        let said = after("wait-broker-transport");
        assert!(said.contains("[!]brokers: the coordinator of its group does not answer"), "{said}");
        assert!(said.contains("b:1/3: timed out"), "{said}");
        assert_eq!(connection.missing(), Some(Missing::Coordinator));
        assert!(after("up").contains("[+]brokers ok\n"));
    }

    struct Sampled(Connection);

    impl ClientContext for Sampled {
        fn stats_raw(&self, statistics: &[u8]) {
            self.0.sample(statistics);
        }

        fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
            self.0.log.log(level, facility, message);
        }

        fn error(&self, error: KafkaError, reason: &str) {
            self.0.log.error(error, reason);
        }
    }

    impl ConsumerContext for Sampled {}

    #[test]
    fn a_broker_that_closes_each_connection_at_once_is_said_to() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || listener.incoming().for_each(drop));
        let health = Health::new(Shutdown::new());
        health.check("kafka", Probe::Startup).pass();
        let mut config = KafkaSettings::plain(&address).client_config("test");
        config.set("group.id", "test").set("statistics.interval.ms", "200");
        let sampled = Sampled(shown(&health, KafkaLog::default()));
        let client: BaseConsumer<Sampled> = config.create_with_context(sampled).unwrap();
        let begun = Instant::now();
        while !health.report(Probe::Readiness).verbose().contains(CLOSED) {
            assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", health.report(Probe::Readiness));
            drop(client.poll(Duration::from_millis(50)));
        }
    }

    #[test]
    fn samples_without_a_broker_are_counted_until_there_is_one() {
        let connection = connection();
        let sample = |state: &str| {
            let text = format!(
                r#"{{"msg_cnt":0,"msg_size":0,"brokers":{{"a:1/1":{{"state":"{state}"}},"b:1/2":{{"state":"DOWN"}}}}}}"#
            );
            connection.sample(text.as_bytes());
            connection.lost.count()
        };
        assert_eq!(["UP", "CONNECT", "DOWN", "UP", "INIT"].map(sample), [0, 1, 2, 0, 1]);
        connection.sample(b"{");
        assert_eq!(connection.lost.count(), 1);
    }
}
