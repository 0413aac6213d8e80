//! Why a verified body goes to the dead letters, beside being published raw.

use std::fmt;

/// Why a body, or a part of it, gave no typed events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The body is no JSON text in UTF-8; a byte order mark makes it none.
    NotJson,
    /// The body, or an element of its array, is no object with a string `object` and an array `entry`.
    NotADelivery,
    /// Arrays and objects nest deeper than 128.
    TooDeep,
    /// The body holds more items than the setting `--max-events` allows.
    TooManyEvents,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Self; 4] = [Self::NotJson, Self::NotADelivery, Self::TooDeep, Self::TooManyEvents];

    /// The word for `weir_dlq_reason` and for metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::NotADelivery => "not_a_delivery",
            Self::TooDeep => "too_deep",
            Self::TooManyEvents => "too_many_events",
        }
    }

    /// One line for `weir_dlq_error`, without any of the body's words.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::NotJson => "the body is no JSON text in UTF-8",
            Self::NotADelivery => {
                "the body is or contains something other than an object with a string `object` and an array `entry`"
            }
            Self::TooDeep => "arrays and objects nest deeper than 128",
            Self::TooManyEvents => {
                "the body holds more items than --max-events, or --min-bytes-per-event for its size, allows"
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
