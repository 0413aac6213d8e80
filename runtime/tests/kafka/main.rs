//! The runtime against the mock cluster that librdkafka brings along, over real sockets.

// The name under which the workspace knows it.
extern crate weir_runtime as runtime;

mod cluster;
mod codecs;
mod consumer;
mod handler;
mod killed;
mod producer;
mod rebalance;
mod rebuilt;
mod rejects;
mod stall;
mod storm;
mod tail;
mod trouble;
