//! How much of everything so many deliveries a second take, computed from what was measured.

use weir_tests::page::add;

use super::{head, of};
use crate::consumer::Consumer;
use crate::number::short;
use crate::rig::PARTITIONS;
use crate::scenario::compression::{By, Cost, Row};
use crate::scenario::consumers::Consumers;

const RATES: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// How busy a core may be.
const BUSY: f64 = 0.7;
const REPLICAS: f64 = 3.0;
const CORES_OF_A_BROKER: f64 = 8.0;
const SECONDS_OF_A_DAY: f64 = 86_400.0;
/// Of what is stored, in the order of the columns.
const CODECS: [&str; 3] = ["none", "lz4", "zstd"];
/// A rate that was all but reached counts as measured.
const REACHED: f64 = 0.98;

/// `None` where its inputs were not measured.
pub(crate) fn section(rows: &[Row], consumers: &Consumers) -> Option<String> {
    let (_, worked) = consumers.rows.iter().find(|(consumer, _)| *consumer == Consumer::Messages)?;
    let of_a_partition = of(worked, |worked| worked.rate) / f64::from(PARTITIONS);
    let mut text = format!(
        "## Sizing\n\nFrom the tables of compression and consumers above, one message a delivery. A pod is one core that is {:.0} % busy, none of \
         them spare, with the processor time of a delivery at the nearest rate that was measured, without compression. Topics have {PARTITIONS} partitions or \
         more: as many as pods of weir-messages, in steps of {PARTITIONS}, and none of them has more than the {} events a second that one had here. \
         Brokers have {CORES_OF_A_BROKER} cores as busy; each of {REPLICAS} replicas is counted as the leader, and there are {REPLICAS} at least. They ran \
         here without their second compiler, so this is more than they take. Disk is that of all replicas, of raw, typed and inbox topic, compressed by the \
         producers; times the days that the topics are kept it is what has to be there.\n\n",
        100.0 * BUSY,
        short(of_a_partition),
    );
    let disks = CODECS.map(|codec| format!("disk a day, {codec}")).join(" | ");
    let columns = format!("deliveries/s | ingest pods | weir-messages pods | partitions | brokers | {disks}");
    add(&mut text, &head(&columns));
    for rate in RATES {
        add(&mut text, &line(rate, rows, of_a_partition)?);
    }
    Some(text)
}

fn line(rate: u32, rows: &[Row], of_a_partition: f64) -> Option<String> {
    let costs = nearest(rows, CODECS[0], rate)?;
    let per_second = f64::from(rate);
    let is_measured =
        rows.iter().any(|row| row.rate >= rate && of(&row.costs, |cost| cost.rate) >= REACHED * per_second);
    let mark = if is_measured { "" } else { " computed" };
    let ingest = pods(per_second, of(costs, |cost| cost.ingest));
    let messages = pods(per_second, of(costs, |cost| cost.messages));
    let partitions = partitions(per_second, messages, of_a_partition);
    // Here there was one broker with one replica of everything.
    let cores = REPLICAS * per_second * of(costs, |cost| cost.broker) / 1e6 / BUSY;
    let brokers = (cores / CORES_OF_A_BROKER).ceil().max(REPLICAS);
    let [ingest, messages, partitions, brokers] = [ingest, messages, partitions, brokers].map(whole);
    let disks: Option<Vec<String>> = CODECS.iter().map(|codec| disk(rate, rows, codec)).collect();
    Some(format!(
        "| {} | {ingest}{mark} | {messages}{mark} | {partitions}{mark} | {brokers} computed | {} |",
        short(per_second),
        disks?.join(" | "),
    ))
}

fn disk(rate: u32, rows: &[Row], codec: &str) -> Option<String> {
    let bytes = of(nearest(rows, codec, rate)?, Cost::all_bytes);
    Some(format!("{} computed", size(bytes * f64::from(rate) * SECONDS_OF_A_DAY * REPLICAS)))
}

/// The costs of a codec, none of it by the broker, at the rate nearest to this one.
fn nearest<'a>(rows: &'a [Row], codec: &str, rate: u32) -> Option<&'a [Cost]> {
    let of_codec = rows.iter().filter(|row| row.setting.codec == codec && row.setting.by != By::Topics);
    of_codec.min_by_key(|row| row.rate.abs_diff(rate)).map(|row| row.costs.as_slice())
}

/// Cores for so many microseconds a delivery.
fn pods(rate: f64, micros: f64) -> f64 {
    (rate * micros / 1e6 / BUSY).ceil().max(1.0)
}

fn partitions(rate: f64, pods: f64, of_a_partition: f64) -> f64 {
    let least = if of_a_partition > 0.0 { pods.max(rate / of_a_partition) } else { pods };
    let step = f64::from(PARTITIONS);
    (least / step).ceil().max(1.0) * step
}

/// All digits of it: there is no half a pod.
fn whole(value: f64) -> String {
    format!("{value:.0}")
}

fn size(bytes: f64) -> String {
    if bytes >= 1e12 { format!("{} TB", short(bytes / 1e12)) } else { format!("{} GB", short(bytes / 1e9)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::compression::Setting;

    fn row(codec: &'static str, by: By, bytes: f64) -> Row {
        let cost = Cost {
            rate: 1_000.0,
            bytes: [bytes, 0.0, 0.0],
            ingest: 70.0,
            messages: 35.0,
            broker: 27.0,
            p99: 1.0,
        };
        Row { setting: Setting { codec, by }, rate: 1_000, costs: vec![cost] }
    }

    #[test]
    fn what_goes_beyond_the_measured_rate_is_marked() {
        let rows = [
            row("none", By::Nobody, 1_000.0),
            row("lz4", By::Producers, 500.0),
            row("zstd", By::Producers, 250.0),
        ];
        let measured = line(1_000, &rows, 5_000.0).unwrap();
        assert_eq!(
            measured,
            "| 1,000 | 1 | 1 | 12 | 3 computed | 259 GB computed | 130 GB computed | 64.8 GB computed |"
        );
        let computed = line(1_000_000, &rows, 5_000.0).unwrap();
        assert!(
            computed.starts_with(
                "| 1,000,000 | 100 computed | 50 computed | 204 computed | 15 computed | 259 TB"
            )
        );
        assert_eq!(line(1_000, &rows[..2], 5_000.0), None);
    }
}
