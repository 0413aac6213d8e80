//! The page: when which alert fired and cleared, and the pictures.

use std::time::SystemTime;

use weir_tests::page::add;

use crate::watch::Seen;

const HEAD: &str = "\
# Two minutes without Kafka

What who runs Weir sees of it. Everything is started as `docker-compose.yml` says, on the loopback of one machine, with a Graph API
that is simulated and a Prometheus that looks once a second and remembers three calm days; Kafka is stopped in good order and
started again. Made by:

    tests/outage/run
";

const PICTURES: &str = "
## The dashboards meanwhile

Drawn from the dashboards' own queries; red is the time without Kafka.
";

/// The names of the pictures and what they show.
const DASHBOARDS: [(&str, &str); 5] = [
    ("overview", "Overview"),
    ("ingest", "Ingest"),
    ("consumers", "Consumers"),
    ("graph-api", "Graph API"),
    ("kafka-client", "Kafka client"),
];

/// The whole page.
pub(crate) fn page(seen: &Seen, rate: u32) -> String {
    let mut text = HEAD.to_owned();
    add(
        &mut text,
        &format!(
            "\n{rate} messages a second, and every fixture in turn; Kafka was away for {} s.\n",
            since(seen.stopped, seen.back)
        ),
    );
    add(&mut text, "| alert | fires after Kafka was stopped | clears after Kafka was back |\n|---|---|---|");
    for (alert, (first, last)) in &seen.alerts {
        let name = alert.to_lowercase();
        let (fires, clears) = (since(seen.stopped, *first), since(seen.back, *last));
        add(&mut text, &format!("| [{alert}](operations.md#{name}) | {fires} s | {clears} s |"));
    }
    add(&mut text, "\nNo other alert fired.");
    text.push_str(PICTURES);
    for (file, name) in DASHBOARDS {
        add(&mut text, &format!("\n![{name}](dashboards/{file}.svg)"));
    }
    text
}

fn since(from: SystemTime, to: SystemTime) -> i64 {
    let seconds = crate::seconds(to) - crate::seconds(from);
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds of some minutes")]
    let whole = seconds.round() as i64;
    whole
}
