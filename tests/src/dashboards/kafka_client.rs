//! What librdkafka says of its work, in every process.

use super::{Dashboard, Row, Unit, lines, row};

const BROKERS: Row = row(
    "Brokers",
    &[
        lines(
            "Connected",
            "Brokers that each process is connected to.",
            Unit::Short,
            &[("weir_kafka_brokers_up{@}", "{{job}} {{instance}}")],
        ),
        lines(
            "Round trip",
            "Of the slowest broker, 99th percentile.",
            Unit::Seconds,
            &[("weir_kafka_round_trip_seconds{@}", "{{job}} {{instance}}")],
        ),
        lines(
            "Sent again",
            "Requests a second that were sent again.",
            Unit::PerSecond,
            &[("rate(weir_kafka_request_retries_total{@}[$__rate_interval])", "{{job}} {{instance}}")],
        ),
        lines(
            "Certificates end in",
            "Time that is left of the client's certificate and of the last authority that it trusts.",
            Unit::Seconds,
            &[(
                "min by (job, certificate) (weir_kafka_certificate_expiry_timestamp_seconds{@}) - time()",
                "{{job}} {{certificate}}",
            )],
        ),
        lines(
            "Credentials read anew",
            "Times that files of --kafka-config had changed and clients were made anew.",
            Unit::Short,
            &[(
                "increase(weir_kafka_credentials_renewed_total{@}[$__rate_interval])",
                "{{job}} {{instance}}",
            )],
        ),
    ],
);
const PRODUCER: Row = row(
    "Producer",
    &[
        lines(
            "In flight",
            "Records that are not acknowledged yet.",
            Unit::Short,
            &[("weir_producer_in_flight{@}", "{{job}} {{instance}}")],
        ),
        lines(
            "Queue",
            "Bytes of records that wait in the client.",
            Unit::Bytes,
            &[("weir_kafka_queue_bytes{@}", "{{job}} {{instance}}")],
        ),
        lines(
            "Replaced",
            "Clients that could never send again and were replaced.",
            Unit::Short,
            &[(
                "sum by (job, reason) (increase(weir_producer_rebuilt_total{@}[$__rate_interval]))",
                "{{job}} {{reason}}",
            )],
        ),
        lines(
            "Records in the queue",
            "Records that wait in the client.",
            Unit::Short,
            &[("weir_kafka_queue_records{@}", "{{job}} {{instance}}")],
        ),
    ],
);
const SYSTEM: Row = row(
    "Process",
    &[
        lines(
            "Processor",
            "Processors in use.",
            Unit::Short,
            &[("rate(process_cpu_seconds_total{@}[$__rate_interval])", "{{job}} {{instance}}")],
        ),
        lines(
            "Memory",
            "Memory in use.",
            Unit::Bytes,
            &[("process_resident_memory_bytes{@}", "{{job}} {{instance}}")],
        ),
        lines(
            "Open files",
            "Share of the file descriptors in use, connections included.",
            Unit::Share,
            &[("process_open_fds{@} / process_max_fds{@}", "{{job}} {{instance}}")],
        ),
        lines(
            "Spans of traces",
            "Spans a second: exported, refused by the collector, or dropped for want of room.",
            Unit::PerSecond,
            &[(
                "sum by (job, result) (rate(weir_trace_spans_total{@}[$__rate_interval]))",
                "{{job}} {{result}}",
            )],
        ),
    ],
);
pub(super) const DASHBOARD: Dashboard = Dashboard {
    uid: "weir-kafka-client",
    title: "Weir / Kafka client",
    description: "How every process gets on with Kafka, and what it takes of the machine.",
    rows: &[BROKERS, PRODUCER, SYSTEM],
};
