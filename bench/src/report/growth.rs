//! How cost grows: sizes beside what they took, and the largest beside the smallest.

use weir_tests::page::add;

use super::{of, range, times};
use crate::measure::{Sample, float};
use crate::number::short;
use crate::scenario::growth::{Backlog, Growth, Point, RATE};

pub(super) fn section(growth: &Growth) -> String {
    let mut text = format!(
        "## Growth\n\nMessages of 430 bytes, {} a second in an open loop, while one thing grows. Below each table: how many times as large the \
         largest size is as the smallest, and how many times as much it takes. Connections, bytes and messages of a delivery are above.\n\n\
         \x20   bench/run --only growth\n\n",
        short(f64::from(RATE))
    );
    add(&mut text, &points("partitions of each topic", &growth.partitions));
    add(&mut text, &points("accounts", &growth.accounts));
    add(&mut text, &backlogs(&growth.spool));
    text
}

fn points(axis: &str, points: &[Point]) -> String {
    let mut text = String::new();
    add(&mut text, &format!("| {axis} | answers/s | p50 ms | p99 ms | server µs | range µs | brokers µs |"));
    add(&mut text, "|---|---|---|---|---|---|---|");
    for Point { size, samples } in points {
        let show = |pick: fn(&Sample) -> f64| short(of(samples, pick));
        let row = format!(
            "| {} | {} | {} | {} | {} | {} | {} |",
            short(f64::from(*size)),
            show(|sample| sample.rate),
            show(|sample| sample.p50),
            show(|sample| sample.p99),
            show(|sample| sample.server),
            range(samples, |sample| sample.server),
            show(|sample| sample.brokers),
        );
        add(&mut text, &row);
    }
    if let (Some(first), Some(last)) = (points.first(), points.last()) {
        let grown = |pick: fn(&Sample) -> f64| times(of(&last.samples, pick), of(&first.samples, pick));
        let fit = format!(
            "\n{} {axis}: {} the processor time of weir-ingest, {} the p99, {} the time of the broker.",
            times(f64::from(last.size), f64::from(first.size)),
            grown(|sample| sample.server),
            grown(|sample| sample.p99),
            grown(|sample| sample.brokers),
        );
        add(&mut text, &fit);
    }
    text
}

fn backlogs(backlogs: &[Backlog]) -> String {
    let mut text = "Kafka is stopped and the spool is filled: what a further delivery takes meanwhile; then Kafka is back, and all of it is drained, \
                    `--spool-drain-rate` out of the way. One round.\n\n"
        .to_owned();
    add(
        &mut text,
        "| in the spool | p50 ms | p99 ms | server µs | drained | drained in s | drained/s | µs each |",
    );
    add(&mut text, "|---|---|---|---|---|---|---|---|");
    for backlog in backlogs {
        let Backlog { spooled, sample, drained, time, .. } = backlog;
        let row = format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            short(float(*spooled)),
            short(sample.p50),
            short(sample.p99),
            short(sample.server),
            short(float(*drained)),
            short(time.as_secs_f64()),
            short(float(*drained) / time.as_secs_f64()),
            short(each(backlog)),
        );
        add(&mut text, &row);
    }
    if let (Some(first), Some(last)) = (backlogs.first(), backlogs.last()) {
        let fit = format!(
            "\n{} deliveries in the spool: {} the processor time of a further one, {} its p99. {} deliveries to drain: {} the time, {} the \
             processor time of each.",
            times(float(last.spooled), float(first.spooled)),
            times(last.sample.server, first.sample.server),
            times(last.sample.p99, first.sample.p99),
            times(float(last.drained), float(first.drained)),
            times(last.time.as_secs_f64(), first.time.as_secs_f64()),
            times(each(last), each(first)),
        );
        add(&mut text, &fit);
    }
    text
}

/// Microseconds of processor for each delivery that was drained.
fn each(backlog: &Backlog) -> f64 {
    backlog.cpu.as_secs_f64() * 1e6 / float(backlog.drained)
}
