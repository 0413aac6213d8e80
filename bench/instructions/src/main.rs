//! Splits one delivery and lays out its records, then makes inbox records of them, each once; a profiler counts what happens in
//! `bodies::records`, or in `inbox::records`.

#[path = "../../../schemas/benches/split/bodies.rs"]
mod bodies;
mod inbox;

use std::process::ExitCode;

/// The argument is a file, or a number and a shape: so many items of it.
fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(first), second) = (arguments.next(), arguments.next()) else {
        eprintln!("give a file, or a number of items and the number of a shape");
        return ExitCode::FAILURE;
    };
    let shape = second.and_then(|shape| bodies::SHAPES.get(shape.parse::<usize>().ok()?));
    let body = match (first.parse(), shape) {
        (Ok(items), Some(shape)) => {
            println!("{items} {}", shape.name());
            shape.body(items).into_bytes()
        }
        _ => match std::fs::read(&first) {
            Ok(body) => body,
            Err(error) => {
                eprintln!("{first}: {error}");
                return ExitCode::FAILURE;
            }
        },
    };
    // What happens once in the life of a process comes first.
    let bytes = bodies::records(br#"{"object":"page","entry":[]}"#) + bodies::records(&body);
    let typed = inbox::typed(&body);
    let inbox = inbox::records(&[]) + inbox::records(&typed);
    println!("{bytes} bytes of records, {inbox} of an inbox record");
    ExitCode::SUCCESS
}
