//! The tool's side of Kafka: ranges of topics read, records written at a rate, typed events published again.

pub(crate) mod group;
pub(crate) mod request;
pub(crate) mod sink;
pub(crate) mod source;
pub(crate) mod typed;
