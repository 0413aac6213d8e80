//! A delivery that is to be made durable: a verified body, when it came, and the id that it keeps whatever happens to it.

use crate::signature::VerifiedBody;
use runtime::telemetry::TraceContext;
use schemas::Millis;
use std::time::SystemTime;
use uuid::Uuid;

/// One verified delivery; clones share the bytes.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    /// `ce_id` of the raw record.
    pub(crate) id: Uuid,
    /// When it was received.
    pub(crate) received: SystemTime,
    pub(crate) body: VerifiedBody,
    /// The request that brought it, where that is traced.
    pub(crate) trace: Option<TraceContext>,
}

impl Delivery {
    /// A delivery that has just come gets its id.
    pub(crate) fn new(body: VerifiedBody, received: SystemTime, trace: Option<TraceContext>) -> Self {
        Self { id: Uuid::now_v7(), received, body, trace }
    }

    /// The time of receipt, as records tell it.
    pub(crate) fn received_text(&self) -> String {
        Millis::of(self.received).to_string()
    }
}
