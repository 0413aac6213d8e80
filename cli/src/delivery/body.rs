//! Reads a body: a file, standard input for `-`, or a fixture of `schemas` by its name: a delivery of every shape that Meta sends,
//! carried by the tool itself.

use crate::tool::settings::{Flag, flag};
use crate::tool::{Result, input};
use runtime::settings::form;
use std::io::ErrorKind;

/// Every fixture with its name, `{kind}/{name}`.
const FIXTURES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/fixtures.rs"));

/// In MiB: far more than the largest `--max-body` of ingest that anybody sets.
const MAX_MIB: u64 = 64;

const ABOUT_FIXTURES: &str = "; there is no fixture of that name either: they are named as message/text is";

/// The fixture of this name.
pub(super) fn fixture(name: &str) -> Option<&'static [u8]> {
    FIXTURES.iter().find(|(known, _)| *known == name).map(|(_, body)| *body)
}

/// The argument that names a body.
pub(super) fn argument() -> Flag<String> {
    flag("file", "FILE", form::text()).positional().or("-")
}

/// The bytes of a body, as they are.
pub(super) fn read(file: &str) -> Result<Vec<u8>> {
    match (input::read(file, MAX_MIB, "webhook"), fixture(file)) {
        (Err(error), Some(fixture)) if error.kind() == ErrorKind::NotFound => Ok(fixture.to_vec()),
        (bytes, _) => bytes.map_err(|error| {
            let hint = if error.kind() == ErrorKind::NotFound { ABOUT_FIXTURES } else { "" };
            format!("cannot read {}: {error}{hint}", input::name(file)).into()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::Kind;

    #[test]
    fn there_is_a_fixture_of_nearly_every_kind() {
        let with =
            |kind: &Kind| FIXTURES.iter().any(|(name, _)| name.starts_with(&format!("{}/", kind.as_str())));
        let without: Vec<_> = Kind::ALL.into_iter().filter(|kind| !with(kind)).collect();
        assert!(without.len() <= 1, "{without:?}");
        assert!(fixture("message/text").is_some_and(|body| body.starts_with(b"{\"object\"")));
        assert_eq!(fixture("message/text.events"), None);
    }
}
