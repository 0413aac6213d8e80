//! Models of Meta's own items, for consumers that read `data`: one for each kind.
//!
//! Reading one never fails on an unknown member, value or attachment type: every member is optional, ids and numbers
//! are taken as strings or numbers alike, and a member of another type than expected counts as absent. Meta's words are
//! strings, so that new ones are no error; what has no member here is still in [`TypedEvent::data`].
//!
//! [`TypedEvent::data`]: crate::TypedEvent::data

pub mod comment;
pub mod dashboard_test;
pub mod feed;
pub mod lead;
pub mod mention;
pub mod messaging;
pub mod page_mention;
pub mod person;
pub mod rating;
pub mod story_insights;
pub mod template_status;

#[cfg(feature = "json-schema")]
mod form;
mod lenient;
mod model;

use serde_json::value::RawValue;

/// A model of `data`, or of a part of it.
pub trait Data: Sized {
    /// Reads it; `None` where it is no object.
    fn read(json: &RawValue) -> Option<Self>;
}
