//! What the files of access tokens and of accounts hold.

use super::account_file::AccountFile;
use super::files::{ByName, LONGEST_FILE, TokenFiles};
use crate::tokens::{DEFAULT, TokenSettings};
use crate::{AccessToken, Account, AppSecret, GraphId, GraphUrl};
use runtime::blocking::BlockingError;
use runtime::secret_files::{self, FileFault};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The tokens, the accounts and the app's secret as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// The token of each account that has one, and of `default`.
    pub(super) tokens: BTreeMap<String, AccessToken>,
    /// What the files of accounts say, by their names.
    accounts: ByFile<Known>,
    /// Files and directories that cannot be used, and why.
    pub(super) broken: BTreeMap<PathBuf, String>,
    /// Every folder was read once; before, nobody knows who has which token.
    pub(super) is_read: bool,
    /// What the files of tokens hold, by their names.
    files: ByFile<AccessToken>,
    app: Option<AppSecret>,
}

type ByFile<T> = BTreeMap<String, FileState<T>>;

/// A file as it was read last.
#[derive(Clone, Debug, PartialEq, Eq)]
enum FileState<T> {
    /// What it holds, or held when it could be used last.
    Usable(T),
    /// It cannot be used and never could: another token or host would be a guess.
    NeverUsable,
}

impl<T> FileState<T> {
    fn usable(&self) -> Option<&T> {
        match self {
            Self::Usable(held) => Some(held),
            Self::NeverUsable => None,
        }
    }
}

/// What a file of an account says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) account: Account,
    /// Where it is another than that of the flag.
    host: Option<Arc<GraphUrl>>,
    /// Its app's secret, and what its app is called.
    app: Option<(AppSecret, String)>,
    /// None where it has that of its file of tokens, or the default one.
    token: Option<AccessToken>,
}

impl Contents {
    /// What is known after a look. A file that cannot be used keeps what it held; one that is gone does not.
    pub(super) fn after(&self, look: Result<TokenFiles, BlockingError>, settings: &TokenSettings) -> Self {
        let mut after = Self { app: self.app.clone(), ..Self::default() };
        let look = look.unwrap_or_else(|error| {
            after.broken.insert(settings.directory().to_owned(), error.to_string());
            TokenFiles::default()
        });
        if let (Some(path), Some(content)) = (&settings.graph_app_secret, look.app) {
            match app_secret(content) {
                Ok(app) => after.app = Some(app),
                Err(why) => drop(after.broken.insert(path.clone(), why)),
            }
        }
        let app = after.app.as_ref();
        let read = |(name, content): (String, _)| (name.clone(), token(&name, content, app));
        let tokens = look.tokens.map(|files| Ok(files?.into_iter().map(read).collect()));
        let broken = &mut after.broken;
        after.files = kept(&self.files, settings.access_tokens.as_deref(), tokens, broken);
        after.accounts = kept(&self.accounts, settings.accounts.as_deref(), look.accounts, broken);
        // What is no account's takes nobody's token away: `default` is that of a file of tokens.
        after.accounts.retain(|name, _| GraphId::parse(name).is_some());
        after.tokens = tokens_of(&after.files, &after.accounts, app);
        let mut folders = settings.access_tokens.iter().chain(&settings.accounts);
        after.is_read = self.is_read || folders.all(|folder| !after.broken.contains_key(folder));
        after
    }

    /// Whether an account may have another token than before, or one where it had none, or may be reached elsewhere.
    pub(super) fn differs(&self, before: &Self) -> bool {
        self.tokens != before.tokens
            || self.files != before.files
            || self.accounts != before.accounts
            || self.is_read != before.is_read
    }

    /// The token of an account, else the default one; none where the account has a file that cannot be used.
    pub(super) fn of(&self, account: &str) -> Option<&AccessToken> {
        let has_unusable_file = matches!(self.accounts.get(account), Some(FileState::NeverUsable))
            || matches!(self.files.get(account), Some(FileState::NeverUsable));
        let default = || self.tokens.get(DEFAULT).filter(|_| !has_unusable_file);
        self.tokens.get(account).or_else(default)
    }

    /// What the file of an account says.
    pub(super) fn known(&self, account: &str) -> Option<&Known> {
        self.accounts.get(account)?.usable()
    }

    /// The file of an account that cannot be used as it is.
    pub(super) fn broken_file(&self, account: &str, settings: &TokenSettings) -> Option<PathBuf> {
        let folders = settings.accounts.iter().chain(&settings.access_tokens);
        folders.map(|folder| folder.join(account)).find(|file| self.broken.contains_key(file))
    }

    /// The file that a token stands in, or that names its file.
    pub(super) fn file_of(&self, token: &AccessToken, settings: &TokenSettings) -> PathBuf {
        let is_of_account = self.known(token.name()).is_some_and(|known| known.token.is_some());
        let directory = if is_of_account { &settings.accounts } else { &settings.access_tokens };
        directory.as_deref().unwrap_or(settings.directory()).join(&**token.file())
    }
}

