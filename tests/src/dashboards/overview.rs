//! Is it working? The promises, what flows, and what is in the way.

use super::{Dashboard, Row, Unit, lines, number, row, stack};

const PROMISES: Row = row(
    "The three promises",
    &[
        number(
            "Refused",
            "Share of deliveries answered 503 in the last hour. The objective is below 0.1 %.",
            Unit::Share,
            (0.001, 0.0144),
            &[("weir:deliveries_refused:ratio_rate1h{#}", "")],
        ),
        number(
            "Answered late",
            "Share of deliveries that took more than 1 s to be durable in the last hour. The objective is below 0.1 %.",
            Unit::Share,
            (0.001, 0.0144),
            &[("weir:answers_late:ratio_rate1h{#}", "")],
        ),
        number(
            "Events late",
            "Share of events that a consumer had later than 30 s after their receipt in the last hour. The objective is below 0.1 %.",
            Unit::Share,
            (0.001, 0.0144),
            &[("weir:events_late:ratio_rate1h{#}", "")],
        ),
        number(
            "In spools",
            "Deliveries that were answered 200 and wait for Kafka.",
            Unit::Short,
            (1.0, 10_000.0),
            &[("sum(weir_spool_deliveries{@})", "")],
        ),
        number(
            "Largest lag",
            "Age of what the slowest consumer handles now.",
            Unit::Seconds,
            (30.0, 300.0),
            &[("max(weir_consumer_lag_seconds{@})", "")],
        ),
        number(
            "Processes down",
            "Processes whose metrics cannot be read.",
            Unit::Short,
            (1.0, 1.0),
            &[(r#"count(up{job=~"weir-.+",#} == 0) or vector(0)"#, "")],
        ),
    ],
);
const FLOW: Row = row(
    "What flows",
    &[
        stack(
            "Answers",
            "Requests a second by status. 401 is answered to what Meta did not sign.",
            Unit::PerSecond,
            &[("sum by (status) (rate(weir_ingest_requests_total{@}[$__rate_interval])) > 0", "{{status}}")],
        ),
        stack(
            "Deliveries",
            "Verified deliveries a second by what became of them.",
            Unit::PerSecond,
            &[("sum by (path) (rate(weir_ingest_deliveries_total{@}[$__rate_interval]))", "{{path}}")],
        ),
        stack(
            "Events",
            "Events a second by kind, as consumers have them.",
            Unit::PerSecond,
            &[("sum by (kind) (rate(weir_metrics_events_total{@}[$__rate_interval]))", "{{kind}}")],
        ),
        lines(
            "Time to answer",
            "From a verified delivery to its being durable.",
            Unit::Seconds,
            &[
                (
                    "histogram_quantile(0.5, sum by (le) (rate(weir_ingest_ack_seconds_bucket{@}[$__rate_interval])))",
                    "half are faster",
                ),
                (
                    "histogram_quantile(0.99, sum by (le) (rate(weir_ingest_ack_seconds_bucket{@}[$__rate_interval])))",
                    "99 % are faster",
                ),
            ],
        ),
        lines(
            "Age of events",
            "From the receipt of a delivery to when a consumer has its event.",
            Unit::Seconds,
            &[
                (
                    "histogram_quantile(0.5, sum by (le) (rate(weir_metrics_event_age_seconds_bucket{@}[$__rate_interval])))",
                    "half are younger",
                ),
                (
                    "histogram_quantile(0.99, sum by (le) (rate(weir_metrics_event_age_seconds_bucket{@}[$__rate_interval])))",
                    "99 % are younger",
                ),
            ],
        ),
        lines(
            "Lag",
            "Records that wait, by consumer.",
            Unit::Short,
            &[("sum by (job) (weir_consumer_lag_records{@})", "{{job}}")],
        ),
    ],
);
const TROUBLE: Row = row(
    "What is in the way",
    &[
        lines(
            "Spools",
            "How full the spools are.",
            Unit::Share,
            &[("weir_spool_bytes{@} / weir_spool_max_bytes{@}", "{{instance}}")],
        ),
        lines(
            "Dead letters",
            "Records a second that nobody could handle; none is usual.",
            Unit::PerSecond,
            &[
                (
                    "sum by (reason) (rate(weir_ingest_dead_letters_total{@}[$__rate_interval]))",
                    "ingest: {{reason}}",
                ),
                (
                    "sum by (job, reason) (rate(weir_consumer_dead_letters_total{@}[$__rate_interval]))",
                    "{{job}}: {{reason}}",
                ),
            ],
        ),
        lines(
            "Silence",
            "Time since the last event of the ten accounts that have been quiet longest.",
            Unit::Seconds,
            &[("topk(10, min by (account) (weir_metrics_account_silence_seconds{@}))", "{{account}}")],
        ),
        lines(
            "Processor",
            "Processors in use by process.",
            Unit::Short,
            &[("rate(process_cpu_seconds_total{@}[$__rate_interval])", "{{job}} {{instance}}")],
        ),
        lines(
            "Memory",
            "Memory in use by process.",
            Unit::Bytes,
            &[("process_resident_memory_bytes{@}", "{{job}} {{instance}}")],
        ),
        lines(
            "Versions",
            "How many processes run of each version.",
            Unit::Short,
            &[("sum by (name, version) (weir_build_info{@})", "{{name}} {{version}}")],
        ),
    ],
);
pub(super) const DASHBOARD: Dashboard = Dashboard {
    uid: "weir-overview",
    title: "Weir / Overview",
    description: "Whether deliveries are taken, answered in time and typed in time, and what is in the way.",
    rows: &[PROMISES, FLOW, TROUBLE],
};
