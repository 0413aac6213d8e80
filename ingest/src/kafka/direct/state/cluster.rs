//! What the brokers say of the cluster, and what follows for what waits.

use super::broker::Broker;
use super::topic::{NO_EPOCH, Partition, Topic};
use super::{Outcome, State};
use kafka_protocol::messages::MetadataResponse;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;

/// Kafka's code for a topic or partition that is not there.
pub(in super::super) const UNKNOWN_TOPIC: i32 = 3;
/// Kafka's code for a topic that this client may not write.
const NOT_AUTHORIZED: i32 = 29;

impl<T> State<T> {
    /// Takes up what a broker has said: records go to other leaders, and those of topics that are gone are given back.
    pub(in super::super) fn update(&mut self, cluster: &MetadataResponse) -> Vec<Outcome<T>> {
        self.brokers.values_mut().for_each(|broker| broker.address = None);
        for seen in &cluster.brokers {
            let broker = self.brokers.entry(seen.node_id.0).or_insert_with(Broker::new);
            broker.address = Some(format!("{}:{}", seen.host, seen.port));
        }
        for seen in &cluster.topics {
            if let Some(index) = seen.name.as_ref().and_then(|name| self.index_of(name)) {
                self.topics[index].update(seen);
            }
        }
        let ended = self
            .give_back(|topic, number, _| topic.refusal.or((number >= topic.count).then_some(UNKNOWN_TOPIC)));
        self.form_lines();
        ended
    }

    /// Brokers that nobody connects to yet.
    pub(in super::super) fn unserved(&mut self) -> Vec<i32> {
        let unserved = |(id, broker): (&i32, &mut Broker<T>)| {
            let is_new = broker.address.is_some() && !broker.is_served;
            broker.is_served |= is_new;
            is_new.then_some(*id)
        };
        self.brokers.iter_mut().filter_map(unserved).collect()
    }

    /// Topics that the brokers do not have, or do not show.
    pub(in super::super) fn missing(&self) -> Vec<String> {
        let missing = self.topics.iter().filter(|topic| topic.refusal.is_some() || topic.count == 0);
        missing.map(|topic| topic.name.to_string()).collect()
    }

    /// Whether a topic, or the leader of a partition, is not known.
    pub(in super::super) fn is_in_doubt(&self) -> bool {
        let is_led =
            |topic: &Topic<T>| topic.partitions.iter().take(topic.count).all(|one| one.leader.is_some());
        !self.topics.iter().all(|topic| topic.count > 0 && topic.refusal.is_none() && is_led(topic))
    }

    /// There are a dozen at most, nearly all of another length: that is looked at sooner than a name is hashed.
    pub(super) fn index_of(&self, topic: &str) -> Option<usize> {
        self.topics.iter().position(|known| *known.name == *topic)
    }

    fn form_lines(&mut self) {
        self.brokers.values_mut().for_each(|broker| broker.ready.clear());
        for index in 0..self.topics.len() {
            for number in 0..self.topics[index].partitions.len() {
                self.topics[index].partitions[number].is_in_line = false;
                self.ready(index, number);
            }
        }
    }
}

impl<T> Topic<T> {
    fn update(&mut self, seen: &MetadataResponseTopic) {
        let error = i32::from(seen.error_code);
        self.refusal = [UNKNOWN_TOPIC, NOT_AUTHORIZED].into_iter().find(|code| *code == error);
        if error != 0 || seen.partitions.is_empty() {
            return;
        }
        // Without an id nobody can tell whether the topic was made anew, with epochs that begin at 0 again.
        let is_another = self.id != seen.topic_id || seen.topic_id.is_nil();
        self.id = seen.topic_id;
        self.count = seen.partitions.len();
        self.partitions.resize_with(self.partitions.len().max(self.count), Partition::new);
        for seen in &seen.partitions {
            let number = usize::try_from(seen.partition_index).ok();
            let Some(partition) = number.and_then(|number| self.partitions.get_mut(number)) else { continue };
            // A broker that is behind names an earlier leader.
            if is_another || seen.leader_epoch < 0 || seen.leader_epoch >= partition.epoch {
                // One whose leader is away has the leader -1.
                let leader = Some(seen.leader_id.0).filter(|leader| *leader >= 0);
                (partition.leader, partition.epoch) = (leader, seen.leader_epoch);
            }
        }
        for gone in self.partitions.iter_mut().skip(self.count) {
            (gone.leader, gone.epoch) = (None, NO_EPOCH);
        }
    }
}
