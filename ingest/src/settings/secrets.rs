//! Where app secrets and verify tokens come from, as read at the start.

use crate::signature::{self, Secret, Secrets};
use clap::{Arg, Command};
use runtime::settings::{Problem, Reader, Source, form, optional};
use std::path::Path;

/// Adds the flags that name app secrets: of `weir-ingest`, and of tools that sign as Meta does.
pub fn declare_app_secrets(command: Command) -> Command {
    let help = "Directory of app secrets, one file per app, named after it\n\n\
        The secret of a single app can be given in the environment variable `WEIR_APP_SECRET` instead.";
    declare(command, help, "app_secrets", "app_secret")
}

/// Reads the flags of [`declare_app_secrets`], which must name a secret.
pub fn read_app_secrets(reader: &mut Reader<'_>) -> Option<Secrets> {
    if !reader.is_set("app_secrets") && !reader.is_set("app_secret") {
        let expected = "a directory with a file an app, which holds its secret; or the secret itself in the environment variable WEIR_APP_SECRET";
        reader.problem("app_secrets", expected);
        return None;
    }
    read(reader, "app_secrets", "app_secret")
}

pub(super) fn declare_verify_tokens(command: Command) -> Command {
    let help = "Directory of verify tokens for the handshake, one file per app\n\n\
        A single one can be given in the environment variable `WEIR_VERIFY_TOKEN` instead.";
    declare(command, help, "verify_tokens", "verify_token")
}

pub(super) fn read_verify_tokens(reader: &mut Reader<'_>) -> Option<Secrets> {
    read(reader, "verify_tokens", "verify_token")
}

/// A directory, and the secret of a single app, which has a flag for the sake of its variable.
fn declare(command: Command, help: &str, directory: &'static str, single: &'static str) -> Command {
    let command = (optional("DIR", form::directory()).declare)(command, directory, help);
    let (long, name) = (single.replace('_', "-"), single.to_uppercase());
    let variable = Arg::new(single).long(long).env(format!("WEIR_{name}")).hide(true).hide_env_values(true);
    let help = "That of a single app; only from the environment, since every process can read a command line";
    command.arg(variable.value_name(name).help(help))
}

fn read(reader: &mut Reader<'_>, directory: &str, single: &str) -> Option<Secrets> {
    if reader.is_set(single) && reader.source(single) == Source::Flag {
        reader.problem(single, "it in the environment, since every process can read a command line");
    }
    let fixed = reader.optional(single, &form::text().secret()).map(|value| Secret::new("default", value));
    let path = reader.optional(directory, &form::directory());
    let is_refused = |id: &str, is_taken: bool| reader.is_set(id) && !is_taken;
    // Else whoever needs a secret would miss one, beside the reason.
    if is_refused(directory, path.is_some()) || is_refused(single, fixed.is_some()) {
        return None;
    }
    match path.as_deref().map_or_else(|| Ok(Secrets::default()), usable) {
        Ok(mut secrets) => {
            secrets.current.extend(fixed.clone());
            Some(Secrets { directory: path, fixed, ..secrets })
        }
        Err(found) => {
            let (setting, source) = (reader.flag(directory), reader.source(directory));
            let what = if directory == "app_secrets" { "secret" } else { "verify token" };
            let expected = format!("a directory with a file an app, which holds its {what}");
            reader.add(Problem { setting, source, found, expected });
            None
        }
    }
}

/// The secrets of a directory that has some; the reload logs files that cannot be used.
fn usable(directory: &Path) -> Result<Secrets, String> {
    let contents = signature::read_at_start(directory)?;
    if !contents.current.is_empty() {
        return Ok(contents);
    }
    let place = directory.display();
    let faults: Vec<_> = contents.faults.iter().map(|(file, why)| format!("{place}/{file}: {why}")).collect();
    Err(if faults.is_empty() { format!("{place}, which holds no files") } else { faults.join("; ") })
}
