//! Models of Meta's own items, for consumers that read `data`.
//!
//! Reading one never fails on an unknown member, value or attachment type: every member is optional, ids and numbers
//! are taken as strings or numbers alike, and a member of another type than expected counts as absent.

pub mod comment;
pub mod mention;
pub mod messaging;

mod lenient;
