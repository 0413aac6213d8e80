//! Puts a token into its file or its key of a Secret, at once or not at all, with its end beside it under a hidden name, which
//! those who read tokens pass over.

use super::report;
use super::secret::{KeySnapshot, Secret};
use super::settings::Destination;
use crate::meta::{Accounts, DeclaredAccount};
use runtime::secret_files::{read_regular, trimmed};
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tempfile::NamedTempFile;
use weir_graph::AccessToken;
use weir_graph::edges::NewToken;

/// A time has some twenty characters.
const LONGEST_TIME: u64 = 64;
/// More than any token has.
const LONGEST_TOKEN: u64 = 16 * 1024;

/// A place that the token of an account can be put into.
pub(super) enum TokenTarget<'a> {
    File(PathBuf),
    Key(&'a Secret, KeySnapshot),
}

impl<'a> TokenTarget<'a> {
    /// Where it was told to go, under the name of the file that the account's token is read from; else over that file. It is seen
    /// that a token can be put there, so that nothing is asked for that would be lost.
    pub(super) async fn open(
        accounts: &Accounts,
        account: &DeclaredAccount,
        own: Option<PathBuf>,
        destination: &Destination,
        secret: Option<&'a Secret>,
    ) -> Result<Self, String> {
        if let Some(secret) = secret {
            return Ok(Self::Key(secret, secret.look(&own_key(accounts, account)?).await?));
        }
        let file = destination.to.as_ref().map(|to| to.join(account.id.as_str())).or(own);
        let why = "give --access-tokens, --to or --to-secret, where its token goes";
        let file = file.ok_or_else(|| format!("account {}: {why}", account.id))?;
        prepared(&file).map_err(|error| failed(&file, &error))?;
        Ok(Self::File(file))
    }

    /// That nobody has put another token there than the one that was read from a file.
    pub(super) fn still_holds(&self, token: &AccessToken, read: &Path) -> Result<(), String> {
        match self {
            Self::File(path) if *path == read && !holds(path, token) => Err(format!(
                "{} holds another token by now than was read, such as that of a new login, and is left as it is; run this again",
                path.display()
            )),
            Self::File(_) => Ok(()),
            Self::Key(secret, seen) => secret.check(seen, token),
        }
    }

    /// Until when the token may be used that is read from a file and that [`Self::still_holds`], where that is known; nothing
    /// where this place has no token yet, or is another file than that.
    pub(super) fn ends(&self, read: &Path) -> Option<SystemTime> {
        let has_it = match self {
            Self::File(path) => *path == read,
            Self::Key(_, seen) => seen.value.is_some(),
        };
        has_it.then(|| ends(read)).flatten()
    }

    /// Puts a token there that Meta just gave, and says when it ends. Who reads it sees the old token or the new one; what is no
    /// token leaves the old one.
    pub(super) async fn put(&self, token: &NewToken) -> Result<Option<SystemTime>, String> {
        let ends = token.lasts().and_then(|lasts| SystemTime::now().checked_add(lasts));
        if AccessToken::parse("new", &token.secret, None).is_none() {
            return Err(String::from("Meta gave something that is no token"));
        }
        match self {
            Self::File(path) => write(path, &token.secret, ends)?,
            Self::Key(secret, seen) => {
                let values = [(seen.key.clone(), token.secret.clone()), (hidden(&seen.key), written(ends))];
                secret.put(seen, &values.into()).await?;
            }
        }
        Ok(ends)
    }
}

impl fmt::Display for TokenTarget<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Key(secret, seen) => write!(formatter, "{} of the {secret}", seen.key),
        }
    }
}

/// The key that an account's token has in a Secret: the name of its file, where no other account's file in another folder has it.
fn own_key(accounts: &Accounts, account: &DeclaredAccount) -> Result<String, String> {
    let file_of =
        |account: &DeclaredAccount| accounts.own_file(account).unwrap_or_else(|| account.id.as_str().into());
    let name_of = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let named =
        |account: &DeclaredAccount, file: &Path| format!("account {} ({})", account.id, file.display());
    let file = file_of(account);
    let key = name_of(&file);
    let mut others = accounts.all().map(|(_, account)| (account, file_of(account)));
    match others.find(|(_, other)| *other != file && name_of(other) == key) {
        None => Ok(key),
        Some((other, of_other)) => {
            let (account, other) = (named(account, &file), named(other, &of_other));
            Err(format!(
                "{account} and {other} would share {key} of the Secret, which is named as their files are, and each would write \
                 over the other's token: give one of them a file of another name, by \"token_file\""
            ))
        }
    }
}

