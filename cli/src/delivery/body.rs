//! Reads a body: a file, standard input for `-`, or a fixture by its name.

use super::fixtures;
use crate::tool::input;
use crate::tool::settings::{Flag, flag};
use runtime::settings::form;
use std::io::{self, ErrorKind};

/// Far more than the largest `--max-body` of ingest that anybody sets.
const MOST: u64 = 64 * 1024 * 1024;

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// The file cannot be read.
    #[error("cannot read {name}: {source}{}", if source.kind() == ErrorKind::NotFound { ABOUT_FIXTURES } else { "" })]
    Read {
        /// The file, or standard input.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// Nothing Meta sends is that large.
    #[error("{name} is larger than {} MiB, which no webhook is", MOST >> 20)]
    TooLarge {
        /// The file, or standard input.
        name: String,
    },
}

const ABOUT_FIXTURES: &str = "; there is no fixture of that name either: they are named as message/text is";

/// The argument that names it.
pub(super) fn argument() -> Flag<String> {
    flag("file", "FILE", form::text()).positional().or("-")
}

/// Its bytes, as they are.
pub(super) fn read(file: &str) -> Result<Vec<u8>, BodyError> {
    let bytes = match (input::read(file, MOST), fixtures::named(file)) {
        (Err(error), Some(fixture)) if error.kind() == ErrorKind::NotFound => Ok(fixture.to_vec()),
        (bytes, _) => bytes,
    };
    let bytes = bytes.map_err(|source| BodyError::Read { name: input::name(file), source })?;
    if bytes.len() as u64 > MOST {
        return Err(BodyError::TooLarge { name: input::name(file) });
    }
    Ok(bytes)
}
