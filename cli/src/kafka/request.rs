//! Requests to the cluster that came to nothing, in words.

use crate::tool::ToolError;
use rdkafka::error::RDKafkaErrorCode;
use std::fmt::Display;

/// This user has no right to it, which says nothing of the cluster.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotAllowed(pub(crate) String);

/// The brokers do not do what they were asked to.
pub(crate) fn request_failed(brokers: &str, action: &str, reason: impl Display) -> ToolError {
    format!("{brokers} cannot {action}: {reason}").into()
}

/// There is no client to ask them.
pub(crate) fn no_client(error: impl Display) -> ToolError {
    format!("the Kafka client cannot be made, check --kafka-config: {error}").into()
}

/// Whether a broker refuses because of who asks.
pub(crate) const fn is_of_rights(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{ClusterAuthorizationFailed, GroupAuthorizationFailed, TopicAuthorizationFailed};
    matches!(code, ClusterAuthorizationFailed | GroupAuthorizationFailed | TopicAuthorizationFailed)
}
