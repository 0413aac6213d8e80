//! What compression saves, what it costs, and which default that speaks for.

use weir_tests::page::add;

use super::{head, of, times};
use crate::number::short;
use crate::scenario::compression::{By, Cost, RATES, Row, Setting};

/// A codec that takes more of the processors than this, against none, is no default.
const TOLERATED: f64 = 1.1;

pub(crate) fn section(rows: &[Row]) -> String {
    let mut text = "## Compression\n\nMessages of words drawn at random, most of each message's id drawn too. By the producers: \
                    `compression.type` in the file of `--kafka-config`, of weir-ingest (`--producer rdkafka`) and weir-messages. By the broker: the topics' own \
                    `compression.type`, producers send records as they are. Bytes are those of the segments on one broker's disk, without the indices \
                    beside them; processor time is a delivery's, from the first request until its inbox record is there. Codecs are measured one after \
                    the other, each with topics and processes of its own.\n\n    bench/run --only compression\n\n"
        .to_owned();
    let columns = "deliveries/s | answers/s | codec | raw B | typed B | inbox B | all B | × none | ingest µs | messages µs | broker µs | all µs | × none | p99 ms";
    add(&mut text, &head(columns));
    for row in rows {
        add(&mut text, &line(row, of_none(rows, row.rate)));
    }
    if let Some(verdict) = verdict(rows) {
        add(&mut text, &format!("\n{verdict}"));
    }
    text
}

/// The row of a rate in which nobody compresses.
fn of_none(rows: &[Row], rate: u32) -> Option<&Row> {
    rows.iter().find(|row| row.rate == rate && row.setting.by == By::Nobody)
}

fn line(row: &Row, none: Option<&Row>) -> String {
    let show = |pick: fn(&Cost) -> f64| short(of(&row.costs, pick));
    let against =
        |pick: fn(&Cost) -> f64| times(of(&row.costs, pick), none.map_or(0.0, |none| of(&none.costs, pick)));
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
        short(f64::from(row.rate)),
        show(|cost| cost.rate),
        name(row.setting),
        show(|cost| cost.bytes[0]),
        show(|cost| cost.bytes[1]),
        show(|cost| cost.bytes[2]),
        show(Cost::all_bytes),
        against(Cost::all_bytes),
        show(|cost| cost.ingest),
        show(|cost| cost.messages),
        show(|cost| cost.broker),
        show(Cost::all_time),
        against(Cost::all_time),
        show(|cost| cost.p99),
    )
}

fn name(setting: Setting) -> String {
    match setting.by {
        By::Nobody => setting.codec.to_owned(),
        By::Producers => format!("{}, by the producers", setting.codec),
        By::Topics => format!("{}, by the broker", setting.codec),
    }
}

/// The better default at the highest rate: the fewest bytes of what takes hardly more of the processors than none.
fn verdict(rows: &[Row]) -> Option<String> {
    let rate = RATES.into_iter().max()?;
    let none = of_none(rows, rate)?;
    let bytes = |row: &Row| of(&row.costs, Cost::all_bytes);
    let time = |row: &Row| of(&row.costs, Cost::all_time);
    let at_rate = rows.iter().filter(|row| row.rate == rate);
    let cheap = at_rate.filter(|row| time(row) <= TOLERATED * time(none));
    let best = cheap.min_by(|one, other| bytes(one).total_cmp(&bytes(other)))?;
    let at = short(f64::from(rate));
    Some(if best.setting.by == By::Nobody {
        format!(
            "By this run none is the better default: at {at} deliveries a second every codec takes more than {TOLERATED} times the processor \
             time of none, or more bytes."
        )
    } else {
        format!(
            "By this run {} is the better default: at {at} deliveries a second it takes {} the bytes of none for {} the processor time of \
             weir-ingest, weir-messages and the broker together, and of what takes at most {TOLERATED} times that of none it takes the fewest bytes.",
            name(best.setting),
            times(bytes(best), bytes(none)),
            times(time(best), time(none)),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(codec: &'static str, by: By, bytes: f64, time: f64) -> Row {
        let cost = Cost {
            rate: 4_000.0,
            bytes: [bytes, 0.0, 0.0],
            ingest: time,
            messages: 0.0,
            broker: 0.0,
            p99: 1.0,
        };
        Row { setting: Setting { codec, by }, rate: 4_000, costs: vec![cost] }
    }

    #[test]
    fn the_better_default_is_small_and_hardly_dearer() {
        let dear = row("zstd", By::Producers, 300.0, 150.0);
        let cheap = row("lz4", By::Producers, 500.0, 105.0);
        let rows = [row("none", By::Nobody, 1_000.0, 100.0), cheap, dear];
        let said = verdict(&rows).unwrap();
        assert!(
            said.contains("lz4, by the producers is the better default") && said.contains("× 0.5 "),
            "{said}"
        );
        assert!(verdict(&rows[..1]).unwrap().contains("none is the better default"));
        assert_eq!(verdict(&[]), None);
    }
}
