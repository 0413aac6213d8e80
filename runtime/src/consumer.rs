//! Records in: handled in order per partition, acknowledged only after the work is safe.
//!
//! One thread polls Kafka and is the only one to touch the client. Each assigned partition has a bounded
//! queue and a worker task; a full queue holds up its partition, nothing else. An offset is stored once the
//! record's outputs, or its dead letter, are acknowledged, and only for the contiguous prefix.
//!
//! To be read in this order: `run` is the life of a consumer and `poll` its thread, which `callbacks` tells of rebalances;
//! `partition` is what it holds, with the queue, the worker and the offsets of each; `record` is the way of one record through the
//! worker to its acknowledgement; `health` finds out what stands still; `reader` reads partitions without a group.

mod callbacks;
mod error;
mod handler;
mod hashed;
mod health;
mod metrics;
mod options;
mod partition;
mod poll;
mod reader;
mod record;
mod run;
mod session;
mod wait;
mod worker_context;

pub use error::ConsumerError;
pub use handler::{Failure, Handler, StallExemption};
pub use hashed::ByHash;
pub use options::ConsumerOptions;
pub use reader::error::{is_for_good, is_forbidden};
pub use reader::{OffsetRange, Read, ReadError, Tail, TailReader, TopicReader};
pub use record::{Headers, Output, Record, read};
pub use run::run;
pub use session::SessionBounds;
pub use wait::Wait;
