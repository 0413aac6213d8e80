//! What the brokers say of the cluster, and what follows for what waits.

use super::broker::Broker;
use super::topic::{Partition, Topic};
use super::{BatchOutcome, State};
use kafka_protocol::messages::MetadataResponse;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;

/// Kafka's code for a topic or partition that is not there.
pub(super) const UNKNOWN_TOPIC: i32 = 3;
/// Kafka's code for a topic that this client may not write.
const NOT_AUTHORIZED: i32 = 29;

impl<T> State<T> {
    /// Takes up what a broker has said: records go to other leaders, and those of topics that are gone are given back.
    pub(in super::super) fn update(&mut self, cluster: &MetadataResponse) -> Vec<BatchOutcome<T>> {
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
        let ended = self.give_back(|refused, _| refused);
        self.brokers.values_mut().for_each(|broker| broker.ready.clear());
        for index in 0..self.topics.len() {
            for number in 0..self.topics[index].partitions.len() {
                self.topics[index].partitions[number].is_in_line = false;
                self.ready(index, number);
            }
        }
        ended
    }

    /// The brokers that the cluster names, and where they are.
    pub(in super::super) fn named(&self) -> impl Iterator<Item = (i32, &String)> {
        self.brokers.iter().filter_map(|(id, broker)| Some((*id, broker.address.as_ref()?)))
    }

    /// Topics that the brokers do not have, or do not show.
    pub(in super::super) fn missing(&self) -> Vec<String> {
        let missing = self.topics.iter().filter(|topic| topic.refusal.is_some() || topic.count == 0);
        missing.map(|topic| topic.name.to_string()).collect()
    }

    /// Whether a topic, or the leader of a partition, is not known.
    pub(in super::super) fn has_unknown_leaders(&self) -> bool {
        let mut led = self.topics.iter().flat_map(|topic| topic.partitions.iter().take(topic.count));
        !self.missing().is_empty() || led.any(|partition| partition.leader.is_none())
    }

    /// There are a dozen at most, nearly all of another length: that is looked at sooner than a name is hashed.
    pub(super) fn index_of(&self, topic: &str) -> Option<usize> {
        self.topics.iter().position(|known| *known.name == *topic)
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
            (gone.leader, gone.epoch) = (None, 0);
        }
    }
}
