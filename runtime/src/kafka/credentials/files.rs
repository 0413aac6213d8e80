//! The files that settings of Kafka name, read within a bound.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::path::{Path, PathBuf};

use crate::secret_files::read_regular;
use crate::settings::{KafkaSettings, PROPERTIES_OF_FILES};

/// More is no file of credentials; a system's bundle of authorities has a quarter of it.
const LARGEST: u64 = 1 << 20;

/// What is in the file of properties and in every file that it names, as far as it takes to see a change; a file that cannot be
/// read has nothing, and without files it is 0.
pub(super) fn fingerprint(kafka: &KafkaSettings) -> u64 {
    let named = PROPERTIES_OF_FILES.iter().filter_map(|name| kafka.properties.get(*name)).map(PathBuf::from);
    let hash = |path: PathBuf| BuildHasherDefault::<DefaultHasher>::default().hash_one((&path, read(&path)));
    kafka.file.iter().cloned().chain(named).map(hash).fold(0, u64::wrapping_add)
}

/// The content of a regular file of a sensible size; anything else, as a folder or a pipe, is left alone.
pub(super) fn read(path: &Path) -> Option<Vec<u8>> {
    read_regular(path, LARGEST).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_a_named_file_shows_and_neither_folders_nor_pipes_are_read() {
        let dir = std::env::temp_dir().join(format!("weir-fingerprint-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("user.crt");
        std::fs::write(&path, "old").unwrap();
        let mut kafka = KafkaSettings::plain("kafka:9092");
        let value = path.to_string_lossy().into_owned();
        kafka.properties.insert(String::from("ssl.certificate.location"), value);
        let old = fingerprint(&kafka);
        assert_eq!(fingerprint(&kafka), old);
        std::fs::write(&path, "new").unwrap();
        assert_ne!(fingerprint(&kafka), old);
        assert_eq!((read(&dir), read(Path::new("/dev/zero"))), (None, None));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
