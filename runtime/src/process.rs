//! A process: who it is, what its parts share, how it starts and ends.

mod allocator;
mod entry;
mod panics;

pub mod health;
pub mod memory_limit;
pub mod shutdown;
pub mod steady_clock;
pub mod supervisor;

use std::error::Error;
use std::sync::Arc;

use prometheus::Registry;

pub use entry::{
    command, print_clap_error, print_error, print_unknown_variables, run_consumer, run_listening, settings,
};

use self::health::Health;
use self::shutdown::Shutdown;
use crate::kafka::credentials::Credentials;
use crate::kafka::quota::QuotaWatch;
use crate::metrics;

/// Who a process is; constants of the binary.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Name of the binary, of the consumer group and of the Kafka client.
    pub name: &'static str,
    /// Version of the package.
    pub version: &'static str,
    /// One line for `--help`.
    pub description: &'static str,
}

/// What the parts of a workload share; several can live side by side in one process.
#[derive(Clone, Debug)]
pub struct Process {
    /// Name of the binary, of the consumer group and of the Kafka client.
    pub name: &'static str,
    /// Version of the package.
    pub version: &'static str,
    /// The metrics that the admin port shows.
    pub registry: Registry,
    /// The checks that the admin port's probes answer from.
    pub health: Health,
    /// The request to end.
    pub shutdown: Shutdown,
    /// Tells of other files of credentials.
    pub credentials: Credentials,
    /// How long brokers have its producers wait.
    pub quota: Arc<QuotaWatch>,
}

impl Process {
    /// A process of its own registry, checks and shutdown.
    pub fn new(name: &'static str, version: &'static str) -> Self {
        let shutdown = Shutdown::new();
        let registry = Registry::new();
        metrics::build_info(&registry, name, version);
        metrics::of_the_system(&registry);
        let health = Health::new(shutdown.clone());
        let (credentials, quota) = (Credentials::default(), Arc::new(QuotaWatch::of_producers()));
        Self { name, version, registry, health, shutdown, credentials, quota }
    }
}

/// An error with its causes, `: ` between them; a cause that its parent already repeats is left out.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| {
        let next = cause.to_string();
        if text.contains(&next) { text } else { format!("{text}: {next}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_errors_reads_as_one_line() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot start")]
        struct Outer(#[source] std::io::Error);
        let error = Outer(std::io::Error::other("port is taken"));
        assert_eq!(chain(&error), "cannot start: port is taken");
    }
}
