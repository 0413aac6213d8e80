//! Reads a body: a file, standard input for `-`, or a fixture by its name.

use super::fixtures;
use crate::tool::input;
use crate::tool::settings::{Flag, flag};
use runtime::settings::form;
use std::io::{self, ErrorKind};

/// In MiB: far more than the largest `--max-body` of ingest that anybody sets.
const MOST: u64 = 64;

/// There is no body.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {name}: {source}{}", if source.kind() == ErrorKind::NotFound { ABOUT_FIXTURES } else { "" })]
pub(crate) struct BodyError {
    /// The file, or standard input.
    name: String,
    /// What the system said.
    source: io::Error,
}

const ABOUT_FIXTURES: &str = "; there is no fixture of that name either: they are named as message/text is";

/// The argument that names it.
pub(super) fn argument() -> Flag<String> {
    flag("file", "FILE", form::text()).positional().or("-")
}

/// Its bytes, as they are.
pub(super) fn read(file: &str) -> Result<Vec<u8>, BodyError> {
    match (input::read(file, MOST, "webhook"), fixtures::named(file)) {
        (Err(error), Some(fixture)) if error.kind() == ErrorKind::NotFound => Ok(fixture.to_vec()),
        (bytes, _) => bytes.map_err(|source| BodyError { name: input::name(file), source }),
    }
}
