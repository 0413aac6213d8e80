//! Settings: declared with clap, checked here, and all problems reported at once.
//!
//! [`settings!`](crate::settings!) declares each flag as text (with its variable and default), so that clap itself never stops at the
//! first bad value. [`Reader`] then turns the values into checked ones and collects what is wrong with each.

mod consumer;
mod declare;
mod host_port;
mod kafka;
mod passwords;
mod problem;
mod process;
mod properties;
mod reader;
mod unknown;

pub mod form;
pub mod presence;

pub use clap::Command;
pub use consumer::ConsumerSettings;
pub use declare::{Setting, defaults, fixed, optional, part, required, with_default};
pub use form::Form;
pub use host_port::is_host_port;
pub use kafka::KafkaSettings;
pub use passwords::without_passwords;
pub use problem::{Problem, Problems, Source};
pub use process::CommonSettings;
pub(crate) use properties::NAMING as PROPERTIES_OF_FILES;
pub use reader::Reader;
pub(crate) use unknown::{ARE_UNKNOWN, no_text_here, unknown_here};
pub use unknown::{name_unknown, unknown};
