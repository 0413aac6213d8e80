//! How cost grows: sizes beside what they took, and the largest beside the smallest.

use weir_tests::page::add;

use super::{head, loads, times};
use crate::measure::float;
use crate::number::short;
use crate::scenario::growth::{Backlog, Growth, RATE};

pub(crate) fn section(growth: &Growth) -> String {
    let mut text = format!(
        "## Growth\n\nMessages of 430 bytes, {} a second in an open loop, while one thing grows. Below each table: how many times as large the \
         largest size is as the smallest, and how many times as much it takes. Connections, bytes and messages of a delivery are above.\n\n\
         \x20   bench/run --only growth\n\n",
        short(f64::from(RATE))
    );
    add(&mut text, &loads("partitions of each topic", &growth.partitions));
    add(&mut text, &loads("accounts", &growth.accounts));
    add(&mut text, &backlogs(&growth.spool));
    text
}

fn backlogs(backlogs: &[Backlog]) -> String {
    let mut text = "Kafka is stopped and the spool is filled: what a further delivery takes meanwhile; then Kafka is back, and all of it is drained, \
                    `--spool-drain-rate` out of the way. One round.\n\n"
        .to_owned();
    add(
        &mut text,
        &head("in the spool | p50 ms | p99 ms | server µs | drained | drained in s | drained/s | µs each"),
    );
    for backlog in backlogs {
        let Backlog { spooled, sample, drained, time, .. } = backlog;
        let row = format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            short(float(*spooled)),
            short(sample.latency.p50),
            short(sample.latency.p99),
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
            times(last.sample.latency.p99, first.sample.latency.p99),
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
