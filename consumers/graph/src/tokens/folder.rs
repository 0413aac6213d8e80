//! What the files of access tokens hold.

use crate::tokens::{DEFAULT, TokenSettings};
use crate::{AccessToken, AppSecret, GraphId};
use runtime::blocking::BlockingError;
use runtime::secret_files::{self, FileFault, Files};
use std::collections::BTreeMap;

/// More than any token has; a file that is larger is something else.
const LONGEST_FILE: u64 = 16 * 1024;

/// The tokens and the app's secret as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// Tokens by the name of their file.
    pub(super) tokens: BTreeMap<String, AccessToken>,
    /// Files that cannot be used, and why; the directory itself as `.`.
    pub(super) broken: BTreeMap<String, String>,
    app: Option<AppSecret>,
}

/// What the file system has given; reading it can hang.
#[derive(Debug)]
pub(super) struct Look {
    folder: Result<Files, FileFault>,
    app: Option<Result<Vec<u8>, FileFault>>,
}

impl Look {
    /// Reads every file.
    pub(super) fn at(settings: &TokenSettings) -> Self {
        let app = settings.graph_app_secret.as_deref();
        Self {
            folder: secret_files::read_folder(&settings.access_tokens, LONGEST_FILE),
            app: app.map(|path| secret_files::read_file(path, LONGEST_FILE)),
        }
    }
}

impl Contents {
    /// What is known after a look. A file that cannot be used keeps what it held; one that is gone does not.
    pub(super) fn after(&self, look: Result<Look, BlockingError>) -> Self {
        match look {
            Ok(look) => self.with(look),
            Err(error) => self.without_folder(error.to_string()),
        }
    }

    fn with(&self, look: Look) -> Self {
        let app = look.app.map(app_secret).transpose();
        let known = match &app {
            Ok(app) => app.clone(),
            Err(_) => self.app.clone(),
        };
        let mut after = match look.folder {
            Ok(files) => self.with_files(files, known),
            Err(fault) => Self { app: known, ..self.without_folder(fault.to_string()) },
        };
        if let Err(why) = app {
            after.broken.insert(String::from("the app's secret"), why);
        }
        after
    }

    fn with_files(&self, files: Files, app: Option<AppSecret>) -> Self {
        let mut after = Self { app, ..Self::default() };
        for (name, content) in files {
            match token(&name, content, after.app.as_ref()) {
                Ok(token) => {
                    after.tokens.insert(name, token);
                }
                Err(why) => {
                    let former = self.tokens.get(&name).cloned();
                    after.tokens.extend(former.map(|token| (name.clone(), token)));
                    after.broken.insert(name, why);
                }
            }
        }
        after
    }

    fn without_folder(&self, why: String) -> Self {
        Self { broken: BTreeMap::from([(String::from("."), why)]), ..self.clone() }
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
    let text = text(content)?;
    if text.is_empty() {
        return Err(String::from("it is empty"));
    }
    AccessToken::parse(name, &text, app)
        .ok_or_else(|| String::from("it holds more than one line of printable characters"))
}

fn app_secret(content: Result<Vec<u8>, FileFault>) -> Result<AppSecret, String> {
    let text = text(content)?;
    AppSecret::parse(&text).ok_or_else(|| String::from("it is no line of printable characters"))
}

fn text(content: Result<Vec<u8>, FileFault>) -> Result<String, String> {
    let bytes = content.map_err(|fault| fault.to_string())?;
    String::from_utf8(secret_files::trimmed(bytes)).map_err(|_| String::from("it is no text"))
}
