//! The section of the report.

use std::collections::BTreeMap;

use weir_tests::machine;
use weir_tests::page::add;

use super::{REMEMBERED, Seen};
use crate::scenario::Load;

/// What the section begins with.
pub(crate) const HEADING: &str = "\n## Soak\n";

const NOT_DRAWN: &str = "
Not drawn: what damages the file of a spool costs deliveries, which the matrix above accounts for one by one; a file that is another's until it is
retired (there too); a client certificate that is renewed, which needs brokers with TLS (`tests/tests/renewed.rs`). The Graph API has its
trouble with every request, those of weir-replies too; a command counts as sent as soon as its request came.
";

/// The section.
pub(crate) fn write(seen: &Seen, Load { rate, seed, linger, .. }: &Load) -> String {
    let Seen { minutes, faults, lap, verdict, alerts, flat, .. } = seen;
    let (build, limit) = (machine::build(), machine::limit(seen.is_limited));
    let mut text = format!(
        "{HEADING}\nEvery process, a Graph API, and a Prometheus with the shipped rules; {rate} deliveries a second and a fault a minute, \
         in an order by chance, for {minutes} minutes. Made by:\n\n    tests/soak/run {minutes}\n\n\
         - Machine: {}; {}\n- Built {build}, ingest ran {limit}; seed {seed}, `--linger {linger}`, `--dedupe-events {REMEMBERED}` of weir-messages\n",
        machine::describe(),
        machine::revision()
    );
    let mut counts = BTreeMap::new();
    for fault in faults {
        *counts.entry(*fault).or_insert(0) += 1;
    }
    let counts: Vec<_> = counts.iter().map(|(fault, count)| format!("{} × {count}", fault.about())).collect();
    add(&mut text, &format!("- Faults: {}", counts.join("; ")));
    add(
        &mut text,
        &format!(
            "- Deliveries: {} sent, {} answered 200, **{} lost, {} invented, {} altered**, {} doubled; {lap}",
            verdict.issued,
            verdict.acknowledged,
            verdict.lost,
            verdict.invented,
            verdict.altered,
            verdict.duplicates
        ),
    );
    add_outcome(&mut text, seen);
    let named = |right| list(alerts.iter().filter(|(_, is)| *is == right).map(|(name, _)| name.clone()));
    add(&mut text, &format!("- Alerts that a fault explains: {}; others: {}", named(true), named(false)));
    text.push_str(NOT_DRAWN);
    text.push_str(
        "\nNo process is killed in the second half. The middle values of memory (MiB) and descriptors in the third and the fourth quarter of the run, those of ingest without its connections; \
         flat is at most an eighth more, and 16.\n\n| process | memory | descriptors | flat |\n|---|---|---|---|\n",
    );
    for process in flat {
        let ([memory, memory_last], [descriptors, descriptors_last]) = (process.memory, process.descriptors);
        let is_flat = if process.is_flat() { "yes" } else { "**no**" };
        add(
            &mut text,
            &format!(
                "| {} | {memory} → {memory_last} | {descriptors} → {descriptors_last} | {is_flat} |",
                process.name
            ),
        );
    }
    text
}

/// What came of commands, comments and clients.
fn add_outcome(text: &mut String, Seen { commands, outcome, replaced, .. }: &Seen) {
    let statuses: Vec<_> =
        commands.statuses.iter().map(|(status, count)| format!("{count} {status}")).collect();
    add(
        text,
        &format!(
            "- Commands: {} written, {}; **{} without a result, {} sent more than once, {} done and not sent**",
            commands.written,
            statuses.join(", "),
            commands.without_result,
            commands.repeated,
            commands.unsent
        ),
    );
    let (comments, enriched) = outcome.comments;
    add(
        text,
        &format!(
            "- Behind ingest: {comments} comments, {enriched} enriched; {} requests to the Graph API, {} dead letters; consumers not at the \
             end of their topics: {}",
            outcome.asked,
            outcome.dead_letters,
            list(outcome.behind.iter().map(|name| (*name).to_owned()))
        ),
    );
    let clients = replaced
        .iter()
        .filter(|(_, count)| **count > 0.0)
        .map(|((fault, reason), count)| format!("{count} {reason} after \"{}\"", fault.about()));
    add(text, &format!("- Kafka clients that ingest replaced: {}", list(clients)));
}

fn list(what: impl Iterator<Item = String>) -> String {
    let all: Vec<_> = what.collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}
