//! How long customers wait for an answer, as metrics.

use crate::conversations::GivenUp;
use prometheus::{Histogram, IntCounterVec, Registry};
use runtime::metrics::{counters, histogram};
use std::time::Duration;

/// Upper bounds in seconds: a bot's answer, a person's, a working day's, and the 24 hours that Meta allows.
const ANSWERS: &[f64] =
    &[1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 28_800.0, 57_600.0, 86_400.0];

/// The times to an answer, and the conversations in which none is waited for any more.
#[derive(Clone, Debug)]
pub struct Answers {
    response: Histogram,
    given_up: IntCounterVec,
}

impl Answers {
    /// Registers them.
    pub fn new(registry: &Registry) -> Self {
        let response = histogram(
            registry,
            "weir_metrics_response_seconds",
            "Time from a customer's first message without an answer to the account's first message after it.",
            ANSWERS,
        );
        let given_up = counters(
            registry,
            "weir_metrics_conversations_given_up_total",
            "Conversations in which no answer is waited for any more: window, none came within --response-window; full, \
             more than --open-conversations wait in a partition.",
            &["reason"],
        );
        for reason in ["window", "full"] {
            given_up.with_label_values(&[reason]);
        }
        Self { response, given_up }
    }

    /// Adds an answer to a customer who waited so long.
    pub fn answered(&self, waited: Duration) {
        self.response.observe(waited.as_secs_f64());
    }

    /// Adds conversations that are given up.
    pub fn given_up(&self, given_up: GivenUp) {
        self.given_up.with_label_values(&["window"]).inc_by(given_up.window);
        self.given_up.with_label_values(&["full"]).inc_by(given_up.full);
    }
}
