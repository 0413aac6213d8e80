//! Why a verified body goes to the dead letters, beside being published raw and answered 200.

use crate::word::words;
use std::fmt;

words! {
    /// Why a body, or elements of its array, gave no typed events: the words for `weir_dlq_reason` and for metrics.
    pub enum Refusal {
        /// The body is no JSON text in UTF-8; a byte order mark makes it none.
        NotJson = "not_json",
        /// The body, or an element of its array, is no object with a string `object` and an array `entry`, or gives a known name twice:
        /// one of these two, or one of an entry or a change.
        NotADelivery = "not_a_delivery",
        /// Arrays and objects nest deeper than 128.
        TooDeep = "too_deep",
        /// The body holds more items than the setting `--max-events` allows.
        TooManyEvents = "too_many_events",
    }
}

impl Refusal {
    /// One line for `weir_dlq_error`, without any of the body's words.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::NotJson => "the body is no JSON text in UTF-8",
            Self::NotADelivery => {
                "the body is or contains something other than an object with a string `object` and an array `entry`, or gives a known name twice"
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
