//! The page and its pictures.

pub(crate) mod compression;
pub(crate) mod consumers;
pub(crate) mod growth;
pub(crate) mod sizing;

use weir_tests::machine;
use weir_tests::page::add;

use crate::measure::{Sample, float};
use crate::number::{median, short};
use crate::plot::{self, Line, Panel};
use crate::scenario::outage::{Outage, ROWS};
use crate::scenario::{Measured, Row};
use crate::server::Server;

const HEAD: &str = "\
# Performance

What a request costs in weir-ingest, beside the least that a server can do and beside what else one would write; then what an event
costs behind it, on disks too, and how all of it grows. Made by:

    bench/run

Every server but the floor does the same job: it checks the signature, publishes the delivery's bytes and an event for each message, with
acks=all, and answers 200 once Kafka has acknowledged all of them. That is verified first (every byte and every event of 50 deliveries, three wrong
signatures), and after each run the raw topic has at least a record for each 200. The spool of weir-ingest is on. The peers are in `bench/peers`:

| server | is |
|---|---|
| floor | hyper, which reads the body, throws it away and answers 200 |
| weir-ingest, direct | weir-ingest with `--producer direct` |
| weir-ingest, direct, two threads | the same with `--worker-threads 2` |
| axum, as written | axum with rdkafka's FutureProducer, linger 0.5 ms, not idempotent |
| axum, tuned | the same program, idempotent, linger 2 ms |
| Go, franz-go | net/http with ProduceSync, idempotent, no linger, GOGC=400 |
| Fastify | Node with @platformatic/kafka; what comes within a millisecond goes in one call; not idempotent |
| FastAPI | uvicorn with uvloop and httptools, confluent-kafka, linger 5 ms, one process; not idempotent |

Servers, brokers and the load share the machine; all are started once for a table and measured in turn, round by round, so that what else happens on
it meets all of them. Each number is the median of the rounds; the range of the processor time says how far they lie apart. Processor time is user
and kernel time of the process, a request; that of the brokers is of all of them together. Brokers run without their second compiler, so
that they need no minutes to warm up: compare their time between servers alone. Latencies are as the load saw them, which takes turns
on the same cores. In an open loop they are counted from when the request was due, so that a server that stalls is not spared what came meanwhile.
";

