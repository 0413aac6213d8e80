//! How deliveries are spooled.

use runtime::settings::{Reader, defaults, form, optional, with_default};
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
        defaults(SpoolFlags::declare, SpoolFlags::read).at(directory)
    }

    /// What large deliveries may take of it: the last sixteenth is for small ones alone.
    pub(crate) const fn max_bytes_of_large(&self) -> u64 {
        self.max_bytes / 16 * 15
    }
}

runtime::settings! {
    /// The flags of the spool.
    #[expect(clippy::struct_field_names, reason = "they are the names of the flags")]
    pub(super) struct SpoolFlags {
        /// Directory of the spool, which stores deliveries that Kafka does not acknowledge in time; without one they are answered 503
        ///
        /// It has to outlive the process, so that what was answered 200 reaches Kafka after a restart, and belongs to one
        /// process alone. Where there is none of that name, it is made.
        spool_dir: Option<PathBuf> = optional("DIR", form::directory_to_make()),
        /// Maximum bytes of stored deliveries; the files may take a quarter more on disk, and some 32 MiB for the WAL and a reserve.
        /// Beyond it (deliveries over 64 KiB: beyond fifteen sixteenths), what Kafka does not acknowledge is answered 503
        spool_max_bytes: u64 = with_default("BYTES", "1GiB", form::bytes(1 << 20..=1 << 40)),
        /// Timeout for writing a delivery to the spool, after which it is answered 503
        spool_timeout: Duration = with_default("DURATION", "800ms", form::millis(10..=4_000)),
        /// Maximum rate of the drain from the spool to Kafka, in deliveries per second, so that new ones keep their latency
        spool_drain_rate: u32 = with_default("COUNT", "1000", form::count(1..=1_000_000).narrow()),
    }
}

impl SpoolFlags {
    fn at(self, directory: PathBuf) -> SpoolSettings {
        SpoolSettings {
            directory,
            max_bytes: self.spool_max_bytes,
            timeout: self.spool_timeout,
            drain_rate: self.spool_drain_rate,
        }
    }
}

/// `Some(None)` where there is to be no spool.
#[expect(clippy::option_option, reason = "bad settings are told from a spool that is not wanted")]
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Option<SpoolSettings>> {
    let mut flags = SpoolFlags::read(reader)?;
    Some(flags.spool_dir.take().map(|directory| flags.at(directory)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Settings, tests::ABOUT};
    use runtime::process;

    #[test]
    fn a_directory_that_is_to_be_made_is_one() {
        let command = process::command(ABOUT, Settings::declare);
        let new = format!("{}/new", env!("CARGO_MANIFEST_DIR"));
        let matches = command.clone().get_matches_from(["weir-ingest", "--spool-dir", &new]);
        let spool = read(&mut Reader::new(&command, &matches)).unwrap().unwrap();
        assert_eq!(spool.directory, PathBuf::from(new));
    }
}
