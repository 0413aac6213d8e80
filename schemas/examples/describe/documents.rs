//! The documents, and where they are.

use crate::{asyncapi, page};
use std::path::{Path, PathBuf};

/// Every generated document with its text.
pub(crate) fn all() -> [(PathBuf, String); 2] {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = schemas.parent().unwrap_or(schemas);
    [
        (schemas.join("asyncapi.yaml"), asyncapi::document()),
        (root.join("docs").join("events.md"), page::document()),
    ]
}
