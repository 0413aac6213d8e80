//! The service that Meta's webhooks reach: accept, read, verify, split, publish, answer.
//!
//! [`run`] serves until it is asked to end. A delivery is answered 200 only when every record of it is acknowledged by
//! Kafka with acks=all.

mod acceptor;
mod answer;
mod body;
mod body_memory;
mod breaker;
mod delivery;
mod durable;
mod fairness;
mod framing;
mod gate;
mod handshake;
mod incidents;
mod kafka;
mod keyring;
mod limit_metrics;
mod metrics;
mod publisher;
mod reload;
mod secrets;
mod server;
pub mod settings;
mod signature;
pub mod spool;
mod webhook;

pub use secrets::Secret;
pub use server::{ServeError, run, serve};
pub use settings::{Limits, Settings};
pub use spool::OpenError;
