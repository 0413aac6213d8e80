//! What it costs to split a delivery and to lay out the records of its events.
//!
//!     cargo bench -p weir-schemas

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use schemas::{Receipt, split};
use std::fmt::Write as _;
use std::hint::black_box;

/// A text message as Instagram sends it.
const MESSAGE: &[u8] = include_bytes!("../fixtures/message/text.json");
const RECEIPT: Receipt<'_> =
    Receipt { delivery_id: "01890a5d-ac96-774b-bcce-b302099a8057", received: "2025-07-18T10:35:10.447Z" };
const MAX_EVENTS: usize = 10_000;

/// Splits a body and writes value, type and id of every record; returns how many bytes that are.
fn records(body: &[u8]) -> usize {
    let mut bytes = 0;
    for event in split(body, MAX_EVENTS).events {
        let (mut value, mut event_type) = (Vec::new(), Vec::with_capacity(64));
        event.write_json(RECEIPT, &mut value);
        event.write_type(&mut event_type);
        bytes += value.len() + event_type.len() + event.id.to_hex().len();
    }
    bytes
}

/// A delivery of so many messages.
fn batch(items: usize) -> String {
    let mut body = String::from(
        r#"{"object":"instagram","entry":[{"id":"17841405726653026","time":1752834911447,"messaging":["#,
    );
    for item in 0..items {
        let comma = if item == 0 { "" } else { "," };
        // Writing into a string cannot fail.
        write!(body, r#"{comma}{{"sender":{{"id":"{item}"}},"recipient":{{"id":"17841405726653026"}},"timestamp":1752834910447,"message":{{"mid":"mid.{item}","text":"Hello"}}}}"#).unwrap_or_default();
    }
    body + "]}]}"
}

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
        let body = batch(items);
        group.throughput(Throughput::Elements(items as u64));
        group.bench_with_input(BenchmarkId::from_parameter(items), body.as_bytes(), |bencher, body| {
            bencher.iter(|| records(black_box(body)));
        });
    }
    group.finish();
}

fn hostile(criterion: &mut Criterion) {
    const SIZE: usize = 4 << 20;
    let mut group = criterion.benchmark_group("hostile, 4 MiB");
    group.sample_size(10).throughput(Throughput::Bytes(SIZE as u64));
    let in_entry = |item: &str| {
        format!(
            r#"{{"object":"instagram","entry":[{}{item}]}}"#,
            format!("{item},").repeat(SIZE / (item.len() + 1) - 20)
        )
    };
    let bodies = [
        ("nested arrays", "[".repeat(SIZE / 2) + &"]".repeat(SIZE / 2)),
        ("empty arrays", in_entry("[]")),
        ("empty objects", in_entry("{}")),
        ("one string", format!(r#"{{"object":"instagram","entry":["{}"]}}"#, "a".repeat(SIZE))),
        ("escapes", format!(r#"{{"object":"instagram","entry":["{}"]}}"#, r"\u00e4".repeat(SIZE / 6))),
        ("messages", batch(SIZE / 150)),
    ];
    for (name, body) in &bodies {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| split(black_box(body.as_bytes()), MAX_EVENTS).events.len());
        });
    }
    group.finish();
}

criterion_group!(benches, one_message, batches, hostile);
criterion_main!(benches);
