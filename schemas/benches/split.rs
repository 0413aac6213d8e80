//! What it costs to split a delivery and to lay out the records of its events.
//!
//!     cargo bench -p weir-schemas
//!
//! Ends with the best times, which hardly depend on what else the machine does: of one message, of hostile bodies, and a
//! table of nanoseconds an item for deliveries of 1 to 1,000 items in all shapes. Where it is linear, a row of that holds
//! about one number, but for the first, which carries the costs of a delivery alone. `schemas/examples/cost.rs` shows the
//! same in instructions, which are the same on every run.

#[path = "split/bodies.rs"]
mod bodies;

use bodies::{SHAPES, Shape, records};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use schemas::split;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A text message as Instagram sends it.
const MESSAGE: &[u8] = include_bytes!("../fixtures/message/text.json");
const MAX_EVENTS: usize = 10_000;

fn one_message(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("message");
    group.throughput(Throughput::Bytes(MESSAGE.len() as u64));
    group.bench_function("split", |bencher| {
        bencher.iter(|| split(black_box(MESSAGE), MAX_EVENTS).events.len());
    });
    group.bench_function("split and records", |bencher| bencher.iter(|| records(black_box(MESSAGE))));
    group.finish();
}

fn batches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("batch");
    for items in [1, 10, 100, 1_000] {
        let body = Shape::Messages.body(items);
        group.throughput(Throughput::Elements(items as u64));
        group.bench_with_input(BenchmarkId::from_parameter(items), body.as_bytes(), |bencher, body| {
            bencher.iter(|| records(black_box(body)));
        });
    }
    group.finish();
}

const HOSTILE_BYTES: usize = 4 << 20;

/// Bodies of 4 MiB that cost more than any of Meta's, by name.
fn hostile_bodies() -> [(&'static str, String); 6] {
    const SIZE: usize = HOSTILE_BYTES;
    let in_entry = |item: &str| {
        let items = format!("{item},").repeat(SIZE / (item.len() + 1) - 20);
        format!(r#"{{"object":"instagram","entry":[{items}{item}]}}"#)
    };
    [
        ("nested arrays", "[".repeat(SIZE / 2) + &"]".repeat(SIZE / 2)),
        ("empty arrays", in_entry("[]")),
        ("empty objects", in_entry("{}")),
        ("one string", format!(r#"{{"object":"instagram","entry":["{}"]}}"#, "a".repeat(SIZE))),
        ("escapes", format!(r#"{{"object":"instagram","entry":["{}"]}}"#, r"\u00e4".repeat(SIZE / 6))),
        ("messages", Shape::Messages.body(SIZE / 150)),
    ]
}

fn hostile(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hostile, 4 MiB");
    group.sample_size(10).throughput(Throughput::Bytes(HOSTILE_BYTES as u64));
    for (name, body) in &hostile_bodies() {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| split(black_box(body.as_bytes()), MAX_EVENTS).events.len());
        });
    }
    group.finish();
}

/// How often something is timed for the best of its times: what else runs only ever adds.
const TRIES: usize = 60;
const COUNTS: [usize; 4] = [1, 10, 100, 1_000];

/// The best time of `work`, done so many times over, since a clock is too coarse for what is short.
fn best(rounds: u32, mut work: impl FnMut() -> usize) -> Duration {
    let mut once = || {
        let start = Instant::now();
        for _ in 0..rounds {
            black_box(work());
        }
        start.elapsed() / rounds
    };
    (0..TRIES).map(|_| once()).min().unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "a benchmark is read on the terminal")]
fn print_the_best() {
    let one = best(100, || records(black_box(MESSAGE)));
    println!("\nbest of {TRIES}: {one:?} for a message of {} bytes, split and records", MESSAGE.len());
    for (name, body) in hostile_bodies() {
        let time = best(1, || split(black_box(body.as_bytes()), MAX_EVENTS).events.len());
        println!("best of {TRIES}: {time:?} for 4 MiB of {name}");
    }
    let heading: Vec<_> = COUNTS.iter().map(|items| format!("{items:>7}")).collect();
    println!("\nbest ns an item, split and records{} items", heading.concat());
    for shape in SHAPES {
        let row = COUNTS.iter().map(|items| format!("{:>7}", nanoseconds(*shape, *items)));
        println!("{:<34}{}", shape.name(), row.collect::<Vec<_>>().concat());
    }
}

/// The best time of an item of a delivery.
fn nanoseconds(shape: Shape, items: usize) -> u128 {
    let body = shape.body(items);
    let rounds = if items < 100 { 100 } else { 1 };
    best(rounds, || records(black_box(body.as_bytes()))).as_nanos() / items as u128
}

criterion_group!(benches, one_message, batches, hostile);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    // Cargo runs benchmarks as tests too, to see that they run at all.
    if std::env::args().any(|argument| argument == "--bench") {
        print_the_best();
    }
}
