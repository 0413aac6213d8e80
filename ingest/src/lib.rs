//! The service that Meta's webhooks reach: accept, read, verify, split, publish, answer.
//!
//! [`run`] serves until it is asked to end. A delivery is answered 200 only when every record of it is acknowledged by
//! Kafka with acks=all.

mod answer;
mod body;
mod breaker;
mod budget;
mod delivery;
mod door;
mod durable;
mod framing;
mod gate;
mod handshake;
mod incidents;
mod kafka;
mod keyring;
mod metrics;
mod publisher;
mod refusals;
mod reload;
mod secrets;
mod server;
pub mod settings;
mod signature;
pub mod spool;
mod strangers;
mod webhook;
mod wire;

pub use secrets::Secret;
pub use server::{ServeError, run, serve};
pub use settings::{Limits, Settings};
pub use spool::OpenError;
