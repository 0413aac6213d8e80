//! Why the coordinator of a group does not take a consumer as its member, and what to change.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// Why it is not taken, where that lasts until somebody changes something. The client asks again all the time, and goes on by itself.
///
/// Source: what a coordinator answers to `JoinGroup` and `FindCoordinator`, <https://kafka.apache.org/protocol#protocol_error_codes>.
pub(in crate::consumer) fn refusal(error: &KafkaError) -> Option<String> {
    let code = error.rdkafka_error_code()?;
    let cure = match code {
        RDKafkaErrorCode::InvalidSessionTimeout => {
            "set session.timeout.ms in --kafka-config within the brokers' group.min.session.timeout.ms and group.max.session.timeout.ms"
        }
        RDKafkaErrorCode::GroupMaxSizeReached => {
            "it has as many members as the brokers' group.max.size allows: raise that, or run fewer processes"
        }
        RDKafkaErrorCode::GroupAuthorizationFailed => {
            "give this user the right to read the group (Read, Describe)"
        }
        RDKafkaErrorCode::InconsistentGroupProtocol => {
            "another member shares out partitions by a strategy or protocol that this one does not know: end what is no Weir of this version"
        }
        _ => return None,
    };
    Some(format!("{code}: {cure}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_has_to_change_is_told_and_what_passes_by_itself_is_not() {
        let of = |code| refusal(&KafkaError::Global(code));
        let told = of(RDKafkaErrorCode::InvalidSessionTimeout).unwrap();
        assert!(
            told.contains("Invalid session timeout") && told.contains("session.timeout.ms in --kafka-config")
        );
        for passing in [RDKafkaErrorCode::CoordinatorLoadInProgress, RDKafkaErrorCode::BrokerTransportFailure]
        {
            assert_eq!(of(passing), None, "{passing}");
        }
    }
}
