//! Whose secret signs: the app secrets of ingest, and the choice of one.

use crate::tool::settings::{flag, settings};
use runtime::settings::{Setting, form, part};
use weir_ingest::settings::{declare_app_secrets, read_app_secrets};
use weir_ingest::{Secret, Secrets};

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
