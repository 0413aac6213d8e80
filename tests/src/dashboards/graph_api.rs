//! Calls to the Graph API: how many, how fast, how much of the quota is left.

use super::{Dashboard, Row, Unit, lines, row, stack};

const LOOKUPS: Row = row(
    "Lookups",
    &[
        stack(
            "By what came of them",
            "Lookups a second by class.",
            Unit::PerSecond,
            &[("sum by (class) (rate(weir_lookups_calls_total{@}[$__rate_interval])) > 0", "{{class}}")],
        ),
        lines(
            "Time of a request",
            "How long the Graph API takes to answer; a batch is one request.",
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
        lines(
            "Known already",
            "Lookups a second whose media was known from an earlier answer.",
            Unit::PerSecond,
            &[("sum(rate(weir_lookups_from_cache_total{@}[$__rate_interval]))", "from the cache")],
        ),
        lines(
            "Waiting",
            "Lookups that wait to stay below Meta's limits.",
            Unit::Short,
            &[("sum by (instance) (weir_lookups_held{@})", "{{instance}}")],
        ),
        lines(
            "Held back",
            "Seconds a second that lookups waited for the quota.",
            Unit::Share,
            &[("sum by (job) (rate(weir_lookups_throttled_seconds_total{@}[$__rate_interval]))", "{{job}}")],
        ),
        lines(
            "Failed batches",
            "Batches a second that failed as a whole, whose lookups were sent again.",
            Unit::PerSecond,
            &[("sum by (class) (rate(weir_lookups_failed_batches_total{@}[$__rate_interval]))", "{{class}}")],
        ),
    ],
);
const REPLIES: Row = row(
    "Replies",
    &[
        stack(
            "Results",
            "Results of commands a second, by what was to be done and what became of it.",
            Unit::PerSecond,
            &[(
                "sum by (action, status) (rate(weir_replies_results_total{@}[$__rate_interval]))",
                "{{action}} {{status}}",
            )],
        ),
        lines(
            "Time of a call",
            "How long a call takes that carries out a command.",
            Unit::Seconds,
            &[
                (
                    "histogram_quantile(0.5, sum by (le) (rate(weir_replies_call_seconds_bucket{@}[$__rate_interval])))",
                    "half are faster",
                ),
                (
                    "histogram_quantile(0.99, sum by (le) (rate(weir_replies_call_seconds_bucket{@}[$__rate_interval])))",
                    "99 % are faster",
                ),
            ],
        ),
        lines(
            "Remembered",
            "Commands that are remembered, so that none is carried out twice.",
            Unit::Short,
            &[("weir_replies_remembered_commands{@}", "{{instance}}")],
        ),
        lines(
            "Duplicates",
            "Commands a second that were left out because one of the same id was carried out.",
            Unit::PerSecond,
            &[("sum(rate(weir_replies_duplicates_total{@}[$__rate_interval]))", "duplicates")],
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
            "Requests",
            "HTTP requests to the Graph API a second.",
            Unit::PerSecond,
            &[(
                "sum by (job, sort) (rate(weir_graph_requests_total{@}[$__rate_interval]))",
                "{{job}} {{sort}}",
            )],
        ),
        lines(
            "Tokens",
            "Access tokens at hand, files that cannot be used, and tokens that are refused.",
            Unit::Short,
            &[
                ("weir_graph_tokens{@}", "{{instance}} at hand"),
                ("weir_graph_broken_token_files{@}", "{{instance}} broken files"),
                ("max by (account) (weir_graph_token_refused{@})", "{{account}} refused"),
            ],
        ),
    ],
);
pub(super) const DASHBOARD: Dashboard = Dashboard {
    uid: "weir-graph-api",
    title: "Weir / Graph API",
    description: "How the lookups and replies get on with the Graph API: calls, times, quota and tokens.",
    rows: &[LOOKUPS, REPLIES, QUOTA],
};
