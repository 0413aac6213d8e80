//! What a worker does, and what it waits for on purpose, which is no stall.

/// What is waited for; the word is a label of `weir_consumer_waiting_partitions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// An API's answer: the call is queued, under way, or tried again.
    ApiAnswer,
    /// A limit of calls that is the app's, and with it everybody's.
    AppLimit,
    /// A limit of calls that is one account's.
    AccountLimit,
    /// A credential that is missing or refused.
    Credential,
    /// Another attempt at a record that failed.
    Retry,
    /// Kafka: an acknowledgement, or a topic that is read back.
    Kafka,
    /// Room among what is remembered of former records, which has a limit of its own.
    Memory,
}

impl Wait {
    /// All there are.
    pub const ALL: [Self; 7] = [
        Self::ApiAnswer,
        Self::AppLimit,
        Self::AccountLimit,
        Self::Credential,
        Self::Retry,
        Self::Kafka,
        Self::Memory,
    ];

    /// The label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiAnswer => "api_answer",
            Self::AppLimit => "app_limit",
            Self::AccountLimit => "account_limit",
            Self::Credential => "credential",
            Self::Retry => "retry",
            Self::Kafka => "kafka",
            Self::Memory => "memory",
        }
    }
}

/// What a worker does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// It has nothing: the next record has not come.
    Idle,
    /// A record is in the handler's hands.
    Handling,
    /// It waits on purpose.
    Waiting(Wait),
}

impl Activity {
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Idle => 0,
            Self::Handling => 1,
            Self::Waiting(wait) => 2 + wait as u8,
        }
    }
}
