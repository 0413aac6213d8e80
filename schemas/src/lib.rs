//! What Meta sends and what Weir publishes: pure, without IO, clock or randomness.
//!
//! [`split`] turns the bytes of one webhook body into [`Event`]s; [`Event::write_json`] and [`raw::Headers`] lay
//! them out as Kafka records; [`TypedEvent`] reads such a record back in a consumer; [`Topic`] is the one table of
//! topics; [`data`] models Meta's items, one for each kind; [`inbox`] is the normalised shape of messages, [`lookup`] what
//! the Graph API adds to comments and mentions, [`profile`] what it says of customers, [`media`] what became of attachments, [`reply`] reply commands. With the feature `json-schema`, `json_schema` describes all of it.

mod additions;
mod event;
mod json;
mod kind;
mod participants;
mod split;
mod time;
mod topic;
mod word;

pub mod data;
pub mod inbox;
#[cfg(feature = "json-schema")]
pub mod json_schema;
pub mod raw;
pub mod reply;

pub use additions::{lookup, media, profile};
pub use event::{Carrier, Event, EventId, Reception, TypedEvent, Unreadable};
pub use json::lossy::{one_line, read_any};
pub use kind::{EventKind, Kind, KindSpec, Model, NaturalKey, Subscribable, UnknownKind};
pub use split::{Refusal, Split, most_events, split};
pub use time::Millis;
pub use topic::{Holds, KeyRule, Topic, TopicSpec};
