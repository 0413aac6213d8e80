//! A 200 can be trusted whatever dies in between: load, a fault, and a judge who reads the topics afterwards.

#![cfg(feature = "everything")]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test, as it should")]

mod broker;
mod disk;
mod killed;
mod rig;
mod spool;
