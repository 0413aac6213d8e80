//! A delivery: a verified body, when it was received, and the id that it keeps whatever happens to it.

use crate::signature::VerifiedBody;
use runtime::telemetry::TraceContext;
use schemas::Millis;
use std::time::SystemTime;
use uuid::Uuid;

/// One verified delivery; clones share the bytes.
#[derive(Clone)]
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
    /// A delivery that was just received gets its id.
    pub(crate) fn new(body: VerifiedBody, received: SystemTime, trace: Option<TraceContext>) -> Self {
        Self { id: Uuid::now_v7(), received, body, trace }
    }

    /// The time of receipt, as records have it.
    pub(crate) fn received_text(&self) -> String {
        Millis::of(self.received).to_string()
    }
}

/// A delivery of a fixture, signed.
#[cfg(test)]
pub(crate) fn sample(body: &'static [u8]) -> Delivery {
    Delivery::new(crate::signature::signed(body), SystemTime::now(), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::Row;

    const TEXT: &[u8] = include_bytes!("../../schemas/fixtures/message/text.json");

    #[test]
    fn a_row_gives_back_what_was_put_in() {
        let delivery = sample(TEXT);
        let back = Delivery::from_row(&delivery.to_row()).unwrap();
        assert_eq!((back.id, back.received_text()), (delivery.id, delivery.received_text()));
        assert_eq!((back.body.bytes(), back.body.app()), (TEXT, "shop"));
        assert_eq!(back.body.signature(), delivery.body.signature());
    }

    #[test]
    fn a_traced_delivery_stays_traced() {
        let header = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let trace = TraceContext::parse(header);
        let row = Delivery { trace, ..sample(TEXT) }.to_row();
        assert_eq!(Delivery::from_row(&row).unwrap().trace, trace);
        assert!(trace.is_some());
    }

    #[test]
    fn a_row_that_was_changed_anywhere_gives_nothing() {
        let row = sample(TEXT).to_row();
        let changes: [fn(&mut Row); 6] = [
            |row| row.id.replace_range(..1, "f"),
            |row| row.received += 1,
            |row| row.app.push('x'),
            |row| row.headers.push(' '),
            |row| row.body = row.body.slice(1..),
            |row| row.digest[3] ^= 1,
        ];
        for change in changes {
            let mut other = row.clone();
            change(&mut other);
            assert!(Delivery::from_row(&other).is_none());
        }
    }
}
