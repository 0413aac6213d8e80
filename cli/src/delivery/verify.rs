//! `weir verify`: which secret a body was signed with, and if with none, why not.

mod mismatch;

use super::body;
use super::sign::app_secrets;
use crate::screen::{Screen, Tone};
use crate::tool::settings::{flag, settings};
use crate::tool::{Exit, Result, tool, work};
use mismatch::matching_app;
use runtime::settings::Form;
use weir_ingest::Secrets;

tool! {
    /// Find the secret that a webhook's body was signed with, or why none fits
    ///
    /// Takes the body of a POST as the very bytes that were received, and its header X-Hub-Signature-256, and tries every app secret.
    /// Where none fits, it looks for the reason: a header that is cut, malformed or of SHA-1; a body that something between Meta and
    /// here decoded and encoded anew, indented, put into base64 or gave a line end; a body that is cut; secrets that cannot be
    /// Meta's, and files of secrets that cannot be used.
    ///
    /// Nothing of the secrets is printed but their names, and nothing of the body.
    ///
    /// Examples:
    ///   weir verify body.json --signature sha256=2a1551d0… --app-secrets /etc/weir/app-secrets
    ///   weir spool show --body ID | weir verify --signature "$SIGNATURE"
    ///
    /// Exit code 0: a secret fits; 1: the body cannot be read; 3: none fits, and the reason is shown.
    pub(crate) const TOOL: "verify" = work!(VerifySettings, run);
}

settings! {
    /// What `weir verify` can be asked for.
    struct VerifySettings {
        /// The body of a POST as a file; - or nothing reads standard input
        file: String = body::argument(),
        /// The header X-Hub-Signature-256 that came with it, with or without its name
        signature: String = flag("signature", "HEADER", any()),
        secrets: Secrets = app_secrets(),
    }
}

/// What is wrong with a header is for `mismatch` to say.
fn any() -> Form<String> {
    Form::new("the header as it came, such as sha256=2a1551d0…", |value| Some(value.to_owned()))
}

fn run(settings: &VerifySettings, screen: &mut Screen) -> Result<Exit> {
    let VerifySettings { file, signature, secrets: Secrets { current: secrets, faults, .. } } = settings;
    let body = body::read(file)?;
    let mismatch = match matching_app(&body, signature, secrets) {
        Ok(app) => {
            screen.toned(Tone::Good, &format!("✓ The secret {app} fits."))?;
            return Ok(Exit::Done);
        }
        Err(mismatch) => mismatch,
    };
    screen.toned(Tone::Bad, &format!("✗ No secret fits: {mismatch}."))?;
    let names: Vec<_> = secrets.iter().map(|secret| &**secret.name()).collect();
    screen.line(format!("Tried: {}.", names.join(", ")))?;
    for (file, why) in faults {
        screen.toned(Tone::Warn, &format!("{file} cannot be tried: {why}."))?;
    }
    for secret in secrets {
        if let Some(format) = secret.unusual_format() {
            let name = secret.name();
            screen.toned(
                Tone::Warn,
                &format!("{name} does not look like an app secret of Meta's: {format}."),
            )?;
        }
    }
    Ok(Exit::Findings)
}
