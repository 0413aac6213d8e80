//! What every process of Weir runs on: Kafka in and out, settings, telemetry, the admin port, shutdown.
//!
//! Nothing here knows of Meta: topics are strings, payloads are bytes. Nothing here is global but the
//! subscriber that [`process::run_consumer`] installs, so several workloads can live in one process.

pub mod admin;
pub mod aside;
pub mod backoff;
pub mod connections;
pub mod consumer;
pub mod credentials;
pub mod dead_letter;
pub mod health;
mod kafka_log;
pub mod memory_limit;
pub mod metrics;
mod panics;
pub mod ports;
pub mod process;
pub mod producer;
pub mod secret_files;
pub mod settings;
pub mod shutdown;
pub mod telemetry;
pub mod throttle;
pub mod timed_stream;
pub mod topics;
