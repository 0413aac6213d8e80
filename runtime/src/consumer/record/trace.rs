//! The spans of a record: of the work on it, and of what follows from it.

use std::borrow::Cow;

use tracing::Span;

use super::{Output, Record};
use crate::kafka::RecordPosition;
use crate::telemetry::spans;
use crate::telemetry::{TRACEPARENT, TraceContext};

/// The header with the id of an event or a delivery.
const ID: &str = "ce_id";

impl Record {
    /// The span that sent it, where it was traced.
    pub fn trace(&self) -> Option<TraceContext> {
        self.header(TRACEPARENT).and_then(TraceContext::parse)
    }

    /// The span of the work on it.
    pub(in crate::consumer) fn span(&self, group: &str) -> Span {
        let position = RecordPosition { topic: &self.topic, partition: self.partition, offset: self.offset };
        spans::process(position, || self.header(ID).and_then(text), group, || self.trace())
    }
}

/// Sends the outputs of a record within its trace: each gets a span, and a header that names it. Where this process
/// traces nothing, what the record says is carried on.
pub(in crate::consumer) fn carry_on(record: &Record, work: &Span, outputs: &mut [Output]) -> Vec<Span> {
    let Some(context) = TraceContext::of(work) else {
        if let Some(header) = record.header(TRACEPARENT) {
            for output in outputs {
                output.set_trace(header.to_vec());
            }
        }
        return Vec::new();
    };
    outputs.iter_mut().map(|output| output.sent_within(&context)).collect()
}

impl Output {
    /// The span of sending it, which its header names from now on.
    fn sent_within(&mut self, parent: &TraceContext) -> Span {
        let id = self.headers.iter().find(|(name, _)| name == ID).and_then(|(_, id)| text(id));
        let span = spans::send(&self.topic, id, parent);
        self.set_trace(TraceContext::of(&span).unwrap_or(*parent).header().into_bytes());
        span
    }

    fn set_trace(&mut self, header: Vec<u8>) {
        self.headers.retain(|(name, _)| name != TRACEPARENT);
        self.headers.push((Cow::Borrowed(TRACEPARENT), header));
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const HEADER: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn record(header: Option<&[u8]>) -> Record {
        let headers = header.into_iter().map(|value| (TRACEPARENT, Some(value))).collect();
        let (topic, key, value) = (Arc::from("in"), None, None);
        Record { topic, partition: 0, offset: 0, timestamp: None, key, value, headers }
    }

    fn output() -> Output {
        let headers = vec![(Cow::Borrowed(ID), b"1".to_vec())];
        Output { topic: Arc::from("out"), key: None, value: Vec::new(), headers }
    }

    #[test]
    fn without_traces_of_its_own_a_process_carries_on_the_header() {
        let record = record(Some(HEADER));
        let mut outputs = [output()];
        assert!(carry_on(&record, &Span::none(), &mut outputs).is_empty());
        assert_eq!(outputs[0].headers[1], (Cow::Borrowed(TRACEPARENT), HEADER.to_vec()));
    }

    #[test]
    fn without_a_header_nothing_is_added() {
        let mut outputs = [output()];
        assert!(carry_on(&record(None), &Span::none(), &mut outputs).is_empty());
        assert_eq!(outputs, [output()]);
    }
}
