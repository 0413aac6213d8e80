//! The tool's side of Kafka: ranges of topics read, records written at a rate, typed events published again.

pub(crate) mod brokers;
mod group;
mod request;
mod sink;
mod source;
mod typed;

pub(crate) use group::{Committed, Group, REDRIVE, answered};
pub(crate) use request::{NotAllowed, is_of_rights, no_client, request_failed};
pub(crate) use sink::{NotAcknowledged, OutgoingRecord, Pace, Settled, Sink};
pub(crate) use source::{Range, Reading, RecordPosition, Source, reach};
pub(crate) use typed::Typed;
