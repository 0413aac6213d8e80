//! What the file system gives of tokens and accounts; reading it can hang.

use super::account_file::AccountFile;
use super::folder::text;
use crate::tokens::TokenSettings;
use runtime::secret_files::{self, FileFault, Files};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// More than any token has; a file that is larger is something else.
const LONGEST_FILE: u64 = 16 * 1024;

/// What was found; nothing where nothing was looked for.
#[derive(Debug, Default)]
pub(super) struct TokenFiles {
    pub(super) tokens: Option<Result<Files, FileFault>>,
    pub(super) accounts: Option<Result<Accounts, FileFault>>,
    pub(super) app: Option<Result<Vec<u8>, FileFault>>,
}

/// What each file of an account holds, or why it cannot be used, by its name.
pub(super) type Accounts = BTreeMap<String, Result<AccountFiles, String>>;

/// A file of an account, and those that it names.
#[derive(Debug)]
pub(super) struct AccountFiles {
    pub(super) file: AccountFile,
    pub(super) token: Option<Result<Vec<u8>, FileFault>>,
    pub(super) app_secret: Option<Result<Vec<u8>, FileFault>>,
}

impl TokenFiles {
    /// Reads every file.
    pub(super) fn at(settings: &TokenSettings) -> Self {
        let TokenSettings { access_tokens, accounts, graph_app_secret } = settings;
        let folder = |directory: &Path| secret_files::read_folder(directory, LONGEST_FILE);
        Self {
            tokens: access_tokens.as_deref().map(folder),
            accounts: accounts
                .as_deref()
                .map(|directory| folder(directory).map(|files| account_files(directory, files))),
            app: graph_app_secret.as_deref().map(|path| secret_files::read_file(path, LONGEST_FILE)),
        }
    }
}

/// The accounts of a directory, without the files that some of them name, alone or with their whole path.
fn account_files(directory: &Path, files: Files) -> Accounts {
    let account = |(name, content)| (name, AccountFiles::at(directory, content));
    let mut accounts: Accounts = files.into_iter().map(account).collect();
    let files = accounts.values().flatten().map(|look| &look.file);
    let paths = files.flat_map(|file| [&file.token_file, &file.app_secret_file]).flatten();
    let named: BTreeSet<_> = paths.map(|path| directory.join(path)).collect();
    accounts.retain(|name, _| !named.contains(&directory.join(name)));
    accounts
}

impl AccountFiles {
    fn at(directory: &Path, content: Result<Vec<u8>, FileFault>) -> Result<Self, String> {
        let file = AccountFile::parse(&text(content)?)?;
        let named = |path: &Path| secret_files::read_file(&directory.join(path), LONGEST_FILE);
        let (token, app_secret) =
            (file.token_file.as_deref().map(named), file.app_secret_file.as_deref().map(named));
        Ok(Self { file, token, app_secret })
    }
}
