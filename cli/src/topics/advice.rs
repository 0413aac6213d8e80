//! What a broker's refusal means, and what to do about it.

use rdkafka::types::RDKafkaErrorCode;

/// A refusal in words.
pub(super) fn on(code: RDKafkaErrorCode) -> String {
    let advice = match code {
        RDKafkaErrorCode::InvalidReplicationFactor => {
            "there are fewer brokers than replicas; start more, or give a smaller --replication-factor"
        }
        RDKafkaErrorCode::TopicAuthorizationFailed => {
            "not allowed; the access control lists must allow Create, Describe, DescribeConfigs and AlterConfigs on the topic"
        }
        RDKafkaErrorCode::ClusterAuthorizationFailed => {
            "not allowed; the access control lists must allow Create on the cluster"
        }
        RDKafkaErrorCode::PolicyViolation => "the cluster's policy for topics forbids it",
        RDKafkaErrorCode::InvalidConfig => "the broker does not accept one of the settings",
        RDKafkaErrorCode::UnsupportedFeature | RDKafkaErrorCode::UnsupportedVersion => {
            "the broker does not support it; Apache Kafka 2.1 or later does"
        }
        RDKafkaErrorCode::OperationTimedOut | RDKafkaErrorCode::RequestTimedOut => {
            "no answer in time; look at the brokers, and try again"
        }
        other => return format!("{other} ({other:?})"),
    };
    format!("{advice} ({code:?})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_what_to_do_and_the_code_to_search_for() {
        let text = on(RDKafkaErrorCode::InvalidReplicationFactor);
        assert!(text.contains("--replication-factor") && text.contains("InvalidReplicationFactor"), "{text}");
        assert!(on(RDKafkaErrorCode::NotController).contains("NotController"));
    }
}