/// The token of each account: that of its own file, else that of the file of tokens with its name, else `default`; none where its own
/// file cannot be used. And `default`, which accounts without any file have.
fn tokens_of(
    files: &ByFile<AccessToken>,
    accounts: &ByFile<Known>,
    app: Option<&AppSecret>,
) -> BTreeMap<String, AccessToken> {
    let usable = files.iter().filter_map(|(name, file)| Some((name.clone(), file.usable()?.clone())));
    let mut tokens: BTreeMap<_, _> = usable.collect();
    let in_file = |name: &str| files.get(name).or_else(|| files.get(DEFAULT))?.usable();
    for (name, account) in accounts {
        let own = account.usable().and_then(|known| {
            let token = known.token.as_ref().or_else(|| in_file(name))?;
            Some(known.token_of(name, token, app))
        });
        match own {
            Some(token) => tokens.insert(name.clone(), token),
            None => tokens.remove(name),
        };
    }
    tokens
}

/// What the files of a directory hold after a look at it: one that cannot be used what it held, and all where the directory cannot be
/// read.
fn kept<T: Clone>(
    former: &ByFile<T>,
    directory: Option<&Path>,
    look: Option<Result<ByName<T>, FileFault>>,
    broken: &mut BTreeMap<PathBuf, String>,
) -> ByFile<T> {
    let Some(directory) = directory else { return BTreeMap::new() };
    let mut tell = |file: PathBuf, why: String| drop(broken.insert(file, why));
    let files =
        look.and_then(|look| look.map_err(|fault| tell(directory.to_owned(), fault.to_string())).ok());
    let Some(files) = files else { return former.clone() };
    let files = files.into_iter().map(|(name, read)| {
        let state = match read {
            Ok(held) => FileState::Usable(held),
            Err(why) => {
                tell(directory.join(&name), why);
                former.get(&name).cloned().unwrap_or(FileState::NeverUsable)
            }
        };
        (name, state)
    });
    files.collect()
}

impl Known {
    /// Reads what a file of `directory` says, and the files that it names. Where it says nothing of it, it is at `usual`.
    pub(super) fn read(
        name: &str,
        file: AccountFile,
        directory: &Path,
        usual: &GraphUrl,
    ) -> Result<Self, String> {
        let id = GraphId::parse(name).ok_or("its name is no account's id")?;
        let (account, host) = file.account(id, usual)?;
        let named = |path: &Path| secret_files::read_file(&directory.join(path), LONGEST_FILE);
        let in_file = |error| format!("the file that it names: {error}");
        let text = match &file.token_file {
            Some(path) => Some(text(named(path)).map_err(in_file)?),
            None => file.token,
        };
        let token = text.map(|text| parse(name, &text, None)).transpose()?;
        let app = match &file.app_secret_file {
            Some(path) => Some((app_secret(named(path)).map_err(in_file)?, path.display().to_string())),
            None => None,
        };
        Ok(Self { account, host: host.map(Arc::new), app, token })
    }

    /// The token as calls of the account carry it. The secret of the flag is that of the app at the host of the flag.
    fn token_of(&self, name: &str, token: &AccessToken, flag: Option<&AppSecret>) -> AccessToken {
        let secret = match &self.app {
            Some((secret, _)) => Some(secret),
            None => flag.filter(|_| self.host.is_none()),
        };
        let host = self.host.as_ref().map(|host| host.origin());
        let parts = host.into_iter().chain(self.app.as_ref().map(|(_, called)| called.clone()));
        let app = parts.fold(String::from(crate::token::APP), |app, part| format!("{app} {part}"));
        token.of_account(name, self.host.clone(), secret, &app)
    }
}

fn token(
    name: &str,
    content: Result<Vec<u8>, FileFault>,
    app: Option<&AppSecret>,
) -> Result<AccessToken, String> {
    if name != DEFAULT && GraphId::parse(name).is_none() {
        return Err(format!("its name is neither an account's id nor {DEFAULT}"));
    }
    parse(name, &text(content)?, app)
}

fn parse(name: &str, text: &str, app: Option<&AppSecret>) -> Result<AccessToken, String> {
    if text.is_empty() {
        return Err(String::from("it is empty"));
    }
    AccessToken::parse(name, text, app)
        .ok_or_else(|| String::from("it holds more than one line of printable characters"))
}

fn app_secret(content: Result<Vec<u8>, FileFault>) -> Result<AppSecret, String> {
    let text = text(content)?;
    AppSecret::parse(&text).ok_or_else(|| String::from("it is no line of printable characters"))
}

pub(super) fn text(content: Result<Vec<u8>, FileFault>) -> Result<String, String> {
    let bytes = content.map_err(|fault| fault.to_string())?;
    String::from_utf8(secret_files::trimmed(bytes)).map_err(|_| String::from("it is no text"))
}
