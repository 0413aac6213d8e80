//! What a client sends and what is acknowledged of it, from one sample of its statistics to the next.
//!
//! Brokers that refuse records for now, as below `min.insync.replicas`, are sent them again and again; a client that has
//! lost a leader or its brokers sends nothing. The first is no fault of the client, and a new one is refused as well.

use std::collections::{BTreeSet, HashMap};

use crate::kafka::TopicPartition;
use crate::kafka::statistics::{Partition, Statistics};

/// The partitions that were given records, as the latest sample shows them.
#[derive(Debug, Default)]
pub(super) struct Sending {
    partitions: HashMap<TopicPartition, Sent>,
    /// Brokers that the client is connected to.
    connected: BTreeSet<i32>,
    samples: u32,
    is_busy: bool,
}

#[derive(Debug)]
struct Sent {
    latest: Partition,
    /// How many had been sent when one was last acknowledged, or before records were left that were given since.
    at_last_acknowledgement: u64,
    /// Records were given before the latest sample, and nothing was sent since.
    is_left: bool,
}

impl Sending {
    /// Takes note of a sample.
    pub(super) fn sample(&mut self, statistics: &Statistics) {
        self.samples = self.samples.saturating_add(1);
        self.is_busy = false;
        self.connected = statistics.connected().collect();
        for (topic, partition) in statistics.partitions().filter(|(_, partition)| partition.queued > 0) {
            let name = TopicPartition::new(topic, partition.number);
            let first = || Sent {
                latest: Partition::default(),
                at_last_acknowledgement: partition.sent,
                is_left: false,
            };
            let sent = self.partitions.entry(name).or_insert_with(first);
            let is_busy = partition.unanswered > 0 || partition.sent != sent.latest.sent;
            self.is_busy |= is_busy;
            // What was given just before a sample may not have been sent yet.
            if partition.acknowledged != sent.latest.acknowledged || (sent.is_left && !is_busy) {
                sent.at_last_acknowledgement = partition.sent;
            }
            sent.is_left = !is_busy && (sent.is_left || partition.queued > sent.latest.queued);
            sent.latest = partition.clone();
        }
    }

    /// Whether something went to a broker between the last two samples, or waits for its answer; with fewer samples nobody
    /// can say that it did not.
    pub(super) const fn is_sending(&self) -> bool {
        self.samples < 2 || self.is_busy
    }

    /// Partitions with records that are sent and not acknowledged, each with the leader that they are sent to.
    pub(super) fn refused(&self) -> Vec<(TopicPartition, i32)> {
        let refused = self.partitions.iter().filter(|(_, sent)| sent.is_refused());
        refused.map(|(name, sent)| (name.clone(), sent.latest.leader)).collect()
    }

    /// Leaders that the client is not connected to, of partitions with records that are not acknowledged.
    pub(super) fn leaders_away(&self, is_meant: impl Fn(&TopicPartition) -> bool) -> BTreeSet<i32> {
        let waiting = self.partitions.iter().filter(|(name, sent)| sent.is_waiting() && is_meant(name));
        let leaders = waiting.map(|(_, sent)| sent.latest.leader);
        leaders.filter(|leader| *leader >= 0 && !self.connected.contains(leader)).collect()
    }

    /// Partitions with records that are not acknowledged, and that nothing was sent to since one was, or since more were given.
    pub(super) fn unsent(&self) -> Vec<TopicPartition> {
        let unsent = self.partitions.iter().filter(|(_, sent)| sent.is_unsent());
        unsent.map(|(name, _)| name.clone()).collect()
    }
}

impl Sent {
    const fn is_waiting(&self) -> bool {
        self.latest.queued > self.latest.acknowledged
    }

    const fn is_refused(&self) -> bool {
        self.is_waiting() && self.latest.sent > self.at_last_acknowledgement
    }

