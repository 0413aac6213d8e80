//! The secrets that the declared apps and accounts name, read from their files. None is ever shown.

use super::file::{DeclaredAccount, DeclaredApp, Login};
use runtime::secret_files::{read_file, trimmed};
use std::path::{Path, PathBuf};
use weir_graph::{AccessToken, AppSecret, tokens};

/// More than any secret has.
const LONGEST: u64 = 16 * 1024;

/// A file of a secret that cannot be used, so that nothing can be done for its app or account.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub struct CredentialsError {
    path: PathBuf,
    why: String,
}

/// The secrets of an app.
pub(super) struct AppCredentials {
    pub(super) secret: AppSecret,
    /// The app's own access token.
    pub(super) token: AccessToken,
    /// What ingest knows Meta's handshake by; of an app with objects. Nothing but subscribing to them needs it.
    pub(super) verify_token: Option<Result<String, CredentialsError>>,
}

impl AppCredentials {
    /// Reads them.
    pub(super) fn read(app: &DeclaredApp) -> Result<Self, CredentialsError> {
        let path = &app.secret_file;
        let secret = AppSecret::parse(&text(path)?).ok_or_else(|| fault(path, "it holds no app secret"))?;
        let verify_token = app.verify_token_file.as_deref().map(text);
        Ok(Self { token: AccessToken::of_app(&app.id, &secret), secret, verify_token })
    }
}

/// The file of an account's token: its own, else the one of its id among the access tokens, else `default` there.
pub(super) fn token_file(account: &DeclaredAccount, folder: Option<&Path>) -> Option<PathBuf> {
    if let Some(own) = &account.token_file {
        return Some(own.clone());
    }
    let named = |name: &str| Some(folder?.join(name)).filter(|path| path.is_file());
    named(account.id.as_str()).or_else(|| named(tokens::DEFAULT))
}

/// The token of an account. Of `graph.facebook.com` it proves by the app's secret that its own app uses it.
pub(super) fn token(
    account: &DeclaredAccount,
    folder: Option<&Path>,
    app: &AppSecret,
) -> Result<AccessToken, CredentialsError> {
    let missing = || CredentialsError {
        path: folder.unwrap_or(Path::new("--access-tokens")).join(account.id.as_str()),
        why: String::from("there is no access token: put it there, or name its file by \"token_file\""),
    };
    let path = token_file(account, folder).ok_or_else(missing)?;
    token_of(account, &path, app)
}

/// The token in a file, as an account's.
pub(super) fn token_of(
    account: &DeclaredAccount,
    path: &Path,
    app: &AppSecret,
) -> Result<AccessToken, CredentialsError> {
    let proof = (account.login != Login::Instagram).then_some(app);
    let token = AccessToken::parse(account.id.as_str(), &text(path)?, proof);
    token.ok_or_else(|| fault(path, "it holds no access token, which is one line of printable characters"))
}

fn text(path: &Path) -> Result<String, CredentialsError> {
    let bytes = read_file(path, LONGEST).map_err(|why| fault(path, why.to_string()))?;
    String::from_utf8(trimmed(bytes)).map_err(|_| fault(path, "it is no text"))
}

fn fault(path: &Path, why: impl Into<String>) -> CredentialsError {
    CredentialsError { path: path.to_owned(), why: why.into() }
}