/// Whether a file has this token still; what cannot be read holds nothing that would be lost.
fn holds(file: &Path, token: &AccessToken) -> bool {
    let text = read_regular(file, LONGEST_TOKEN).map(trimmed);
    text.map_or(true, |text| token.is(&String::from_utf8_lossy(&text)))
}

fn write(file: &Path, token: &str, ends: Option<SystemTime>) -> Result<(), String> {
    let beside = beside(file);
    replace(file, token).map_err(|error| failed(file, &error))?;
    replace(&beside, &written(ends)).map_err(|error| failed(&beside, &error))
}

fn failed(path: &Path, error: &io::Error) -> String {
    let advice = "give a directory that can be by --to, or --to-secret";
    format!("{}: it cannot be written: {error}; {advice}", path.display())
}

fn written(ends: Option<SystemTime>) -> String {
    ends.map_or_else(String::new, report::written)
}

/// Until when the token of a file may be used, where that is known.
pub(super) fn ends(file: &Path) -> Option<SystemTime> {
    let text = String::from_utf8(read_regular(&beside(file), LONGEST_TIME).ok()?).ok()?;
    humantime::parse_rfc3339(text.trim()).ok()
}

fn beside(file: &Path) -> PathBuf {
    file.with_file_name(hidden(&file.file_name().unwrap_or_default().to_string_lossy()))
}

/// A name that a key of a Secret can have too.
fn hidden(name: &str) -> String {
    format!(".{name}.ends")
}

fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut new = prepared(file)?;
    new.write_all(text.as_bytes())?;
    new.as_file().sync_all()?;
    new.persist(file).map_err(|error| error.error)?;
    Ok(())
}

/// An empty file beside it. Whoever could read the old one can read the new one; nobody else.
fn prepared(file: &Path) -> io::Result<NamedTempFile> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let new = NamedTempFile::new_in(folder)?;
    if let Ok(old) = fs::metadata(file) {
        let own = new.as_file().metadata()?;
        if (old.uid(), old.gid()) != (own.uid(), own.gid()) {
            fchown(new.as_file(), Some(old.uid()), Some(old.gid()))?;
        }
        new.as_file().set_permissions(old.permissions())?;
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn a_token_is_replaced_with_its_end_and_stays_as_private_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("1784");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let end = UNIX_EPOCH + Duration::from_hours(500_000);
        write(&file, "new", Some(end)).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(ends(&file), Some(end));
        write(&file, "without-end", None).unwrap();
        assert_eq!(ends(&file), None);
    }

    #[test]
    fn an_end_that_cannot_be_written_is_not_said_of_the_token_that_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("1784");
        // Nobody puts a file in the place of a folder, not even root.
        fs::create_dir(beside(&file)).unwrap();
        let failed = write(&file, "new", None).unwrap_err();
        assert!(failed.contains("/.1784.ends: it cannot be written"), "{failed}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
    }

    #[test]
    fn a_token_that_somebody_else_has_put_there_meanwhile_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("1784");
        let (token, target) =
            (AccessToken::parse("1784", "old", None).unwrap(), TokenTarget::File(file.clone()));
        fs::write(&file, "old\n").unwrap();
        target.still_holds(&token, &file).unwrap();
        fs::write(&file, "of-a-new-login").unwrap();
        let refused = target.still_holds(&token, &file).unwrap_err();
        assert!(refused.contains("another token") && !refused.contains("of-a-new-login"), "{refused}");
        target.still_holds(&token, Path::new("elsewhere")).unwrap();
    }

    #[test]
    fn a_token_that_is_new_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("1784");
        write(&file, "new", None).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(write(&folder.path().join("nowhere/1784"), "new", None).is_err());
    }
}
