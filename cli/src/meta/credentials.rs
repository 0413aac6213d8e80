//! The secrets that the declared apps and accounts name, read from their files. None is ever shown.

use super::file::{DeclaredAccount, DeclaredApp, FileError, Login};
use runtime::secret_files::{read_file, trimmed};
use std::path::Path;
use weir_graph::{AccessToken, AppSecret};

/// More than any secret has.
const LONGEST: u64 = 16 * 1024;

/// The secrets of an app.
pub(super) struct AppCredentials {
    pub(super) secret: AppSecret,
    /// The app's own access token.
    pub(super) token: AccessToken,
    /// What ingest knows Meta's handshake by; of an app with objects. Nothing but subscribing to them needs it.
    pub(super) verify_token: Option<Result<String, String>>,
}

impl AppCredentials {
    /// Reads them.
    pub(super) fn read(app: &DeclaredApp) -> Result<Self, FileError> {
        let path = &app.secret_file;
        let secret =
            AppSecret::parse(&text(path)?).ok_or_else(|| FileError::new(path, "it holds no app secret"))?;
        let verify_token = app.verify_token_file.as_deref();
        let verify_token = verify_token.map(|path| text(path).map_err(|error| error.to_string()));
        Ok(Self { token: AccessToken::of_app(&app.id, &secret), secret, verify_token })
    }
}

/// The token in a file, as an account's. Of `graph.facebook.com` it proves by the app's secret that its own app uses it.
pub(super) fn token_of(
    account: &DeclaredAccount,
    path: &Path,
    app: &AppSecret,
) -> Result<AccessToken, FileError> {
    let proof = (account.login != Login::Instagram).then_some(app);
    let token = AccessToken::parse(account.id.as_str(), &text(path)?, proof);
    token.ok_or_else(|| {
        FileError::new(path, "it holds no access token, which is one line of printable characters")
    })
}

fn text(path: &Path) -> Result<String, FileError> {
    let bytes = read_file(path, LONGEST).map_err(|why| FileError::new(path, why.to_string()))?;
    String::from_utf8(trimmed(bytes)).map_err(|_| FileError::new(path, "it is no text"))
}