/// The whole page of these sections; `how` says how they were measured.
pub(crate) fn page(sections: &[String], how: &str, missing: &[Server]) -> String {
    let mut text = format!("{HEAD}\n- Machine: {}{}\n", machine::describe(), processor());
    add(&mut text, &format!("- {how}"));
    if !missing.is_empty() {
        let names: Vec<_> = missing.iter().map(|server| server.name()).collect();
        add(&mut text, &format!("- Left out, since they could not be built here: {}", names.join("; ")));
    }
    for section in sections {
        add(&mut text, &format!("\n{section}"));
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// Of a scenario.
pub(crate) fn section(Measured { scenario, rows }: &Measured) -> String {
    let mut text = format!("## {}\n\n", scenario.title);
    add(&mut text, &format!("{}\n\n    bench/run --only {}\n", scenario.about, scenario.name));
    if scenario.cases.len() > 1 {
        add(&mut text, &format!("![{}](performance/{}.svg)\n", scenario.title, scenario.name));
    }
    text.push_str(&loads(scenario.axis, rows));
    for Row { at, server, samples } in rows {
        let refused = of(samples, |sample| sample.refused);
        if refused > 0.0 {
            let (name, at, axis) = (server.name(), short(f64::from(*at)), scenario.axis);
            add(
                &mut text,
                &format!("\n{name} at {at} {axis}: {} of 1,000 were not answered 200.", short(refused)),
            );
        }
    }
    text
}

/// A table of loads, and the largest of the axis beside the smallest, each with what weir-ingest took there.
fn loads(axis: &str, rows: &[Row]) -> String {
    let mut text = String::new();
    add(&mut text, &head_of_loads(axis));
    for Row { at, server, samples } in rows {
        add(&mut text, &line(&short(f64::from(*at)), *server, samples, floor(rows, *at)));
    }
    let of_weir: Vec<_> = rows.iter().filter(|row| row.server == Server::Weir).collect();
    if let [small, .., large] = of_weir.as_slice()
        && large.at > small.at
    {
        let grown = |pick: fn(&Sample) -> f64| times(of(&large.samples, pick), of(&small.samples, pick));
        let grown = format!(
            "\n{} {axis}: {} the processor time of weir-ingest, {} the p99, {} the time of the brokers.",
            times(f64::from(large.at), f64::from(small.at)),
            grown(|sample| sample.server),
            grown(|sample| sample.latency.p99),
            grown(|sample| sample.brokers),
        );
        add(&mut text, &grown);
    }
    text
}

/// The head of a table, whose columns are divided as they will be in it.
fn head(columns: &str) -> String {
    let rule = "|---".repeat(columns.split(" | ").count());
    format!("| {columns} |\n{rule}|")
}

/// Of one whose lines are [`line()`]s.
fn head_of_loads(axis: &str) -> String {
    head(&format!(
        "{axis} | server | answers/s | p50 ms | p99 ms | p99.9 ms | server µs | × floor | range µs | brokers µs | MiB"
    ))
}

fn line(at: &str, server: Server, samples: &[Sample], floor: f64) -> String {
    let show = |pick: fn(&Sample) -> f64| short(of(samples, pick));
    let ratio = if floor > 0.0 {
        format!("{:.1}", of(samples, |sample| sample.server) / floor)
    } else {
        "–".to_owned()
    };
    format!(
        "| {at} | {} | {} | {} | {} | {} | {} | {ratio} | {} | {} | {} |",
        server.name(),
        show(|sample| sample.rate),
        show(|sample| sample.latency.p50),
        show(|sample| sample.latency.p99),
        show(|sample| sample.latency.p999),
        show(|sample| sample.server),
        range(samples, |sample| sample.server),
        show(|sample| sample.brokers),
        show(|sample| sample.memory),
    )
}

pub(crate) fn outage(outage: &Outage) -> String {
    let mut text = "## Without Kafka\n\nThe broker is stopped in good order. Once the circuit breaker is open, deliveries go to the spool at once, fsynced before \
                    the 200.\n\n    bench/run --only outage\n\n"
        .to_owned();
    add(&mut text, &head_of_loads("load"));
    for (name, samples) in ROWS.iter().zip(&outage.rows) {
        add(&mut text, &line(name, Server::Weir, samples, 0.0));
    }
    for (spooled, seconds) in &outage.drained {
        let (count, rate) = (short(float(*spooled)), short(float(*spooled) / seconds));
        add(
            &mut text,
            &format!(
                "\n{count} deliveries were spooled and on Kafka {seconds:.1} s after it answered again ({rate} a second, `--spool-drain-rate` out of the way); none was missing."
            ),
        );
    }
    let refused: f64 = outage.rows.iter().flatten().map(|sample| sample.refused).sum();
    add(
        &mut text,
        if refused > 0.0 {
            "\nNot every delivery was answered 200."
        } else {
            "\nEvery delivery was answered 200."
        },
    );
    text
}

/// What a scenario's server took, and how long its answers.
pub(crate) fn picture(measured: &Measured) -> String {
    let panel = |title, pick: fn(&Sample) -> f64| Panel {
        title,
        axis: measured.scenario.axis,
        lines: lines(measured, pick),
    };
    plot::draw(&[
        panel("Processor time a request, µs", |sample| sample.server),
        panel("99 of 100 are answered within, ms", |sample| sample.latency.p99),
    ])
}

fn lines(Measured { scenario, rows }: &Measured, pick: fn(&Sample) -> f64) -> Vec<Line> {
    let line = |server: &Server| Line {
        name: server.name(),
        colour: *server as usize,
        points: rows
            .iter()
            .filter(|row| row.server == *server)
            // What is too little to be counted has no place on a logarithmic axis.
            .map(|row| (f64::from(row.at), of(&row.samples, pick).max(0.01)))
            .collect(),
    };
    scenario.servers.iter().map(line).collect()
}

fn floor(rows: &[Row], at: u32) -> f64 {
    let floor = rows.iter().find(|row| row.at == at && row.server == Server::Floor);
    floor.map_or(0.0, |row| of(&row.samples, |sample| sample.server))
}

fn of<T>(samples: &[T], pick: fn(&T) -> f64) -> f64 {
    median(samples.iter().map(pick).collect())
}

/// The lowest and the highest.
fn range<T>(samples: &[T], pick: fn(&T) -> f64) -> String {
    let wider = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    let (low, high) = samples.iter().map(pick).fold((f64::MAX, 0.0), wider);
    format!("{}–{}", short(low), short(high))
}

/// How many times as much; nothing of nothing.
fn times(value: f64, of: f64) -> String {
    if of > 0.0 { format!("× {}", short(value / of)) } else { "–".to_owned() }
}

/// The name of the processor, where Linux tells it.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(String::new, |(_, name)| format!(", {}", name.trim()))
}
