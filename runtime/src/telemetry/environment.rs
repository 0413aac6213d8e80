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
    /// What cannot be read, so that its default goes: the libraries, which read most of it, do not say so.
    pub(super) refused: Vec<Refused>,
}

/// A variable whose value is none of what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) variable: String,
    /// Its value, unless that may hold a key.
    pub(super) found: String,
    pub(super) expected: &'static str,
}

/// What the names of the exporter's variables begin with: that of traces comes before that of all signals.
const OF_TRACES: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_", "OTEL_EXPORTER_OTLP_"];

/// The variables of both names, and those of one, with what they take and whether a value is that.
const OF_EXPORTER: [Checked; 2] = [
    ("TIMEOUT", "a whole number of milliseconds", is_count),
    (HEADERS, "name=value, with commas between several, and values percent-encoded", is_headers),
];
const OF_SPANS: [Checked; 5] = [
    ("OTEL_TRACES_SAMPLER", SAMPLERS_EXPECTED, |value| SAMPLERS.contains(&value)),
    ("OTEL_TRACES_SAMPLER_ARG", "a number from 0 to 1, such as 0.01", is_ratio),
    ("OTEL_BSP_MAX_QUEUE_SIZE", "a whole number of spans", is_count),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "a whole number of spans", is_count),
    ("OTEL_BSP_SCHEDULE_DELAY", "a whole number of milliseconds", is_count),
];
const HEADERS: &str = "HEADERS";
const SAMPLERS: [&str; 6] = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];
const SAMPLERS_EXPECTED: &str = "always_on, always_off, traceidratio, or one of these after parentbased_";

type Checked = (&'static str, &'static str, fn(&str) -> bool);

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
        let of_traces =
            |name: &str| OF_TRACES.into_iter().find_map(|prefix| given(&format!("{prefix}{name}")));
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
            refused: refused(&given),
        })
    }
}

fn refused(given: &impl Fn(&str) -> Option<String>) -> Vec<Refused> {
    let of_exporter = OF_EXPORTER.into_iter().flat_map(|(name, expected, is_right)| {
        OF_TRACES.map(|prefix| (format!("{prefix}{name}"), expected, is_right))
    });
    let of_spans =
        OF_SPANS.into_iter().map(|(name, expected, is_right)| (name.to_owned(), expected, is_right));
    let refuse = |(variable, expected, is_right): (String, _, fn(&str) -> bool)| {
        // As the libraries take it, which trim nothing.
        let found = given(&variable).filter(|value| !is_right(value))?;
        let found = if variable.ends_with(HEADERS) { "(hidden)".to_owned() } else { found };
        Some(Refused { variable, found, expected })
    };
    of_exporter.chain(of_spans).filter_map(refuse).collect()
}

fn is_count(value: &str) -> bool {
    value.parse::<u64>().is_ok()
}

fn is_ratio(value: &str) -> bool {
    value.parse().is_ok_and(|ratio: f64| (0.0..=1.0).contains(&ratio))
}

fn is_headers(value: &str) -> bool {
    let is_header = |header: &str| header.split_once('=').is_some_and(|(name, _)| !name.trim().is_empty());
    value.split(',').all(is_header)
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
    fn what_cannot_be_read_is_named_with_its_form_and_without_a_key() {
        let wrong = [
            ENDPOINT,
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "secret"),
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratoi"),
            ("OTEL_TRACES_SAMPLER_ARG", "7"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "-1"),
            ("OTEL_BSP_SCHEDULE_DELAY", "500 "),
        ];
        let refused = read(&wrong).unwrap().refused;
        let mut named: Vec<_> = refused.iter().map(|refused| refused.variable.as_str()).collect();
        named.sort_unstable();
        let mut given: Vec<_> = wrong[1..].iter().map(|(name, _)| *name).collect();
        given.sort_unstable();
        assert_eq!(named, given);
        assert!(refused.iter().all(|refused| !refused.found.contains("secret")));
        let right = [
            ENDPOINT,
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b,x-team=shop"),
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.01"),
            ("OTEL_BSP_SCHEDULE_DELAY", "500"),
        ];
        assert_eq!(read(&right).unwrap().refused, []);
    }

    #[test]
    fn a_protocol_that_is_not_spoken_is_named() {
        let protocol =
            |value| read(&[ENDPOINT, ("OTEL_EXPORTER_OTLP_PROTOCOL", value)]).unwrap().foreign_protocol;
        assert_eq!(protocol("http/protobuf"), None);
        assert_eq!(protocol("grpc").as_deref(), Some("grpc"));
    }
}
