//! What OpenTelemetry's own variables say: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>.
//!
//! The libraries read the rest of them: `OTEL_TRACES_SAMPLER`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`,
//! `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_BSP_*` and the limits of spans.

use std::path::PathBuf;
use std::time::Duration;

/// Where spans go, and within which bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Environment {
    /// How long the collector may take to answer.
    pub(super) timeout: Duration,
    /// Spans that may wait for being exported; more are dropped.
    pub(super) queue: usize,
    /// Certificates that the collector's may be signed with, beside the well known ones: a PEM file.
    pub(super) certificate: Option<PathBuf>,
    /// A protocol that is not spoken.
    pub(super) foreign_protocol: Option<String>,
}

const TIMEOUT: Duration = Duration::from_secs(10);
const QUEUE: usize = 2048;
const PROTOCOL: &str = "http/protobuf";

impl Environment {
    /// Of this process; `None` where no traces are wanted.
    #[expect(clippy::disallowed_methods, reason = "these variables are the standard's, and have no flags")]
    pub(super) fn of_process() -> Option<Self> {
        Self::read(|name| std::env::var(name).ok())
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let given = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let of_traces = |name: &str| {
            given(&format!("OTEL_EXPORTER_OTLP_TRACES_{name}"))
                .or_else(|| given(&format!("OTEL_EXPORTER_OTLP_{name}")))
        };
        let is_disabled = given("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if is_disabled || given("OTEL_TRACES_EXPORTER").as_deref() == Some("none") {
            return None;
        }
        of_traces("ENDPOINT")?;
        let timeout = of_traces("TIMEOUT").and_then(|value| value.parse().ok());
        let queue = given("OTEL_BSP_MAX_QUEUE_SIZE").and_then(|value| value.parse().ok());
        Some(Self {
            timeout: timeout.map_or(TIMEOUT, Duration::from_millis),
            queue: queue.unwrap_or(QUEUE),
            certificate: of_traces("CERTIFICATE").map(PathBuf::from),
            foreign_protocol: of_traces("PROTOCOL").filter(|protocol| protocol != PROTOCOL),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Option<Environment> {
        Environment::read(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://traces:4318");

    #[test]
    fn without_an_endpoint_there_are_no_traces() {
        assert_eq!(read(&[("OTEL_SERVICE_NAME", "weir"), ("OTEL_EXPORTER_OTLP_ENDPOINT", " ")]), None);
        assert!(read(&[ENDPOINT]).is_some());
        assert!(read(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:4318/v1/traces")]).is_some());
    }

    #[test]
    fn what_turns_the_library_off_turns_traces_off() {
        assert_eq!(read(&[ENDPOINT, ("OTEL_SDK_DISABLED", "TRUE")]), None);
        assert_eq!(read(&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "none")]), None);
        assert!(
            read(&[ENDPOINT, ("OTEL_SDK_DISABLED", "false"), ("OTEL_TRACES_EXPORTER", "otlp")]).is_some()
        );
    }

    #[test]
    fn the_variable_of_traces_comes_before_the_one_of_all_signals() {
        let timeouts = [("OTEL_EXPORTER_OTLP_TIMEOUT", "900"), ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "300")];
        let read = |count| read(&[&[ENDPOINT], &timeouts[..count]].concat()).unwrap().timeout;
        assert_eq!(
            [read(0), read(1), read(2)],
            [TIMEOUT, Duration::from_millis(900), Duration::from_millis(300)]
        );
    }

    #[test]
    fn a_protocol_that_is_not_spoken_is_named() {
        let protocol =
            |value| read(&[ENDPOINT, ("OTEL_EXPORTER_OTLP_PROTOCOL", value)]).unwrap().foreign_protocol;
        assert_eq!(protocol("http/protobuf"), None);
        assert_eq!(protocol("grpc").as_deref(), Some("grpc"));
    }
}
