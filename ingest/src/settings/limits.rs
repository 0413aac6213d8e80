//! The limits of the public port: connections, time, bytes.

use runtime::settings::{Form, form, with_default};
use std::time::Duration;

runtime::settings! {
    "Limits of the public port",
    /// The limits of the public port. `header` in a name is the whole head of a request, `headers` are the lines of it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Limits {
        /// Maximum number of connections; at the limit, the oldest one without a recent signed request is evicted, and if every
        /// one has a signed request in progress, the new one is answered 503
        pub max_connections: usize = with_default("COUNT", "4000", form::count(1..=1_000_000)),
        /// Timeout for the first byte of a new connection
        pub first_byte_timeout: Duration = with_default("DURATION", "5s", up_to_an_hour()),
        /// Timeout for the head of a request, from its first byte
        pub header_timeout: Duration = with_default("DURATION", "5s", up_to_an_hour()),
        /// Timeout for the next request of a connection, and for the client to read a response; set it higher than the load
        /// balancer's, so that the balancer closes first
        pub idle_timeout: Duration = with_default("DURATION", "75s", up_to_an_hour()),
        /// Maximum size of a request head, and of the read buffer; a larger head is answered 431
        // hyper's buffer is 8 KiB at least.
        pub max_header_bytes: usize = with_default("BYTES", "16KiB", form::bytes(8 << 10..=64 << 10)),
        /// Maximum number of header lines; more are answered 431
        pub max_headers: usize = with_default("COUNT", "100", form::count(10..=1_000)),
        /// Timeout for receiving a body, and for finding the app secret that signed it
        pub body_timeout: Duration = with_default("DURATION", "5s", form::millis(100..=60_000)),
        /// Minimum average rate of a body in bytes per second, after its first second; a slower one is answered 408
        pub body_min_rate: u64 = with_default("BYTES", "1KiB", form::bytes(1..=1 << 20)),
        /// Maximum bytes of all bodies together; at the limit, unauthenticated bodies are evicted with 503, those over an equal
        /// share first, and a new one is answered 503 only where authenticated bodies leave no room; one account may have an eighth
        /// of it waiting for Kafka, and as much for the spool
        pub max_body_bytes_in_flight: usize = with_default("BYTES", "64MiB", form::bytes(1024..=64 << 30)),
    }
}

fn up_to_an_hour() -> Form<Duration> {
    form::millis(100..=3_600_000)
}
