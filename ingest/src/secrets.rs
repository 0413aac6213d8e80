//! Secrets from files: one file a secret, named for its app, as a mounted Kubernetes Secret is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file larger than this holds no app secret or verify token.
const MAX_BYTES: u64 = 4096;

/// A named secret. Its `Debug` shows the name alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    name: Arc<str>,
    value: Vec<u8>,
}

/// Why a directory gives no secrets.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretsError {
    /// The directory or a file in it cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Unreadable {
        /// The directory or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file holds nothing.
    #[error("{path} is empty: write the secret into it, or remove it", path = .0.display())]
    Empty(PathBuf),
    /// A file holds more than any secret.
    #[error("{path} is larger than 4096 bytes: it is no secret", path = .0.display())]
    TooLarge(PathBuf),
    /// A file's name cannot name an app.
    #[error("{path}: a file is named for its app, with 1 to 128 of A-Z a-z 0-9 _ . -", path = .0.display())]
    BadName(PathBuf),
    /// The directory holds no files.
    #[error("{path} holds no files: add one an app, named for it", path = .0.display())]
    None(PathBuf),
}

impl Secret {
    /// A secret of the app `name`; one line end after the value is not part of it.
    pub fn new(name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref();
        let value = value.strip_suffix(b"\n").unwrap_or(value);
        let value = value.strip_suffix(b"\r").unwrap_or(value);
        Self { name: name.into(), value: value.to_vec() }
    }

    /// The app's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.value
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Secret").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Reads every secret of `directory`, by name. Files that begin with a dot are Kubernetes' own and passed over.
pub(crate) fn read(directory: &Path) -> Result<Vec<Secret>, SecretsError> {
    let unreadable = |source| SecretsError::Unreadable { path: directory.to_owned(), source };
    let mut secrets = Vec::new();
    for file in fs::read_dir(directory).map_err(unreadable)? {
        let path = file.map_err(unreadable)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !name.starts_with('.') && !path.is_dir() {
            secrets.push(read_file(&path, &name)?);
        }
    }
    if secrets.is_empty() {
        return Err(SecretsError::None(directory.to_owned()));
    }
    secrets.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(secrets)
}

fn read_file(path: &Path, name: &str) -> Result<Secret, SecretsError> {
    let unreadable = |source| SecretsError::Unreadable { path: path.to_owned(), source };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if name.len() > 128 || !name.bytes().all(allowed) {
        return Err(SecretsError::BadName(path.to_owned()));
    }
    if fs::metadata(path).map_err(unreadable)?.len() > MAX_BYTES {
        return Err(SecretsError::TooLarge(path.to_owned()));
    }
    let secret = Secret::new(name, fs::read(path).map_err(unreadable)?);
    if secret.value.is_empty() { Err(SecretsError::Empty(path.to_owned())) } else { Ok(secret) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(directory.path().join(name), content).unwrap();
        }
        directory
    }

    #[test]
    fn a_directory_gives_its_secrets_by_name() {
        let directory = directory(&[("shop", "two\n"), ("main", "one"), ("..data", "kubernetes' own")]);
        let secrets = read(directory.path()).unwrap();
        assert_eq!(secrets, [Secret::new("main", "one"), Secret::new("shop", "two")]);
    }

    #[test]
    fn an_empty_file_or_directory_or_a_strange_name_is_refused() {
        assert!(matches!(read(directory(&[]).path()), Err(SecretsError::None(_))));
        assert!(matches!(read(directory(&[("main", "\n")]).path()), Err(SecretsError::Empty(_))));
        assert!(matches!(read(directory(&[("my app", "x")]).path()), Err(SecretsError::BadName(_))));
        let large = "x".repeat(4097);
        assert!(matches!(read(directory(&[("main", &large)]).path()), Err(SecretsError::TooLarge(_))));
    }

    #[test]
    fn debug_shows_no_value() {
        assert!(!format!("{:?}", Secret::new("main", "hunter2")).contains("hunter2"));
    }
}
