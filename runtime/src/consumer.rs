//! Records in: handled in order per partition, acknowledged only after the work is safe.
//!
//! One thread polls Kafka and is the only one to touch the client. Each assigned partition has a bounded
//! queue and a worker task; a full queue pauses its partition, nothing else. An offset is stored once the
//! record's outputs, or its dead letter, are acknowledged, and only for the contiguous prefix.

mod assignment;
mod attempt;
mod bell;
mod board;
mod bury;
mod connection;
mod context;
mod error;
mod handler;
mod metrics;
mod options;
mod pipeline;
mod poll;
mod progress;
mod read;
mod read_error;
mod reader;
mod record;
mod rejects;
mod run;
mod slot;
mod spans;
mod stall;
mod tail;
mod traced;
mod verdict;
mod wait;
mod watch;
mod window;
mod work;
mod worker;

pub use error::ConsumerError;
pub use handler::{Failure, Handler};
pub use options::ConsumerOptions;
pub use read::read;
pub use read_error::ReadError;
pub use reader::{Read, ReadAhead, TopicReader};
pub use record::{Output, Record};
pub use run::run;
pub use tail::{OffsetRange, Tail, TailError, TailReader};
pub use wait::{Wait, Waits};
