//! What subscribers are promised: events, models, schemas, and that they stay as they are.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what cannot be read here fails the test, as it should"
)]

mod closed;
mod compatibility;
mod deliveries;
mod descriptions;
mod fixtures;
mod golden;
mod json_schema;
mod models;
mod shown;
mod told;
