//! The files that settings of Kafka name, read within a bound.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use crate::secret_files::read_regular;
use crate::settings::KafkaSettings;

/// Properties whose value is the path of a file.
const NAMING: [&str; 5] = [
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.key.location",
    "ssl.keystore.location",
    "ssl.crl.location",
];

/// More is no file of credentials; a system's bundle of authorities has a quarter of it.
const LARGEST: u64 = 1 << 20;

/// What is in the files, as far as it takes to see a change; a file that cannot be read has nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fingerprint(BTreeMap<PathBuf, Option<u64>>);

/// Of the file of properties and of every file that it names.
pub(super) fn fingerprint(kafka: &KafkaSettings) -> Fingerprint {
    let named = NAMING.iter().filter_map(|name| kafka.properties.get(*name)).map(PathBuf::from);
    let hashed = |path: PathBuf| {
        let content = read(&path);
        (path, content.as_deref().map(hash))
    };
    Fingerprint(kafka.file.iter().cloned().chain(named).map(hashed).collect())
}

/// The content of a regular file of a sensible size; anything else, as a folder or a pipe, is left alone.
pub(super) fn read(path: &Path) -> Option<Vec<u8>> {
    read_regular(path, LARGEST).ok()
}

fn hash(content: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
impl Fingerprint {
    pub(super) fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let hashed = |(path, content): (&str, &str)| (PathBuf::from(path), Some(hash(content.as_bytes())));
        Self(files.into_iter().map(hashed).collect())
    }
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
