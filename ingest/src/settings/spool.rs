//! How deliveries are spooled.

use runtime::settings::{Reader, form};
use std::path::PathBuf;
use std::time::Duration;

/// How deliveries are spooled.
#[derive(Clone, Debug)]
pub struct SpoolSettings {
    /// The directory; one process owns it.
    pub directory: PathBuf,
    /// Maximum size on disk.
    pub max_bytes: u64,
    /// Timeout for writing a delivery.
    pub timeout: Duration,
    /// Maximum rate of the drain, in deliveries per second; never 0.
    pub drain_rate: u32,
}

impl SpoolSettings {
    /// The defaults of `--help` for a directory.
    pub fn of(directory: PathBuf) -> Self {
        Self { directory, max_bytes: 1 << 30, timeout: Duration::from_millis(800), drain_rate: 1000 }
    }
}

/// `Some(None)` where there is to be no spool.
#[expect(clippy::option_option, reason = "bad settings are told from a spool that is not wanted")]
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Option<SpoolSettings>> {
    let directory = reader.optional("spool_dir", &form::directory());
    let max_bytes = reader.required("spool_max_bytes", &form::bytes(1 << 20..=1 << 40))?;
    let timeout = reader.required("spool_timeout", &super::between(10, 4_000))?;
    let drain_rate = reader.required("spool_drain_rate", &form::count(1..=1_000_000))?;
    let drain_rate = u32::try_from(drain_rate).ok()?;
    if reader.is_set("spool_dir") && directory.is_none() {
        return None;
    }
    Some(directory.map(|directory| SpoolSettings { directory, max_bytes, timeout, drain_rate }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{IngestArgs, tests::ABOUT};
    use clap::Args as _;
    use runtime::process;

    #[test]
    fn a_spool_has_the_defaults_of_the_help() {
        let command = process::command(ABOUT, IngestArgs::augment_args);
        let matches =
            command.clone().get_matches_from(["weir-ingest", "--spool-dir", env!("CARGO_MANIFEST_DIR")]);
        let spool = read(&mut Reader::new(&command, &matches)).unwrap().unwrap();
        let expected = SpoolSettings::of(PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        assert_eq!(format!("{spool:?}"), format!("{expected:?}"));
    }
}
