//! Settings: declared with clap, checked here, and all problems reported at once.
//!
//! A clap struct declares every flag as `Option<String>` (with `env` and, where there is one, a
//! `default_value`), so that clap itself never stops at the first bad value. [`Reader`] then turns
//! the values into checked ones and collects what is wrong with each.

mod consumer;
mod kafka;
mod problem;
mod process;
mod properties;
mod reader;

pub mod form;

pub use consumer::{ConsumerArgs, ConsumerSettings};
pub use form::Form;
pub use kafka::{KafkaArgs, KafkaSettings};
pub use problem::{Problem, Problems, Source};
pub use process::{CommonArgs, CommonSettings};
pub use reader::Reader;
