//! What a replay prints, within 80 columns and as JSON.

use super::*;
use crate::replay::settings::{Period, Scope};
use crate::screen::Printed;
use crate::tool::settings::EventLimits;
use runtime::settings::KafkaSettings;

fn settings(apply: bool) -> ReplaySettings {
    ReplaySettings {
        kafka: KafkaSettings::plain("kafka:9092"),
        period: Period {
            since: Millis::since_epoch(1_569_262_485_349),
            until: Millis::since_epoch(1_569_262_486_000),
        },
        scope: Scope { account: None, kind: None, topics: Vec::new(), topic_prefix: "meta".to_owned() },
        apply,
        missing_only: false,
        no_diff: false,
        rate: 1,
        event_limits: EventLimits { max_events: 1, min_bytes_per_event: 1 },
        max_ids: 1,
        json: false,
    }
}

/// Three messages of which one is missing and one is a copy, a receipt, and a refused body.
fn report() -> Report {
    let mut report = Report { deliveries: 4, compared: true, ..Report::default() };
    let receipt = report.row(Topic::Receipts, "receipt.delivered".to_owned());
    report.count(receipt, true);
    report.rows[receipt].present = 1;
    let message = report.row(Topic::Messages, "message".to_owned());
    for is_new in [true, true, true, false] {
        report.count(message, is_new);
    }
    assert_eq!(report.row(Topic::Messages, "message".to_owned()), message);
    report.rows[message].present = 2;
    report.refuse(Some(Refusal::NotJson));
    report
}

fn printed(mut report: Report, settings: &ReplaySettings) -> String {
    let out = Printed::default();
    report.print(settings, &mut out.screen()).unwrap();
    out.text()
}

#[test]
fn a_dry_run_shows_what_is_missing_within_80_columns() {
    let text = printed(report(), &settings(false));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[..8],
        [
            "Deliveries from 2019-09-23T18:14:45.349Z until 2019-09-23T18:14:46.000Z",
            "TOPIC, KIND           EVENTS  PRESENT  MISSING  EXTRA",
            "meta.messages.v1",
            "  message                  3        2        1      0",
            "meta.receipts.v1",
            "  receipt.delivered        1        1        0      0",
            "",
            "4 deliveries, 4 events, 1 refused (not_json), 1 repeated, 1 missing",
        ]
    );
    assert!(text.contains("nothing was written") && !text.contains("Nothing is missing"), "{text}");
    assert_eq!(report().exit(&settings(false)), Exit::Findings);
}

#[test]
fn of_a_range_that_retention_cut_off_it_is_not_said_that_nothing_is_missing() {
    let whole = Report { compared: true, ..Report::default() };
    let cut_off = Report { is_cut_off: true, ..whole.clone() };
    assert!(printed(whole, &settings(false)).contains("Nothing is missing.\n"));
    let text = printed(cut_off.clone(), &settings(false));
    assert!(text.contains(CUT_OFF) && text.contains("Nothing is missing of those that are left."), "{text}");
    assert!(printed(cut_off.clone(), &settings(true)).contains(CUT_OFF));
    let text = printed(cut_off, &ReplaySettings { json: true, ..settings(false) });
    assert!(text.contains(r#""cut_off":true"#), "{text}");
}

#[test]
fn of_what_could_not_be_split_it_is_not_said_that_nothing_is_missing() {
    let mut refused = Report { compared: true, ..Report::default() };
    refused.refuse(Some(Refusal::NotJson));
    let foreign = Report { compared: true, not_written_by_ingest: 1, ..Report::default() };
    for report in [refused, foreign] {
        let text = printed(report.clone(), &settings(false));
        assert!(text.contains("Nothing is missing of what could be split.\n"), "{text}");
        let text = printed(Report { is_cut_off: true, ..report }, &settings(false));
        assert!(text.contains("Nothing is missing of what is left and could be split.\n"), "{text}");
    }
}

#[test]
fn a_run_that_is_stopped_says_where_to_go_on() {
    let mut report = report();
    report.rows[1].published = 2;
    (report.stopped, report.reached) = (true, Some(Millis::since_epoch(1_569_262_485_500)));
    assert_eq!(report.exit(&settings(true)), Exit::Failure);
    let text = printed(report, &settings(true));
    assert!(
        text.contains("Go on with --since 2019-09-23T18:14:45.500Z --until 2019-09-23T18:14:46.000Z"),
        "{text}"
    );
}

#[test]
fn programs_get_the_same_numbers() {
    let text = printed(report(), &ReplaySettings { json: true, ..settings(false) });
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[0]["kind"], &lines[0]["missing"]), (&"message".into(), &1.into()));
    let summary = &lines[2]["summary"];
    assert_eq!(
        (&summary["events"], &summary["copies"], &summary["missing"]),
        (&4.into(), &1.into(), &1.into())
    );
    assert_eq!(summary["refused"]["not_json"], 1);
    let mut uncompared = report();
    uncompared.compared = false;
    let text = printed(uncompared, &ReplaySettings { json: true, ..settings(false) });
    assert!(text.contains(r#""missing":null"#), "{text}");
}

#[test]
fn events_that_their_topic_refuses_are_told_and_the_run_has_not_done_it_all() {
    let report = Report { not_taken: 2, ..report() };
    assert_eq!(report.exit(&settings(true)), Exit::Failure);
    let text = printed(report.clone(), &ReplaySettings { json: true, ..settings(true) });
    assert!(text.contains(r#""not_taken":2"#), "{text}");
    let text = printed(report, &settings(true));
    assert!(text.contains("2 refused by their topic") && text.contains("The next range begins"), "{text}");
}
