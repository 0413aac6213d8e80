//! Test support: a real Apache Kafka, the real binaries, and what a test does to both.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use std::time::Duration;
//! use weir_tests::{kafka::Kafka, process::Binary, reader, signed::Sender, topics};
//!
//! let kafka = Kafka::start().await?;
//! topics::create(kafka.bootstrap(), &["meta.webhooks.raw.v1"], 12).await?;
//! let [port] = weir_tests::ports::free()?;
//! let listen = format!("127.0.0.1:{port}");
//! let mut ingest = Binary::start("weir-ingest", &["--listen", &listen], &[("WEIR_BROKERS", kafka.bootstrap())])?;
//! ingest.ready("http://127.0.0.1:9090/readyz", Duration::from_secs(10)).await?;
//! let answer = Sender::new(&format!("http://{listen}/webhook"), b"secret")?.post(b"{}").await?;
//! assert_eq!(answer.status, 200);
//! assert_eq!(reader::read(kafka.bootstrap(), "meta.webhooks.raw.v1").await?.len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! Everything that was started ends with the value that stands for it, and with the test's process if that is killed.

pub mod alertmanager;
pub mod azure;
pub mod catalogue;
pub mod cdn;
mod certificates;
pub mod chart;
pub mod collector;
pub mod composed;
pub mod dashboards;
pub mod edge;
pub mod filled;
pub mod fixtures;
pub mod foreign;
pub mod generated;
pub mod guarded;
pub mod history;
pub mod http;
pub mod image;
pub mod kafka;
mod log_tail;
pub mod machine;
pub mod manifests;
pub mod manual;
pub mod mounted;
pub mod mutual;
pub mod oracle;
pub mod page;
pub mod pipeline;
pub mod ports;
pub mod process;
pub mod prometheus;
pub mod promql;
pub mod reader;
pub mod s3;
pub mod secured;
pub mod shipped;
pub mod signed;
pub mod spool_matrix;
pub mod token_authority;
pub mod topics;
pub mod typed;
pub mod until;
pub mod vitals;
pub mod writer;
pub mod yaml;
