//! Calls to the Graph API: how many, how fast, how much of the quota is left.

use super::{Dashboard, Row, Unit, lines, row, stack};

const CALLS: Row = row(
    "Calls",
    &[
        stack(
            "By what came of them",
            "Calls a second by class.",
            Unit::PerSecond,
            &[("sum by (class) (rate(weir_lookups_calls_total{@}[$__rate_interval])) > 0", "{{class}}")],
        ),
        lines(
            "Time of a call",
            "How long the Graph API takes to answer.",
            Unit::Seconds,
            &[
                (
                    "histogram_quantile(0.5, sum by (le) (rate(weir_lookups_call_seconds_bucket{@}[$__rate_interval])))",
                    "half are faster",
                ),
                (
                    "histogram_quantile(0.99, sum by (le) (rate(weir_lookups_call_seconds_bucket{@}[$__rate_interval])))",
                    "99 % are faster",
                ),
            ],
        ),
        stack(
            "Enriched",
            "Enriched events a second by how their lookup went.",
            Unit::PerSecond,
            &[("sum by (status) (rate(weir_lookups_enriched_total{@}[$__rate_interval]))", "{{status}}")],
        ),
    ],
);
const QUOTA: Row = row(
    "Quota and tokens",
    &[
        lines(
            "Quota",
            "Share of the quota that Meta says is used. At 100 % it refuses calls for a while.",
            Unit::Percent,
            &[("max by (token, kind) (weir_graph_usage_percent{@})", "{{token}} {{kind}}")],
        ),
        lines(
            "Held back",
            "Seconds a second that calls waited for the quota.",
            Unit::Share,
            &[("sum by (job) (rate(weir_lookups_throttled_seconds_total{@}[$__rate_interval]))", "{{job}}")],
        ),
        lines(
            "Tokens",
            "Access tokens at hand, files that cannot be used, and tokens that are refused.",
            Unit::Short,
            &[
                ("weir_lookups_tokens{@}", "{{instance}} at hand"),
                ("weir_lookups_broken_token_files{@}", "{{instance}} broken files"),
                ("max by (account) (weir_graph_token_refused{@})", "{{account}} refused"),
            ],
        ),
    ],
);
pub(super) const DASHBOARD: Dashboard = Dashboard {
    uid: "weir-graph-api",
    title: "Weir / Graph API",
    description: "How the lookups and replies get on with the Graph API: calls, times, quota and tokens.",
    rows: &[CALLS, QUOTA],
};
