//! Secrets from files: one file a secret, named for its app, as a mounted Kubernetes Secret is.

use hmac::{Hmac, KeyInit as _, Mac as _};
use runtime::blocking::{Blocking, BlockingError};
use runtime::hex;
use runtime::secret_files::{self, FileFault, Files, READ_TIMEOUT};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A larger file is no app secret or verify token.
const MAX_BYTES: u64 = 4096;

/// How many digits an app secret of Meta's has.
const DIGITS: usize = 32;

/// A named secret. Its `Debug` shows the name alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    name: Arc<str>,
    value: Vec<u8>,
}

/// Secrets of one kind: where they come from, and what was read last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// The directory that is reread.
    pub directory: Option<PathBuf>,
    /// One given beside the directory, named `default`.
    pub fixed: Option<Secret>,
    /// All of them, as read last.
    pub current: Vec<Secret>,
    /// What was wrong, as they were read, with files that could not be used, by name.
    pub faults: BTreeMap<String, String>,
}

impl Secrets {
    /// A single secret that never changes.
    pub fn fixed(value: &str) -> Self {
        let secret = Secret::new("default", value);
        Self { current: vec![secret.clone()], fixed: Some(secret), ..Self::default() }
    }
}

impl Secret {
    /// A secret of the app `name`; blanks, line ends and a byte order mark around the value are not part of it.
    pub fn new(name: &str, value: impl AsRef<[u8]>) -> Self {
        Self { name: name.into(), value: secret_files::trimmed(value.as_ref().to_vec()) }
    }

    /// The app's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The value of `X-Hub-Signature-256` that this secret gives a body: `sha256=` and the HMAC-SHA256 in hex digits
    /// (<https://developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications>).
    ///
    /// # Panics
    ///
    /// Never: HMAC takes keys of any length.
    pub fn sign(&self, body: &[u8]) -> String {
        let mut mac = self.mac();
        mac.update(body);
        format!("sha256={}", hex::digits(&mac.finalize().into_bytes()))
    }

    pub(super) fn mac(&self) -> Hmac<Sha256> {
        Hmac::new_from_slice(&self.value).expect("HMAC takes keys of any length")
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.value
    }

    /// How it differs from the app secrets that Meta gives, which are 32 hexadecimal digits in lower case.
    /// Meta does not document the form; scanners of secrets know no other (`[a-f0-9]{32}` of scan4secrets, for example).
    pub fn unusual_format(&self) -> Option<&'static str> {
        let is_quote = |byte: u8| matches!(byte, b'"' | b'\'' | b'`');
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        match self.value.as_slice() {
            value if value.len() == DIGITS && value.iter().all(u8::is_ascii_hexdigit) => value
                .iter()
                .any(u8::is_ascii_uppercase)
                .then_some("some of its digits are in upper case, Meta's are in lower case"),
            [first, .., last] if is_quote(*first) && first == last => {
                Some("it stands in quotes, which count as part of it")
            }
            value if value.len() > DIGITS && value.iter().all(|byte| is_base64(*byte)) => {
                Some("it is longer than 32 digits: is it encoded with base64?")
            }
            _ => Some("it is not 32 hexadecimal digits"),
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Secret").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Reads every secret of a directory while a service is running, or says why the directory as a whole cannot be used.
pub(super) async fn read(
    directory: PathBuf,
    blocking: &Blocking,
    before: &[Secret],
) -> Result<Secrets, String> {
    let path = directory.clone();
    let files = blocking.run(READ_TIMEOUT, move || secret_files::read_folder(&path, MAX_BYTES)).await;
    contents(&directory, files, before)
}

/// The same before there is a service.
pub(crate) fn read_at_start(directory: &Path) -> Result<Secrets, String> {
    let path = directory.to_owned();
    let files = Blocking::default().wait(READ_TIMEOUT, move || secret_files::read_folder(&path, MAX_BYTES));
    contents(directory, files, &[])
}

/// Each file by itself: one that cannot be used keeps its secret of `before`; one that was removed does not.
fn contents(
    directory: &Path,
    files: Result<Result<Files, FileFault>, BlockingError>,
    before: &[Secret],
) -> Result<Secrets, String> {
    let unusable = |why: String| format!("{}: {why}", directory.display());
    let files = files.map_err(|error| unusable(error.to_string()))?;
    let mut contents = Secrets::default();
    for (name, content) in files.map_err(|fault| unusable(fault.to_string()))? {
        match secret(&name, content) {
            Ok(secret) => contents.current.push(secret),
            Err(fault) => {
                contents.current.extend(before.iter().find(|secret| *secret.name == *name).cloned());
                contents.faults.insert(name, fault);
            }
        }
    }
    Ok(contents)
}

fn secret(name: &str, content: Result<Vec<u8>, FileFault>) -> Result<Secret, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if name.len() > 128 || !name.bytes().all(allowed) {
        return Err("a file is named for its app, with 1 to 128 of A-Z a-z 0-9 _ . -".to_owned());
    }
    let secret = Secret::new(name, content.map_err(|fault| fault.to_string())?);
    if secret.value.is_empty() {
        return Err("it is empty: write the secret into it, or remove it".to_owned());
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const GOOD: &str = "0123456789abcdef0123456789abcdef";

    fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(directory.path().join(name), content).unwrap();
        }
        directory
    }

