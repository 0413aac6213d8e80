//! The limits of the public port: connections, time, bytes.

use runtime::settings::{Reader, form};
use std::time::Duration;

/// The flags of the limits at the public port.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Limits of the public port")]
pub struct LimitArgs {
    /// Maximum number of connections; at the limit, the oldest one without a recent signed request is evicted, and if every
    /// one has a signed request in progress, the new one is answered 503
    #[arg(long, env = "WEIR_MAX_CONNECTIONS", default_value = "4000", value_name = "COUNT")]
    max_connections: Option<String>,

    /// Timeout for the first byte of a new connection
    #[arg(long, env = "WEIR_FIRST_BYTE_TIMEOUT", default_value = "5s", value_name = "DURATION")]
    first_byte_timeout: Option<String>,

    /// Timeout for the head of a request, from its first byte
    #[arg(long, env = "WEIR_HEADER_TIMEOUT", default_value = "5s", value_name = "DURATION")]
    header_timeout: Option<String>,

    /// Timeout for the next request of a connection, and for the client to read a response; set it higher than the load
    /// balancer's, so that the balancer closes first
    #[arg(long, env = "WEIR_IDLE_TIMEOUT", default_value = "75s", value_name = "DURATION")]
    idle_timeout: Option<String>,

    /// Maximum size of a request head, and of the read buffer; a larger head is answered 431
    #[arg(long, env = "WEIR_MAX_HEADER_BYTES", default_value = "16KiB", value_name = "BYTES")]
    max_header_bytes: Option<String>,

    /// Maximum number of header lines; more are answered 431
    #[arg(long, env = "WEIR_MAX_HEADERS", default_value = "100", value_name = "COUNT")]
    max_headers: Option<String>,

    /// Timeout for receiving a body
    #[arg(long, env = "WEIR_BODY_TIMEOUT", default_value = "5s", value_name = "DURATION")]
    body_timeout: Option<String>,

    /// Minimum average rate of a body in bytes per second, after its first second; a slower one is answered 408
    #[arg(long, env = "WEIR_BODY_MIN_RATE", default_value = "1KiB", value_name = "BYTES")]
    body_min_rate: Option<String>,

    /// Maximum bytes of all bodies together; at the limit, an unauthenticated body over its equal share is evicted, and
    /// if there is none, the new one is answered 503
    #[arg(long, env = "WEIR_MAX_BODY_BYTES_IN_FLIGHT", default_value = "64MiB", value_name = "BYTES")]
    max_body_bytes_in_flight: Option<String>,
}

/// The checked values of [`LimitArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of connections.
    pub max_connections: usize,
    /// Timeout for the first byte of a new connection.
    pub first_byte_timeout: Duration,
    /// Timeout for a head, from its first byte.
    pub header_timeout: Duration,
    /// Timeout for the next request, and for the client to read a response.
    pub idle_timeout: Duration,
    /// Maximum size of a head, in bytes.
    pub max_header_bytes: usize,
    /// Maximum number of header lines.
    pub max_headers: usize,
    /// Timeout for receiving a body.
    pub body_timeout: Duration,
    /// Minimum rate of a body in bytes per second, after its first second.
    pub body_min_rate: u64,
    /// Maximum bytes of all bodies together.
    pub max_body_bytes_in_flight: usize,
}

impl Default for Limits {
    /// The defaults of `--help`.
    fn default() -> Self {
        Self {
            max_connections: 4_000,
            first_byte_timeout: Duration::from_secs(5),
            header_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(75),
            max_header_bytes: 16 << 10,
            max_headers: 100,
            body_timeout: Duration::from_secs(5),
            body_min_rate: 1 << 10,
            max_body_bytes_in_flight: 64 << 20,
        }
    }
}

impl Limits {
    /// Reads and checks them, noting every problem; `max_body` has to fit into the bytes in flight.
    pub(super) fn read(reader: &mut Reader<'_>, max_body: Option<usize>) -> Option<Self> {
        let connections = reader.required("max_connections", &form::count(1..=1_000_000).narrow());
        let first_byte_timeout = reader.required("first_byte_timeout", &super::between(100, 3_600_000));
        let header_timeout = reader.required("header_timeout", &super::between(100, 3_600_000));
        let idle_timeout = reader.required("idle_timeout", &super::between(100, 3_600_000));
        // hyper's buffer is 8 KiB at least.
        let header_bytes = reader.required("max_header_bytes", &form::bytes(8 << 10..=64 << 10).narrow());
        let max_headers = reader.required("max_headers", &form::count(10..=1_000).narrow());
        let body_timeout = reader.required("body_timeout", &super::between(100, 60_000));
        let body_min_rate = reader.required("body_min_rate", &form::bytes(1..=1 << 20));
        let in_flight = reader.required("max_body_bytes_in_flight", &form::bytes(1024..=64 << 30).narrow());
        if let (Some(in_flight), Some(max_body)) = (in_flight, max_body)
            && in_flight < max_body
        {
            reader.problem(
                "max_body_bytes_in_flight",
                "at least as much as --max-body, or no large body is ever taken",
            );
        }
        Some(Self {
            max_connections: connections?,
            first_byte_timeout: first_byte_timeout?,
            header_timeout: header_timeout?,
            idle_timeout: idle_timeout?,
            max_header_bytes: header_bytes?,
            max_headers: max_headers?,
            body_timeout: body_timeout?,
            body_min_rate: body_min_rate?,
            max_body_bytes_in_flight: in_flight?,
        })
    }
}
