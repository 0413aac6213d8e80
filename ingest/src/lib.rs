//! The service that Meta's webhooks reach: accept, read, verify, split, publish, respond.
//!
//! [`serve`] runs until it is asked to end. A request runs through `webhook.rs`: `http` refuses what is no proper request,
//! `signature` verifies the body, `delivery` gives it an id, and `durable` has it acknowledged by `kafka` or written to
//! the `spool` before it is answered 200.

mod blocking_work;
mod delivery;
mod durable;
mod http;
mod kafka;
mod metrics;
mod server;
pub mod settings;
mod signature;
pub mod spool;
mod webhook;

pub use server::{ServeError, serve};
pub use settings::{Limits, ProducerKind, Settings};
pub use signature::{Secret, Secrets};
pub use spool::OpenError;