    fn at_start(files: &[(&str, &str)]) -> Secrets {
        read_at_start(directory(files).path()).unwrap()
    }

    #[test]
    fn a_directory_gives_its_secrets_by_name() {
        let contents = at_start(&[("shop", "two\n"), ("main", "one"), ("..data", "kubernetes' own")]);
        assert_eq!(contents.current, [Secret::new("main", "one"), Secret::new("shop", "two")]);
        assert!(contents.faults.is_empty());
        assert_eq!(at_start(&[]), Secrets::default());
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_and_takes_no_other_with_it() {
        let large = "x".repeat(4097);
        let contents = at_start(&[("blank", " \n"), ("my app", "x"), ("large", &large), ("shop", "two")]);
        assert_eq!(contents.current, [Secret::new("shop", "two")]);
        assert_eq!(contents.faults.keys().collect::<Vec<_>>(), ["blank", "large", "my app"]);
        assert_eq!(contents.faults["large"], "it is larger than 4096 bytes");
    }

    #[tokio::test]
    async fn a_file_that_breaks_keeps_its_secret_and_one_that_is_gone_does_not() {
        let directory = directory(&[("blank", ""), ("shop", "two")]);
        let before = [Secret::new("blank", "zero"), Secret::new("gone", "one"), Secret::new("shop", "old")];
        let contents = read(directory.path().to_owned(), &Blocking::default(), &before).await.unwrap();
        assert_eq!(contents.current, [Secret::new("blank", "zero"), Secret::new("shop", "two")]);
    }

    #[test]
    fn a_directory_that_is_gone_is_an_error() {
        let path = directory(&[]).path().to_owned();
        let why = read_at_start(&path).unwrap_err();
        assert!(why.starts_with(&format!("{}: it cannot be read: ", path.display())), "{why}");
    }

    #[test]
    fn a_secret_unlike_metas_is_recognised() {
        assert_eq!(Secret::new("main", format!("\u{feff} {GOOD}\r\n\n")).unusual_format(), None);
        let quoted = format!("\"{GOOD}\"");
        let base64 = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
        for (value, word) in [
            (quoted.as_str(), "quotes"),
            (base64, "base64"),
            (&GOOD.to_uppercase(), "upper case"),
            ("test_app_secret", "not 32 hexadecimal digits"),
            (GOOD.trim_start_matches('0'), "not 32 hexadecimal digits"),
        ] {
            let found = Secret::new("main", value).unusual_format().unwrap();
            assert!(found.contains(word), "{value}: {found}");
        }
    }

    #[test]
    fn the_signature_is_what_openssl_makes() {
        // printf %s '{"a":1}' | openssl dgst -sha256 -hmac weir-demo-secret
        assert_eq!(
            Secret::new("main", "weir-demo-secret").sign(br#"{"a":1}"#),
            "sha256=2a1551d04ff3f116518fd131e28d73d3e3b7af5755f0eecaa1f4109caf199dce"
        );
    }

    #[test]
    fn debug_shows_no_value() {
        assert!(!format!("{:?}", Secret::new("main", "hunter2")).contains("hunter2"));
    }
}
