//! The door, the way to Kafka, and the spool.

use super::{Dashboard, Row, Unit, lines, row, stack};

const DOOR: Row = row(
    "The door",
    &[
        stack(
            "Answers",
            "Requests a second by method and status.",
            Unit::PerSecond,
            &[(
                "sum by (method, status) (rate(weir_ingest_requests_total{@}[$__rate_interval])) > 0",
                "{{method}} {{status}}",
            )],
        ),
        lines(
            "Signatures that fail",
            "Deliveries a second answered 401, by what was wrong.",
            Unit::PerSecond,
            &[(
                "sum by (reason) (rate(weir_ingest_signature_failures_total{@}[$__rate_interval]))",
                "{{reason}}",
            )],
        ),
        lines(
            "Unavailable",
            "Requests a second answered 503, by reason.",
            Unit::PerSecond,
            &[("sum by (reason) (rate(weir_ingest_unavailable_total{@}[$__rate_interval]))", "{{reason}}")],
        ),
        lines(
            "Refused by a limit",
            "Connections and requests a second that ran into a limit.",
            Unit::PerSecond,
            &[("sum by (limit) (rate(weir_ingest_refused_total{@}[$__rate_interval]))", "{{limit}}")],
        ),
        lines(
            "Connections",
            "Open connections.",
            Unit::Short,
            &[("weir_ingest_connections{@}", "{{instance}}")],
        ),
        lines(
            "Bodies",
            "Bytes of verified bodies a second.",
            Unit::BytesPerSecond,
            &[("sum(rate(weir_ingest_body_bytes_total{@}[$__rate_interval]))", "bytes")],
        ),
        lines(
            "Bodies in memory",
            "Bytes of bodies that are held now.",
            Unit::Bytes,
            &[("weir_ingest_body_bytes_in_flight{@}", "{{instance}}")],
        ),
        lines(
            "Not accepted",
            "Connections a second that the system could not hand over, for instance for want of file descriptors.",
            Unit::PerSecond,
            &[("rate(weir_ingest_accept_errors_total{@}[$__rate_interval])", "{{instance}}")],
        ),
        lines(
            "Secrets not reread",
            "Looks at the mounted secrets that found none, or a file that cannot be used.",
            Unit::PerSecond,
            &[("rate(weir_ingest_secret_reload_failures_total{@}[$__rate_interval])", "{{instance}}")],
        ),
    ],
);
const PUBLISH: Row = row(
    "To Kafka",
    &[
        stack(
            "Deliveries",
            "Verified deliveries a second by what became of them.",
            Unit::PerSecond,
            &[("sum by (path) (rate(weir_ingest_deliveries_total{@}[$__rate_interval]))", "{{path}}")],
        ),
        lines(
            "Time to durable",
            "From a verified delivery to the acknowledgement of its last record, or to its being stored.",
            Unit::Seconds,
            &[
                (
                    "histogram_quantile(0.5, sum by (le, path) (rate(weir_ingest_ack_seconds_bucket{@}[$__rate_interval])))",
                    "{{path}}, half are faster",
                ),
                (
                    "histogram_quantile(0.99, sum by (le, path) (rate(weir_ingest_ack_seconds_bucket{@}[$__rate_interval])))",
                    "{{path}}, 99 % are faster",
                ),
            ],
        ),
        stack(
            "Events",
            "Events a second in the deliveries, by kind.",
            Unit::PerSecond,
            &[("sum by (kind) (rate(weir_ingest_events_total{@}[$__rate_interval])) > 0", "{{kind}}")],
        ),
        lines(
            "Dead letters",
            "Signed bodies a second that are no deliveries, by reason.",
            Unit::PerSecond,
            &[("sum by (reason) (rate(weir_ingest_dead_letters_total{@}[$__rate_interval]))", "{{reason}}")],
        ),
        lines(
            "Breaker",
            "1 while deliveries go past Kafka to the spool at once.",
            Unit::Short,
            &[("weir_ingest_breaker_open{@}", "{{instance}}")],
        ),
        lines(
            "Breaker opened",
            "How often the breaker opened.",
            Unit::Short,
            &[("increase(weir_ingest_breaker_opened_total{@}[$__rate_interval])", "{{instance}}")],
        ),
    ],
);
const SPOOL: Row = row(
    "Spool",
    &[
        lines(
            "Deliveries that wait",
            "Answered 200, and not on Kafka yet.",
            Unit::Short,
            &[("weir_spool_deliveries{@}", "{{instance}}")],
        ),
        lines(
            "Room",
            "Bytes in the spool, and how many there may be.",
            Unit::Bytes,
            &[("weir_spool_bytes{@}", "{{instance}}"), ("weir_spool_max_bytes{@}", "{{instance}}, at most")],
        ),
        lines(
            "Oldest",
            "Age of the oldest delivery that waits.",
            Unit::Seconds,
            &[("weir_spool_oldest_seconds{@}", "{{instance}}")],
        ),
        lines(
            "Drained",
            "Deliveries a second that went from the spool to Kafka.",
            Unit::PerSecond,
            &[("rate(weir_spool_drained_total{@}[$__rate_interval])", "{{instance}}")],
        ),
        lines(
            "Time of a write",
            "One write of a batch with its fsync.",
            Unit::Seconds,
            &[(
                "histogram_quantile(0.99, sum by (le) (rate(weir_spool_write_seconds_bucket{@}[$__rate_interval])))",
                "99 % are faster",
            )],
        ),
        lines(
            "Trouble",
            "Deliveries that could not be stored, are set aside or lost, files that are drained where they lie, disks that fail.",
            Unit::Short,
            &[
                ("increase(weir_spool_write_failures_total{@}[$__rate_interval])", "{{instance}} not stored"),
                ("weir_spool_quarantined_total{@}", "{{instance}} damaged files"),
                ("weir_spool_retired_files{@}", "{{instance}} retired files"),
                ("weir_spool_lost_total{@}", "{{instance}} lost"),
                ("weir_spool_panics_total{@}", "{{instance}} panics"),
                ("weir_spool_set_aside{@}", "{{instance}} set aside"),
                ("1 - weir_spool_healthy{@}", "{{instance}} disk fails"),
            ],
        ),
    ],
);
pub(super) const DASHBOARD: Dashboard = Dashboard {
    uid: "weir-ingest",
    title: "Weir / Ingest",
    description: "What arrives, what is refused and why, how long it takes to be durable, and what waits in the spool.",
    rows: &[DOOR, PUBLISH, SPOOL],
};
