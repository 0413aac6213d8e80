//! Where app secrets and verify tokens come from, as read at the start.

use crate::signature::{self, Secret, Secrets};
use runtime::settings::{Problem, Reader, Source, form};
use std::path::Path;

/// Reads the flags of [`super::AppSecretArgs`], which must name a secret.
pub fn read_app_secrets(reader: &mut Reader<'_>) -> Option<Secrets> {
    if !reader.is_set("app_secrets") && !reader.is_set("app_secret") {
        let expected = "a directory with a file an app, which holds its secret; or the secret itself in the environment variable WEIR_APP_SECRET";
        reader.problem("app_secrets", expected);
        return None;
    }
    read(reader, "app_secrets", "app_secret")
}

pub(super) fn read(reader: &mut Reader<'_>, directory: &str, single: &str) -> Option<Secrets> {
    if reader.is_set(single) && reader.source(single) == Source::Flag {
        reader.problem(single, "it in the environment, since every process can read a command line");
    }
    let fixed = reader.optional(single, &form::text().secret()).map(|value| Secret::new("default", value));
    let path = reader.optional(directory, &form::directory());
    if reader.is_set(directory) && path.is_none() {
        return None;
    }
    match path.as_deref().map_or_else(|| Ok(Vec::new()), usable) {
        Ok(mut current) => {
            current.extend(fixed.clone());
            Some(Secrets { directory: path, fixed, current })
        }
        Err(found) => {
            let (setting, source) = (reader.flag(directory), reader.source(directory));
            let expected = "a directory with a file an app, which holds its secret".to_owned();
            reader.add(Problem { setting, source, found, expected });
            None
        }
    }
}

/// The secrets of a directory that has some; the reload logs files that cannot be used.
fn usable(directory: &Path) -> Result<Vec<Secret>, String> {
    let contents = signature::read_at_start(directory.to_owned()).map_err(|error| error.to_string())?;
    if !contents.secrets.is_empty() {
        return Ok(contents.secrets);
    }
    let place = directory.display();
    let faults: Vec<_> = contents.faults.iter().map(|(file, why)| format!("{place}/{file}: {why}")).collect();
    Err(if faults.is_empty() { format!("{place}, which holds no files") } else { faults.join("; ") })
}
