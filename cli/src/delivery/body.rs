//! Reads a body: a file, standard input for `-`, or a fixture by its name.

use super::fixtures;
use crate::tool::settings::{Flag, flag};
use crate::tool::{Result, input};
use runtime::settings::form;
use std::io::ErrorKind;

/// In MiB: far more than the largest `--max-body` of ingest that anybody sets.
const MOST: u64 = 64;

const ABOUT_FIXTURES: &str = "; there is no fixture of that name either: they are named as message/text is";

/// The argument that names it.
pub(super) fn argument() -> Flag<String> {
    flag("file", "FILE", form::text()).positional().or("-")
}

/// Its bytes, as they are.
pub(super) fn read(file: &str) -> Result<Vec<u8>> {
    match (input::read(file, MOST, "webhook"), fixtures::named(file)) {
        (Err(error), Some(fixture)) if error.kind() == ErrorKind::NotFound => Ok(fixture.to_vec()),
        (bytes, _) => bytes.map_err(|error| {
            let hint = if error.kind() == ErrorKind::NotFound { ABOUT_FIXTURES } else { "" };
            format!("cannot read {}: {error}{hint}", input::name(file)).into()
        }),
    }
}
