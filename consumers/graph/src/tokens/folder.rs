//! Reads the directory of access tokens.

use crate::tokens::DEFAULT;
use crate::{AccessToken, AppSecret, GraphId};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// More than any token has; a file that is larger is something else.
const LONGEST_FILE: u64 = 16 * 1024;

/// What the directory holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// Tokens by the name of their file.
    pub(super) tokens: BTreeMap<String, AccessToken>,
    /// Files that cannot be used, and why; the directory itself as `.`.
    pub(super) broken: BTreeMap<String, String>,
}

/// Reads every file; where one cannot be used, its token of `before` stays.
pub(super) fn read(directory: &Path, app: Option<&AppSecret>, before: &Contents) -> Contents {
    let names = match names(directory) {
        Ok(names) => names,
        Err(error) => {
            let broken = BTreeMap::from([(String::from("."), error.to_string())]);
            return Contents { tokens: before.tokens.clone(), broken };
        }
    };
    let mut contents = Contents::default();
    for name in names {
        match token(directory, &name, app) {
            Ok(token) => {
                contents.tokens.insert(name, token);
            }
            Err(why) => {
                let former = before.tokens.get(&name).cloned();
                contents.tokens.extend(former.map(|token| (name.clone(), token)));
                contents.broken.insert(name, why);
            }
        }
    }
    contents
}

/// The names of the files, links to files included; hidden ones are passed over.
fn names(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && !entry.path().is_dir() {
            names.push(name);
        }
    }
    Ok(names)
}

fn token(directory: &Path, name: &str, app: Option<&AppSecret>) -> Result<AccessToken, String> {
    if name != DEFAULT && GraphId::parse(name).is_none() {
        return Err(format!("its name is neither an account's id nor {DEFAULT}"));
    }
    let text = text(&directory.join(name)).map_err(|error| error.to_string())?;
    if text.trim().is_empty() {
        return Err(String::from("it is empty"));
    }
    AccessToken::parse(name, &text, app)
        .ok_or_else(|| String::from("it holds more than one line of printable characters"))
}

/// The text of a file, as far as a secret may be long.
pub(super) fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LONGEST_FILE).read_to_string(&mut text)?;
    Ok(text)
}
