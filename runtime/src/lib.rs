//! What every process of Weir runs on: Kafka in and out, settings, telemetry, the admin port, shutdown.
//!
//! Nothing here knows of Meta: topics are strings, payloads are bytes. Nothing here is global but the allocator and the
//! subscriber that [`process::run_consumer`] installs, so several workloads can live in one process.

pub mod backoff;
pub mod blocking;
pub mod consumer;
pub mod hex;
pub mod http;
pub mod kafka;
pub mod metrics;
pub mod mutex;
pub mod process;
pub mod producer;
pub mod secret_files;
pub mod settings;
pub mod telemetry;
pub mod throttle;
