//! The report: a table of what the honest sender saw, and one of what the process took.

use weir_tests::machine;
use weir_tests::oracle::Lap;
use weir_tests::page::add;

use crate::attack::{Attack, Outcome};

const HEAD: &str = "\
# Attacks

What ingest does while somebody means harm. It runs as it is shipped: the files of the image, read-only, without a right, its spool on a
volume of its own. An honest sender posts all the time; each attack has a process and a broker of its own, on loopback. Made by:

    tests/attack/run

An attack *held* when every honest delivery was answered 200, their p99 was at most 4 times the lower one of before and after and 50 ms more (the
attacker works on the same cores; of `neighbour` 2 times and 10 ms more), no delivery that was answered 200 is missing on Kafka, memory was
given back within 30 s, no more than 200 lines were logged, and what is said below is so. How long answers take is not judged where Kafka is stopped or
more bodies come than are taken at once (`large-without-kafka`, `many-large`), and of `spool-folder`, which stops and starts ingest, no answer is.
";

const ELSEWHERE: &str = "
## What is attacked elsewhere

What needs neither load nor time is tried by tests, each time that they run:

- requests that two readers could understand differently, whole and split at every byte: `ingest/tests/http/framing.rs`;
- a dead letter that says it is from a topic that its consumer does not read: `tests/tests/dlq.rs`;
- a broker whose certificate is for another name or of another authority: `tests/tests/secured.rs`, and properties that would let it pass:
  `runtime/src/settings/properties/allowed.rs`;
- a log line that is provoked again and again: `runtime/src/telemetry/limit.rs`, for every place in the code;
- answers of the Graph API that nest too deep, and whatever else can be written into what is read: [fuzzing.md](fuzzing.md).
";

/// The whole page.
pub(crate) fn write(seen: &[(Attack, Outcome)], rate: u32) -> String {
    let (build, limit) =
        (machine::build(), machine::limit(seen.iter().all(|(_, outcome)| outcome.is_limited)));
    let mut text = format!(
        "{HEAD}\n- Machine: {}; {}\n- {rate} honest deliveries a second; built {build}, ingest ran {limit}\n",
        machine::describe(),
        machine::revision()
    );
    text.push_str("\n| attack | held | honest before: p50 / p99 | during: p50 / p99 / max | 200 during | other | after: p50 / p99 |\n|---|---|---|---|---|---|---|\n");
    for (attack, Outcome { laps: [alone, during, after], harm, .. }) in seen {
        let held = if harm.is_empty() { "yes" } else { "**no**" };
        let good = during.answers.get(&200).copied().unwrap_or_default();
        let (alone, after) = (times(alone), times(after));
        add(
            &mut text,
            &format!(
                "| {attack} | {held} | {alone} | {} / {:.1?} | {good} | {} | {after} |",
                times(during),
                during.max,
                others(during)
            ),
        );
    }
    text.push_str("\n| attack | memory before → highest → 30 s after, MiB | cores during | in the 30 s after | descriptors before → highest → after | lines logged |\n|---|---|---|---|---|---|\n");
    for (attack, Outcome { before, peak, after, cores, cores_after, logged, .. }) in seen {
        add(
            &mut text,
            &format!(
                "| {attack} | {} → {} → {} | {cores:.2} | {cores_after:.2} | {} → {} → {} | {logged} |",
                before.memory,
                peak.memory,
                after.memory,
                before.descriptors,
                peak.descriptors,
                after.descriptors
            ),
        );
    }
    text.push('\n');
    for (attack, Outcome { note, harm, .. }) in seen {
        let note = if note.is_empty() { String::new() } else { format!(" Seen: {note}.") };
        let harm = if harm.is_empty() { String::new() } else { format!(" **Harm: {}.**", harm.join("; ")) };
        add(&mut text, &format!("- **{attack}**: {}.{note}{harm}", attack.about()));
    }
    text.push_str(ELSEWHERE);
    text
}

/// Names in a row.
pub(crate) fn names(attacks: impl Iterator<Item = Attack>) -> String {
    attacks.map(|attack| attack.to_string()).collect::<Vec<_>>().join(", ")
}

fn times(lap: &Lap) -> String {
    format!("{:.1?} / {:.1?}", lap.p50, lap.p99)
}

fn others(lap: &Lap) -> usize {
    let refused: usize =
        lap.answers.iter().filter(|(status, _)| **status != 200).map(|(_, count)| *count).sum();
    refused + lap.unanswered
}
