//! Writes what describes the topics: `schemas/asyncapi.yaml` for machines, `docs/events.md` for people.
//!
//! Both come from the table of topics, the kinds, the JSON Schemas and the fixtures; a test compares them with what is
//! committed.

mod asyncapi;
mod content;
mod dead_letter;
mod documents;
mod headers;
mod layout;
mod message;
mod page;
mod reasons;
mod sample;

use std::fs;
use std::process::ExitCode;

#[expect(clippy::print_stderr, clippy::print_stdout, reason = "it is run by hand")]
fn main() -> ExitCode {
    for (path, text) in documents::all() {
        if let Err(error) = fs::write(&path, text) {
            eprintln!("cannot write {}: {error}", path.display());
            return ExitCode::FAILURE;
        }
        println!("{}", path.display());
    }
    ExitCode::SUCCESS
}
