//! Where a span stands in its trace, as W3C Trace Context writes it into a header.

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The name of the header, in HTTP and in records: <https://www.w3.org/TR/trace-context/>.
pub const TRACEPARENT: &str = "traceparent";

/// The length of the header in version 00, in bytes; later versions may add to it.
const LENGTH: usize = 55;

/// A span, for those that come after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace: TraceId,
    span: SpanId,
    is_sampled: bool,
}

impl TraceContext {
    /// Of a span; `None` where it is not traced, which costs a branch.
    pub fn of(span: &Span) -> Option<Self> {
        if span.is_disabled() {
            return None;
        }
        let context = span.context();
        let context = context.span().span_context().clone();
        let (trace, span, is_sampled) = (context.trace_id(), context.span_id(), context.is_sampled());
        context.is_valid().then_some(Self { trace, span, is_sampled })
    }

    /// Reads a header; `None` where it is none.
    pub fn parse(header: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(header).ok()?;
        let mut parts = text.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_whole =
            if version == "00" { text.len() == LENGTH } else { is_hex(version, 2) && version != "ff" };
        if !(is_whole && is_hex(trace, 32) && is_hex(span, 16) && is_hex(flags, 2)) {
            return None;
        }
        let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
        let is_sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        let is_valid = trace != TraceId::INVALID && span != SpanId::INVALID;
        is_valid.then_some(Self { trace, span, is_sampled })
    }

    /// The header.
    pub fn header(&self) -> String {
        format!("00-{}-{}-{:02x}", self.trace, self.span, u8::from(self.is_sampled))
    }

    /// Makes `span`, which nothing was asked about yet, a child of this one.
    pub fn adopt(&self, span: &Span) {
        let parent = opentelemetry::Context::new().with_remote_span_context(self.span_context());
        if let Err(error) = span.set_parent(parent) {
            // A span that is not traced has no parent.
            tracing::trace!(%error, "a span has no parent");
        }
    }

    /// Says that `span` has to do with this one, without being its child.
    pub fn link_to(&self, span: &Span) {
        span.add_link(self.span_context());
    }

    fn span_context(&self) -> SpanContext {
        let flags = if self.is_sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
        SpanContext::new(self.trace, self.span, flags, true, TraceState::NONE)
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_header_is_written_as_it_was_read() {
        for header in [HEADER, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"] {
            assert_eq!(TraceContext::parse(header.as_bytes()).unwrap().header(), header);
        }
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = HEADER.replacen("00", "cc", 1) + "-what-comes";
        assert_eq!(TraceContext::parse(later.as_bytes()).unwrap().header(), HEADER);
    }

    #[test]
    fn what_is_no_header_gives_nothing() {
        for header in [
            "",
            "00",
            "00-1-2-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        ] {
            assert_eq!(TraceContext::parse(header.as_bytes()), None, "{header}");
        }
        assert_eq!(TraceContext::parse(&[0xff; LENGTH]), None);
    }

    #[test]
    fn a_span_that_is_not_traced_has_no_context() {
        assert_eq!(TraceContext::of(&Span::none()), None);
    }
}
