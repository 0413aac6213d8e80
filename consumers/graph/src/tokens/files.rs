//! What the file system gives of tokens and accounts; reading it can hang.

use super::account_file::AccountFile;
use super::contents::{Known, text};
use crate::GraphUrl;
use crate::tokens::TokenSettings;
use runtime::secret_files::{self, FileFault, Files};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// More than any token has; a file that is larger is something else.
pub(super) const LONGEST_FILE: u64 = 16 * 1024;

/// What was found; nothing where nothing was looked for.
#[derive(Debug, Default)]
pub(super) struct TokenFiles {
    pub(super) tokens: Option<Result<Files, FileFault>>,
    pub(super) accounts: Option<Result<ByName<Known>, FileFault>>,
    pub(super) app: Option<Result<Vec<u8>, FileFault>>,
}

/// What each file says, or why it cannot be used, by its name.
pub(super) type ByName<T> = BTreeMap<String, Result<T, String>>;

impl TokenFiles {
    /// Reads every file; accounts that say no host are at `usual`.
    pub(super) fn at(settings: &TokenSettings, usual: &GraphUrl) -> Self {
        let TokenSettings { access_tokens, accounts, graph_app_secret } = settings;
        let folder = |directory: &Path| secret_files::read_folder(directory, LONGEST_FILE);
        let read = |directory: &Path| Ok(read_accounts(directory, folder(directory)?, usual));
        Self {
            tokens: access_tokens.as_deref().map(folder),
            accounts: accounts.as_deref().map(read),
            app: graph_app_secret.as_deref().map(|path| secret_files::read_file(path, LONGEST_FILE)),
        }
    }
}

/// The accounts of a directory, without the files that some of them name, alone or with their whole path.
fn read_accounts(directory: &Path, files: Files, usual: &GraphUrl) -> ByName<Known> {
    let parse = |content| AccountFile::parse(&text(content)?);
    let files: BTreeMap<_, _> = files.into_iter().map(|(name, content)| (name, parse(content))).collect();
    let paths = files.values().flatten().flat_map(|file| [&file.token_file, &file.app_secret_file]).flatten();
    let named: BTreeSet<_> = paths.map(|path| directory.join(path)).collect();
    let own = files.into_iter().filter(|(name, _)| !named.contains(&directory.join(name)));
    own.map(|(name, file)| {
        let known = file.and_then(|file| Known::read(&name, file, directory, usual));
        (name, known)
    })
    .collect()
}
