//! What the consumers do, how far behind they are, and what they cannot handle.

use super::{Dashboard, Row, Unit, lines, row, stack};

const EVERY: Row = row(
    "Every consumer",
    &[
        stack(
            "Records",
            "Records a second that are done, by consumer.",
            Unit::PerSecond,
            &[("sum by (job) (rate(weir_consumer_records_total{@}[$__rate_interval]))", "{{job}}")],
        ),
        lines(
            "Lag in records",
            "Records that are not done yet, by topic.",
            Unit::Short,
            &[("sum by (job, topic) (weir_consumer_lag_records{@})", "{{job}} {{topic}}")],
        ),
        lines(
            "Lag in time",
            "Age of what is handled now, while there is a lag.",
            Unit::Seconds,
            &[("max by (job, topic) (weir_consumer_lag_seconds{@})", "{{job}} {{topic}}")],
        ),
        lines(
            "Time of an attempt",
            "How long one attempt at a record takes.",
            Unit::Seconds,
            &[
                (
                    "histogram_quantile(0.5, sum by (le, job) (rate(weir_consumer_handle_seconds_bucket{@}[$__rate_interval])))",
                    "{{job}}, half are faster",
                ),
                (
                    "histogram_quantile(0.99, sum by (le, job) (rate(weir_consumer_handle_seconds_bucket{@}[$__rate_interval])))",
                    "{{job}}, 99 % are faster",
                ),
            ],
        ),
        lines(
            "Failed attempts",
            "Attempts a second that failed, by class, and those that were repeated.",
            Unit::PerSecond,
            &[
                (
                    "sum by (job, class) (rate(weir_consumer_failures_total{@}[$__rate_interval]))",
                    "{{job}} {{class}}",
                ),
                ("sum by (job) (rate(weir_consumer_retries_total{@}[$__rate_interval]))", "{{job}} again"),
            ],
        ),
        lines(
            "Dead letters",
            "Records a second given to the dead letters.",
            Unit::PerSecond,
            &[(
                "sum by (job, topic, reason) (rate(weir_consumer_dead_letters_total{@}[$__rate_interval]))",
                "{{job}} {{topic}}: {{reason}}",
            )],
        ),
        lines(
            "Partitions",
            "Partitions read, by process.",
            Unit::Short,
            &[("weir_consumer_assigned_partitions{@}", "{{job}} {{instance}}")],
        ),
        lines(
            "Full queues",
            "Partitions whose queue is full, and how often one became full: the work is slower than the topic.",
            Unit::Short,
            &[
                ("weir_consumer_paused_partitions{@}", "{{job}} {{instance}}"),
                (
                    "increase(weir_consumer_pauses_total{@}[$__rate_interval])",
                    "{{job}} {{instance}} became full",
                ),
            ],
        ),
        lines(
            "Waits",
            "Partitions with a lag whose next record waits on purpose, by what for.",
            Unit::Short,
            &[("sum by (job, reason) (weir_consumer_waiting_partitions{@})", "{{job}} {{reason}}")],
        ),
        lines(
            "Unreadable",
            "Partitions that stand still since what comes next can never be read, and fetches of such.",
            Unit::Short,
            &[
                ("sum by (job, topic) (weir_consumer_unreadable_partitions{@})", "{{job}} {{topic}}"),
                (
                    "increase(weir_consumer_fetch_errors_total{@}[$__rate_interval])",
                    "{{job}} {{instance}} fetches",
                ),
            ],
        ),
        lines(
            "Rebalances",
            "How often partitions moved, and processes that have stopped.",
            Unit::Short,
            &[
                ("increase(weir_consumer_rebalances_total{@}[$__rate_interval])", "{{job}} {{instance}}"),
                (
                    "increase(weir_consumer_rebuilt_total{@}[$__rate_interval])",
                    "{{job}} {{instance}} built anew",
                ),
                ("weir_consumer_stopped{@}", "{{job}} {{instance}} stopped"),
            ],
        ),
    ],
);
const MESSAGES: Row = row(
    "Messages",
    &[
        stack(
            "Inbox",
            "Inbox records a second by event.",
            Unit::PerSecond,
            &[("sum by (event) (rate(weir_messages_events_total{@}[$__rate_interval])) > 0", "{{event}}")],
        ),
        lines(
            "Left out",
            "Events a second that have no place in an inbox, by kind.",
            Unit::PerSecond,
            &[("sum by (kind) (rate(weir_messages_skipped_total{@}[$__rate_interval]))", "{{kind}}")],
        ),
        lines(
            "Duplicates",
            "Events a second that had been published already.",
            Unit::PerSecond,
            &[("sum(rate(weir_messages_duplicates_total{@}[$__rate_interval]))", "duplicates")],
        ),
        lines(
            "Forgotten early",
            "Events a second that are forgotten before the window is over; a duplicate of one of them would be published.",
            Unit::PerSecond,
            &[("rate(weir_messages_recent_full_total{@}[$__rate_interval])", "{{instance}}")],
        ),
        lines(
            "Time to read back",
            "How long a partition's past is read back before its first record.",
            Unit::Seconds,
            &[(
                "histogram_quantile(0.99, sum by (le) (rate(weir_messages_rebuild_seconds_bucket{@}[$__rate_interval])))",
                "99 % are faster",
            )],
        ),
    ],
);
const EVENTS: Row = row(
    "Events",
    &[
        stack(
            "By object and kind",
            "Events a second, without those of the dashboard's test button.",
            Unit::PerSecond,
            &[(
                "sum by (object, kind) (rate(weir_metrics_events_total{@}[$__rate_interval]))",
                "{{object}} {{kind}}",
            )],
        ),
        lines(
            "Age at receipt",
            "From when an event happened, as Meta says, to its receipt: Meta's own delay and its retries.",
            Unit::Seconds,
            &[
                (
                    "histogram_quantile(0.5, sum by (le, object) (rate(weir_metrics_event_age_at_receipt_seconds_bucket{@}[$__rate_interval])))",
                    "{{object}}, half are younger",
                ),
                (
                    "histogram_quantile(0.99, sum by (le, object) (rate(weir_metrics_event_age_at_receipt_seconds_bucket{@}[$__rate_interval])))",
                    "{{object}}, 99 % are younger",
                ),
            ],
        ),
        lines(
            "Test button",
            "Events a second of the test button in Meta's dashboard.",
            Unit::PerSecond,
            &[("sum by (kind) (rate(weir_metrics_test_events_total{@}[$__rate_interval]))", "{{kind}}")],
        ),
        lines(
            "Response time",
            "From a message of a person to the account's answer.",
            Unit::Seconds,
            &[
                (
                    "histogram_quantile(0.5, sum by (le) (rate(weir_metrics_response_seconds_bucket{@}[$__rate_interval])))",
                    "half are faster",
                ),
                (
                    "histogram_quantile(0.9, sum by (le) (rate(weir_metrics_response_seconds_bucket{@}[$__rate_interval])))",
                    "90 % are faster",
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
            "Stories",
            "Figures of the last expired story.",
            Unit::Short,
            &[("max by (account, metric) (weir_metrics_story_insight{@})", "{{account}} {{metric}}")],
        ),
        lines(
            "Come again",
            "Events a second that came again, by kind: Meta's retries.",
            Unit::PerSecond,
            &[(
                "sum by (object, kind) (rate(weir_metrics_duplicates_total{@}[$__rate_interval]))",
                "{{object}} {{kind}}",
            )],
        ),
        lines(
            "Without a kind",
            "Events a second that have no kind yet, by Meta's name of the field.",
            Unit::PerSecond,
            &[("sum by (field) (rate(weir_metrics_unknown_total{@}[$__rate_interval]))", "{{field}}")],
        ),
        lines(
            "Accounts",
            "Accounts that events came of since the start of each process.",
            Unit::Short,
            &[("weir_metrics_accounts{@}", "{{instance}}")],
        ),
        lines(
            "Not answered",
            "Conversations a second in which no answer is waited for any more, by reason.",
            Unit::PerSecond,
            &[(
                "sum by (reason) (rate(weir_metrics_conversations_given_up_total{@}[$__rate_interval]))",
                "{{reason}}",
            )],
        ),
    ],
);
pub(super) const DASHBOARD: Dashboard = Dashboard {
    uid: "weir-consumers",
    title: "Weir / Consumers",
    description: "What the consumers do, how far behind they are, what fails, and what the events say.",
    rows: &[EVERY, MESSAGES, EVENTS],
};
