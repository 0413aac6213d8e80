//! The report: what ran where, and a table.

use weir_tests::machine;
use weir_tests::oracle::Lap;
use weir_tests::page::add;

use crate::scenario::{Load, Row, Scenario};

const HEAD: &str = "\
# Faults

What becomes of deliveries while a cluster of three brokers (replication 3, `min.insync.replicas` 2) has trouble. Ingest runs with
a spool; the load goes on all the time. Each delivery is written down before it is sent, each 200 when it comes; afterwards a
program in another language, with another client, reads the topics and compares. Made by:

    tests/faults/run

*Lost*: answered 200, and not on the raw topic or without its event. *Invented*: on a topic, and never sent. *Altered*: not the
bytes that were sent. *Doubled*: raw records beyond the first of a delivery, with the same event ids; consumers drop them.
";

/// The whole page.
pub(crate) fn write(rows: &[(Scenario, Row)], Load { rate, scale, seed, linger }: &Load) -> String {
    let mut text = format!(
        "{HEAD}\n- Machine: {}\n- Kafka {}, three brokers on loopback of the same machine, which the load and ingest share\n\
         - {rate} deliveries a second, durations × {scale}, seed {seed}; ingest with `--linger {linger}` and a spool, else its defaults\n\
         - Built {}, {}; ingest ran {}\n",
        machine::describe(),
        kafka(),
        machine::build(),
        machine::revision(),
        machine::limit(rows.iter().all(|(_, row)| row.is_limited)),
    );
    text.push_str(
        "\n| scenario | sent | 200 | lost | invented | altered | doubled | other answers |\n|---|---|---|---|---|---|---|---|\n",
    );
    for (scenario, Row { verdict, all, .. }) in rows {
        let others = others(all);
        add(
            &mut text,
            &format!(
                "| {scenario} | {} | {} | {} | {} | {} | {} | {others} |",
                verdict.issued,
                verdict.acknowledged,
                verdict.lost,
                verdict.invented,
                verdict.altered,
                verdict.duplicates
            ),
        );
    }
    text.push_str(
        "\n| scenario | during: p50 / p99 / max | while the spool drains | spool empty after | memory, MiB |\n|---|---|---|---|---|\n",
    );
    for (scenario, Row { during, draining, drained, memory, .. }) in rows {
        let (before, end) = memory;
        add(
            &mut text,
            &format!(
                "| {scenario} | {} | {} | {drained:.1?} | {before} → {end} |",
                times(during),
                times(draining)
            ),
        );
    }
    text.push('\n');
    for (scenario, row) in rows {
        let note = if row.note.is_empty() { String::new() } else { format!(" Seen: {}.", row.note) };
        add(&mut text, &format!("- **{scenario}**: {}.{note}", scenario.about()));
    }
    text.push_str(LIMITS);
    text
}

const LIMITS: &str = "
*Other answers* are requests that were not answered 200, or that got no answer since ingest itself was killed; Meta sends those again.

Not shown here, since one machine cannot: the loss of power (a disk's own cache), brokers on other hosts, Meta's real retries.
";

fn others(lap: &Lap) -> usize {
    let refused: usize =
        lap.answers.iter().filter(|(status, _)| **status != 200).map(|(_, count)| *count).sum();
    refused + lap.unanswered
}

fn times(lap: &Lap) -> String {
    if lap.answers.is_empty() {
        return "–".to_owned();
    }
    format!("{:.1?} / {:.1?} / {:.1?}", lap.p50, lap.p99, lap.max)
}

/// The version in the name of Kafka's jar.
fn kafka() -> String {
    let jars = concat!(env!("CARGO_MANIFEST_DIR"), "/kafka/target/jars");
    let mut names = std::fs::read_dir(jars).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let version = |name: &str| Some(name.strip_prefix("kafka-clients-")?.strip_suffix(".jar")?.to_owned());
    names.find_map(|name| version(&name.to_string_lossy())).unwrap_or_else(|| "unknown".to_owned())
}
