//! The metrics of events.

use crate::conversations::GivenUp;
use crate::observe::{LABELS, Observation};
use crate::unknown::UnknownNames;
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, Registry};
use runtime::metrics::{counters, counters_of, histogram, histograms};
use schemas::{Millis, TypedEvent};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// Upper bounds of ages in seconds: a healthy delivery is within the first few; Meta retries for 36 hours, and a
/// topic keeps events for a week.
const AGES: &[f64] = &[
    0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0, 43_200.0,
    129_600.0, 604_800.0,
];

/// Upper bounds of the time to an answer, in seconds: a bot's answer, a person's, a working day's, and the 24 hours that Meta allows.
const ANSWERS: &[f64] =
    &[1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 28_800.0, 57_600.0, 86_400.0];

/// Counters and histograms of events, by object, kind and carrier; and how long customers wait for an answer.
#[derive(Clone, Debug)]
pub(crate) struct EventMetrics {
    events: IntCounterVec,
    tests: IntCounterVec,
    age_at_receipt: HistogramVec,
    age: HistogramVec,
    duplicates: IntCounterVec,
    unknown: IntCounterVec,
    names: Arc<UnknownNames>,
    pub(crate) response: Histogram,
    given_up_window: IntCounter,
    given_up_full: IntCounter,
}

/// What is counted of events with the same labels: a row of such events looks each series up once.
#[derive(Debug)]
pub(crate) struct Series {
    labels: [Cow<'static, str>; 3],
    events: IntCounter,
    /// `None` until one of them has an age, as for [`Self::age`].
    age_at_receipt: Option<Histogram>,
    age: Option<Histogram>,
}

impl EventMetrics {
    /// Registers them.
    pub(crate) fn new(registry: &Registry) -> Self {
        let given_up = counters_of(
            registry,
            "weir_metrics_conversations_given_up_total",
            "Conversations in which no answer is waited for any more: window, none came within --response-window; full, \
             more than --open-conversations wait in a partition.",
            "reason",
            ["window", "full"],
        );
        Self {
            given_up_window: given_up.with_label_values(&["window"]),
            given_up_full: given_up.with_label_values(&["full"]),
            response: histogram(
                registry,
                "weir_metrics_response_seconds",
                "Time from a customer's first message without an answer to the account's first message after it.",
                ANSWERS,
            ),
            duplicates: counters(
                registry,
                "weir_metrics_duplicates_total",
                "Events that came again, as far as --remembered-events goes; they are among the events too.",
                &["object", "kind"],
            ),
            unknown: counters(
                registry,
                "weir_metrics_unknown_total",
                "Events without a kind by Meta's name of the field or member; other for all but the first 50 names.",
                &["field"],
            ),
            names: Arc::default(),
            events: counters(
                registry,
                "weir_metrics_events_total",
                "Events read from the typed topics, without those of the dashboard's test button.",
                LABELS,
            ),
            tests: counters(
                registry,
                "weir_metrics_test_events_total",
                "Events of the dashboard's test button; they are in no other metric of events.",
                LABELS,
            ),
            age_at_receipt: histograms(
                registry,
                "weir_metrics_event_age_at_receipt_seconds",
                "Time from when an event happened, as Meta says, to when ingest received it.",
                LABELS,
                AGES,
            ),
            age: histograms(
                registry,
                "weir_metrics_event_age_seconds",
                "Time from when ingest received an event to when a consumer had it.",
                LABELS,
                AGES,
            ),
        }
    }

    /// Adds an event at the instant `now` to the series of the `latest` one, where they are its own too. One of the test button is only
    /// counted, as its times are made up.
    pub(crate) fn add(&self, observation: &Observation<'_>, now: Millis, latest: &mut Option<Series>) {
        let labels = observation.labels();
        if observation.event.metatest {
            self.tests.with_label_values(&labels).inc();
            return;
        }
        latest.take_if(|series| series.labels != labels);
        let Series { labels, events, age_at_receipt, age } = latest.get_or_insert_with(|| {
            let events = self.events.with_label_values(&labels);
            Series { labels, events, age_at_receipt: None, age: None }
        });
        events.inc();
        let add = |all: &HistogramVec, known: &mut Option<Histogram>, age: Option<Duration>| {
            if let Some(age) = age {
                known.get_or_insert_with(|| all.with_label_values(labels)).observe(age.as_secs_f64());
            }
        };
        add(&self.age_at_receipt, age_at_receipt, observation.age_at_receipt());
        add(&self.age, age, observation.age(now));
    }

    /// Adds an event that came before.
    pub(crate) fn duplicate(&self, observation: &Observation<'_>) {
        let [object, kind, _] = observation.labels();
        self.duplicates.with_label_values(&[object, kind]).inc();
    }

    /// Adds conversations that are given up.
    pub(crate) fn given_up(&self, given_up: GivenUp) {
        // Workers of all partitions share them, so that to add nothing costs as much as to add one.
        if given_up.window > 0 {
            self.given_up_window.inc_by(given_up.window);
        }
        if given_up.full > 0 {
            self.given_up_full.inc_by(given_up.full);
        }
    }

    /// Adds an event without a kind.
    pub(crate) fn unknown(&self, event: &TypedEvent<'_>) {
        self.unknown.with_label_values(&[self.names.label(event)]).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::TextEncoder;

    /// What is shown after two events with these members.
    fn shown(members: &str) -> String {
        let registry = Registry::new();
        let metrics = EventMetrics::new(&registry);
        let value = format!(
            r#"{{"id":"0","source":"/meta","type":"com.meta.instagram.message.v1","recordedtime":"1970-01-01T00:00:01.000Z",
            {members}"metaobject":"instagram","metacarrier":"messaging","deliveryid":"0","data":{{}}}}"#
        );
        let (event, mut latest) = (TypedEvent::read(Some(value.as_bytes())).unwrap(), None);
        for _ in 0..2 {
            metrics.add(&Observation::of(&event), Millis::since_epoch(1_000), &mut latest);
        }
        TextEncoder::new().encode_to_string(&registry.gather()).unwrap()
    }

    #[test]
    fn an_event_is_counted_and_its_known_ages_are_measured() {
        let time = r#""time":"1970-01-01T00:00:00.300Z","#;
        let text = shown(time);
        let labels = r#"carrier="messaging",kind="message",object="instagram""#;
        assert!(text.contains(&format!("weir_metrics_events_total{{{labels}}} 2")), "{text}");
        assert!(text.contains(&format!("age_at_receipt_seconds_bucket{{{labels},le=\"0.5\"}} 0")), "{text}");
        assert!(text.contains(&format!("age_at_receipt_seconds_bucket{{{labels},le=\"1\"}} 2")), "{text}");
        assert!(text.contains(&format!("weir_metrics_event_age_seconds_sum{{{labels}}} 0")), "{text}");
        assert!(!shown("").contains("age_at_receipt"), "Meta does not say when it happened");
    }

    #[test]
    fn a_dashboard_test_is_counted_apart_and_distorts_no_age() {
        let text = shown(r#""metatest":true,"#);
        let labels = r#"carrier="messaging",kind="message",object="instagram""#;
        assert!(text.contains(&format!("weir_metrics_test_events_total{{{labels}}} 2")), "{text}");
        assert!(!text.contains("weir_metrics_events_total{"), "{text}");
        assert!(!text.contains("age_"), "{text}");
    }
}
