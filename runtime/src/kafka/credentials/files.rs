//! The files that settings of Kafka name, read within a bound.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher, Hash};
use std::path::Path;

use crate::secret_files::read_regular;
use crate::settings::{KafkaSettings, PROPERTIES_OF_FILES};

/// More is no file of credentials; a system's bundle of authorities has a quarter of it.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The properties as they were read, and what is in every file that they name, as far as it takes to see a change; a file that
/// cannot be read has nothing.
pub(super) fn fingerprint(kafka: &KafkaSettings) -> u64 {
    let named = PROPERTIES_OF_FILES.iter().filter_map(|name| kafka.properties.get(*name));
    let contents: Vec<_> = named.map(|path| read(Path::new(path))).collect();
    hash((&kafka.properties, contents))
}

/// That of the properties as their file has them by now. What cannot be used has another one than what can.
pub(super) fn latest_fingerprint(kafka: &KafkaSettings) -> u64 {
    kafka.read_again().map_or_else(hash, |latest| fingerprint(&latest))
}

fn hash<T: Hash>(value: T) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(value)
}

/// The content of a regular file of a sensible size; anything else, as a folder or a pipe, is left alone.
pub(super) fn read(path: &Path) -> Option<Vec<u8>> {
    read_regular(path, MAX_FILE_BYTES).ok()
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

    #[test]
    fn the_fingerprint_of_settings_is_that_of_what_was_read_whatever_the_file_has_by_now() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let write = |text: &str| std::fs::write(&file, text).unwrap();
        write("client.rack=a\n");
        let named = KafkaSettings { file: Some(file.path().to_owned()), ..KafkaSettings::plain("a:1") };
        let read = named.read_again().unwrap();
        let taken = fingerprint(&read);
        write("# the same\nclient.rack=a\n");
        assert_eq!(latest_fingerprint(&read), taken);
        for change in ["client.rack=b\n", "no.such.property=a\n"] {
            write(change);
            assert_eq!(fingerprint(&read), taken);
            assert_ne!(latest_fingerprint(&read), taken, "{change}");
        }
    }
}
