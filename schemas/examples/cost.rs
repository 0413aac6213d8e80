//! Splits one delivery of so many items, once, for a profiler that counts instructions: the same on every run.
//!
//!     cargo build --profile bench -p weir-schemas --example cost
//!     for items in 1 10 100 1000 10000; do
//!         valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='*bodies::records*' \
//!             target/release/examples/cost $items 2>&1 | grep -e items -e Collected
//!     done

#[path = "../benches/split/bodies.rs"]
mod bodies;

use std::process::ExitCode;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "it is run by hand")]
fn main() -> ExitCode {
    let Some(items) = std::env::args().nth(1).and_then(|items| items.parse().ok()) else {
        eprintln!(
            "give the number of items, and a shape from 0 to {} where it is another",
            bodies::SHAPES.len() - 1
        );
        return ExitCode::FAILURE;
    };
    let shape = std::env::args().nth(2).and_then(|shape| shape.parse::<usize>().ok()).unwrap_or_default();
    let Some(shape) = bodies::SHAPES.get(shape) else { return ExitCode::FAILURE };
    let body = shape.body(items);
    println!("{items} items, {}: {} bytes of records", shape.name(), bodies::records(body.as_bytes()));
    ExitCode::SUCCESS
}
