//! The report: a table of what became of links, and what the process took.

use std::time::Duration;

use anyhow::Result;
use weir_tests::machine;
use weir_tests::page::add;

use crate::Arguments;
use crate::scenario::{Scenario, Seen};

const HEAD: &str = "\
# Media under load

How soon `weir-media` saves what links lead to, and what becomes of links while processes, the store and hosts fail. It runs as it is
shipped, with its defaults; a CDN over TLS, Kafka and the store are beside it on loopback, and share the processors with it. Each scenario
has a broker and a store of its own. Made by:

    tests/media/run

A scenario *held* when every link of every event has an outcome, everything that is told of lies in the store, memory stayed below the
limit of `k8s/components/media`, and what is said below is so.
";

/// The whole page.
pub(crate) fn page(seen: &[(Scenario, Result<Seen>)], arguments: &Arguments) -> String {
    let Arguments { rate, seconds, concurrency, store, .. } = arguments;
    let mut text = format!(
        "{HEAD}\n- Machine: {}; {}\n- {rate} events a second, for {seconds} s where nothing else is said; `--media-concurrency` \
         {concurrency}; the store: {store:?}; built {}\n\n",
        machine::describe(),
        machine::revision(),
        machine::build()
    );
    add(
        &mut text,
        "| scenario | held | links | lost | told again | saved within a minute | receipt to saved: p50 / p99 / max | memory before → highest → after, MiB | cores |\n|---|---|---|---|---|---|---|---|---|",
    );
    for (scenario, played) in seen {
        let held = if held(played) { "yes" } else { "**no**" };
        let row = played.as_ref().map_or_else(|_| "– | – | – | – | – | – | –".to_owned(), row);
        add(&mut text, &format!("| {scenario} | {held} | {row} |"));
    }
    text.push('\n');
    for (scenario, played) in seen {
        add(&mut text, &format!("- **{scenario}**: {}. {}", scenario.about(), told(played)));
    }
    text
}

/// Whether all was as it has to be.
pub(crate) fn held(played: &Result<Seen>) -> bool {
    played.as_ref().is_ok_and(|seen| seen.failures.is_empty())
}

/// What was seen, and what must not be.
pub(crate) fn told(played: &Result<Seen>) -> String {
    match played {
        Ok(Seen { note, failures, .. }) if failures.is_empty() => format!("Seen: {note}."),
        Ok(Seen { note, failures, .. }) => format!("Seen: {note}. **Failed: {}.**", failures.join("; ")),
        // The first line: the logs of processes follow it.
        Err(error) => {
            let error = format!("{error:#}");
            format!("**Not played to its end: {}.**", error.lines().next().unwrap_or_default())
        }
    }
}

fn row(seen: &Seen) -> String {
    let Seen { outcomes, spent, .. } = seen;
    let delays = outcomes.delays();
    let at = |percent: usize| {
        let last = delays.len().saturating_sub(1);
        delays.get(last * percent / 100).map_or(0.0, Duration::as_secs_f64)
    };
    format!(
        "{} | {} | {} | {:.2} % | {:.2} / {:.2} / {:.2} s | {} → {} → {} | {:.2}",
        outcomes.links,
        outcomes.lost(),
        outcomes.again(),
        outcomes.soon() * 100.0,
        at(50),
        at(99),
        at(100),
        spent.before,
        spent.peak,
        spent.after,
        spent.cores
    )
}
