//! `weir sign`: the signature that Meta would send with a body; and for all that sign, whose secret does: the app secrets of ingest,
//! and the choice of one.

use super::body;
use crate::screen::Screen;
use crate::tool::settings::{flag, group, settings};
use crate::tool::{Exit, Result, tool, work};
use runtime::settings::{Setting, form, part};
use weir_ingest::settings::{declare_app_secrets, read_app_secrets};
use weir_ingest::{Secret, Secrets};

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

settings! {
    /// With which secret a body is signed.
    pub(crate) struct Signer {
        secrets: Secrets = app_secrets(),
        /// Name of the app whose secret signs, where there are several
        app: Option<String> = flag("app", "NAME", form::text()).optional(),
    }
    check |signer, given| if signer.chosen().is_none() {
        let names: Vec<_> = signer.secrets.current.iter().map(|secret| &**secret.name()).collect();
        let faults = signer.secrets.faults.iter().map(|(file, why)| format!("; {file} cannot be used: {why}"));
        let faults = faults.collect::<String>();
        let expected = format!("the name of an app secret, of: {}{faults}", names.join(", "));
        if signer.app.is_none() {
            given.problem("app", &expected);
        }
        given.refuse("app", signer.app.iter(), &expected);
    }
}

impl Signer {
    /// The secret that signs.
    pub(crate) fn secret(&self) -> &Secret {
        self.chosen().expect("settings without a choice are a problem")
    }

    fn chosen(&self) -> Option<&Secret> {
        match (&self.app, self.secrets.current.as_slice()) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(app), secrets) => secrets.iter().find(|secret| **secret.name() == **app),
        }
    }
}

/// The app secrets of ingest, by its own flags.
pub(super) fn app_secrets() -> Setting<Secrets> {
    part(declare_app_secrets, read_app_secrets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::settings::read;
    use clap::Command;

    #[test]
    fn a_secret_that_is_refused_is_not_missed_too() {
        let command = Signer::declare(Command::new("test"));
        let matches = command.clone().get_matches_from(["test", "--app-secret", " "]);
        let said = read::<Signer>(&command, &matches).unwrap_err().to_string();
        assert!(said.contains("--app-secret (flag): found (hidden)") && !said.contains("--app ("), "{said}");
    }
}