    const fn is_unsent(&self) -> bool {
        let Partition { sent, unanswered, .. } = self.latest;
        self.is_waiting() && unanswered == 0 && sent == self.at_last_acknowledgement
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the partition `a-0` was given, what was sent, what is on its way, and what was acknowledged.
    fn sampled(samples: &[[u64; 4]]) -> Sending {
        let mut sending = Sending::default();
        for [queued, sent, unanswered, acknowledged] in samples {
            let text = format!(
                r#"{{"msg_cnt":1,"msg_size":1,"topics":{{"a":{{"topic":"a","partitions":{{"0":{{"partition":0,"leader":7,"msgs":{queued},
                "txmsgs":{sent},"msgs_inflight":{unanswered},"acked_msgid":{acknowledged}}}}}}}}}}}"#
            );
            sending.sample(&Statistics::read(text.as_bytes()).unwrap());
        }
        sending
    }

    #[test]
    fn records_that_are_refused_and_sent_again_are_sent() {
        let sending = sampled(&[[5, 4, 0, 4], [5, 9, 0, 4], [5, 14, 0, 4]]);
        assert!(sending.is_sending());
        assert_eq!(sending.unsent(), []);
        assert_eq!(sending.refused(), [(TopicPartition::new("a", 0), 7)]);
        let given_up = sampled(&[[5, 4, 0, 4], [5, 9, 0, 4], [5, 9, 0, 4]]);
        assert!(!given_up.is_sending());
        assert_eq!(
            given_up.unsent(),
            [],
            "what was sent and refused until it was given up is no fault of the client"
        );
    }

    #[test]
    fn records_that_are_given_after_one_was_given_up_and_stay_in_the_client_are_not_sent() {
        let lost = [[5, 4, 0, 4], [5, 9, 0, 4], [5, 9, 0, 4], [6, 9, 0, 4], [6, 9, 0, 4]];
        assert_eq!(sampled(&lost[..4]).unsent(), [], "it may just have been given");
        assert_eq!(sampled(&lost).unsent(), [TopicPartition::new("a", 0)]);
        assert_eq!(sampled(&lost).refused(), []);
        let again = [&lost[..], &[[6, 14, 0, 4]]].concat();
        assert_eq!(sampled(&again).unsent(), [], "it is sent and refused");
    }

    #[test]
    fn records_that_a_broker_has_and_does_not_answer_are_sent() {
        let sending = sampled(&[[5, 5, 1, 4], [5, 5, 1, 4], [5, 5, 1, 4]]);
        assert!(sending.is_sending());
        assert_eq!(sending.unsent(), []);
    }

    #[test]
    fn records_that_stay_in_the_client_are_not() {
        let sending = sampled(&[[4, 4, 0, 4], [5, 4, 0, 4], [5, 4, 0, 4]]);
        assert!(!sending.is_sending());
        assert_eq!(sending.unsent(), [TopicPartition::new("a", 0)]);
        assert_eq!(sending.refused(), []);
    }

    #[test]
    fn a_leader_of_what_waits_that_is_not_connected_is_away() {
        let away = |state: &str, acknowledged: u64| {
            let mut sending = Sending::default();
            let text = format!(
                r#"{{"msg_cnt":1,"msg_size":1,"brokers":{{"a:1/6":{{"nodeid":6,"state":"UP"}},"a:1/7":{{"nodeid":7,"state":"{state}"}}}},
                "topics":{{"a":{{"partitions":{{"0":{{"partition":0,"leader":7,"msgs":5,"acked_msgid":{acknowledged}}},
                "1":{{"partition":1,"leader":6,"msgs":5,"acked_msgid":4}},"2":{{"partition":2,"leader":-1,"msgs":5,"acked_msgid":4}}}}}}}}}}"#
            );
            sending.sample(&Statistics::read(text.as_bytes()).unwrap());
            sending.leaders_away(|_| true)
        };
        assert_eq!(away("CONNECT", 4), BTreeSet::from([7]));
        assert_eq!(away("UP", 4), BTreeSet::new());
        assert_eq!(away("CONNECT", 5), BTreeSet::new(), "nothing waits for it");
    }

    #[test]
    fn one_sample_proves_nothing() {
        assert!(sampled(&[[5, 0, 0, 0]]).is_sending());
    }
}
