//! `weir sign`: the signature that Meta would send with a body.

use super::body;
use super::signer::Signer;
use crate::screen::Screen;
use crate::tool::settings::{group, settings};
use crate::tool::{Exit, Result, tool, work};

tool! {
    /// Sign a webhook's body as Meta does
    ///
    /// Prints the value of X-Hub-Signature-256 for the body of a POST, as the very bytes of the file. The secret is read as ingest
    /// reads it: from the folder --app-secrets, a file an app, or from the variable WEIR_APP_SECRET.
    ///
    /// Examples:
    ///   weir sign body.json --app-secrets /etc/weir/app-secrets --app shop
    ///   curl -H "X-Hub-Signature-256: $(weir sign body.json)" --data-binary @body.json http://localhost:8080/webhook
    ///
    /// Exit code 0: signed; 1: the body cannot be read.
    pub(crate) const TOOL: "sign" = work!(SignSettings, run);
}

settings! {
    /// What `weir sign` can be asked for.
    struct SignSettings {
        /// The body of a POST as a file, or a fixture by its name such as message/text; - or nothing reads standard input
        file: String = body::argument(),
        signer: Signer = group(),
    }
}

fn run(settings: &SignSettings, screen: &mut Screen) -> Result<Exit> {
    let body = body::read(&settings.file)?;
    screen.line(settings.signer.secret().sign(&body))?;
    Ok(Exit::Done)
}
