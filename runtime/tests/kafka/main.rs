//! The runtime against the mock cluster that librdkafka brings along, over real sockets.

// The name under which the workspace knows it.
extern crate weir_runtime as runtime;

mod cluster;
mod codecs;
mod consecutive_dead_letters;
mod consumer;
mod failures;
mod handler;
mod killed;
mod producer;
mod rebalance;
mod rebuilt;
mod stall;
mod state;
mod storm;
mod tail;
