//! What a round found and did, as a table or as JSON, and as an exit code.

use super::ConnectSettings;
use super::difference::Finding;
use super::round::{DesiredItem, Item};
use crate::screen::{Cell, Screen, Table, Tone, nonzero};
use crate::tool::Exit;
use serde_json::{Value, json};
use std::io;

/// How one thing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    AsDeclared,
    Missing,
    Differs,
    Changed,
    StaysDifferent,
    Failed,
}

/// Prints a round, and says how it ended.
pub(super) fn print(
    items: &[Item<'_>],
    settings: &ConnectSettings,
    apply: bool,
    screen: &mut Screen,
) -> io::Result<Exit> {
    let any = |states: &[State]| items.iter().any(|item| states.contains(&State::of(item)));
    let exit = if any(&[State::Failed]) {
        Exit::Failure
    } else if any(&[State::Missing, State::Differs, State::StaysDifferent]) {
        Exit::Findings
    } else {
        Exit::Done
    };
    if settings.json {
        let listed: Vec<_> = items.iter().map(object).collect();
        screen.json(&json!({"as_declared": exit == Exit::Done, "items": listed}))?;
        return Ok(exit);
    }
    table(items, screen)?;
    if !apply && any(&[State::Missing, State::Differs]) {
        screen.line(format!("Make it so with: {}", apply_command(settings)))?;
    }
    Ok(exit)
}

/// The command that makes what was found different as it is declared.
fn apply_command(settings: &ConnectSettings) -> String {
    let folder = settings.meta.access_tokens.as_ref();
    let tokens = folder.map_or_else(String::new, |folder| format!(" --access-tokens {}", folder.display()));
    format!("weir connect apply --file {}{tokens}", settings.meta.file.display())
}

/// Prints what became of everything, and their sum.
pub(super) fn table(items: &[Item<'_>], screen: &mut Screen) -> io::Result<()> {
    Table::under(["", "APP", "WHAT", "STATE"]).with(items.iter().map(row)).print(screen)?;
    screen.line("")?;
    let count = |state| items.iter().filter(|item| State::of(item) == state).count() as u64;
    screen.line(nonzero(&State::ALL.map(|state| (count(state), state.shown().1))).join(", "))
}

impl State {
    const ALL: [Self; 6] =
        [Self::Missing, Self::Differs, Self::Changed, Self::StaysDifferent, Self::Failed, Self::AsDeclared];

    fn of(item: &Item<'_>) -> Self {
        match (&item.found, &item.changed) {
            (Err(_), _) | (_, Some(Err(_))) => Self::Failed,
            (_, Some(Ok(Finding::Fine))) => Self::Changed,
            (_, Some(Ok(_))) => Self::StaysDifferent,
            (Ok(Finding::Fine), None) => Self::AsDeclared,
            (Ok(Finding::Missing), None) => Self::Missing,
            (Ok(Finding::Differs(_)), None) => Self::Differs,
        }
    }

    /// Its word for programs, how it is called where it is counted, and its mark.
    const fn shown(self) -> (&'static str, &'static str, Tone, &'static str) {
        match self {
            Self::AsDeclared => ("as_declared", "as declared", Tone::Good, "="),
            Self::Missing => ("missing", "missing", Tone::Warn, "+"),
            Self::Differs => ("differs", "different", Tone::Warn, "~"),
            Self::Changed => ("changed", "changed", Tone::Good, "*"),
            Self::StaysDifferent => ("stays_different", "still different", Tone::Bad, "!"),
            Self::Failed => ("failed", "failed", Tone::Bad, "!"),
        }
    }
}

fn row(item: &Item<'_>) -> [Cell; 4] {
    let (_, _, tone, mark) = State::of(item).shown();
    let what = match item.what {
        DesiredItem::Object(object) => {
            let callback_url = item.app.declared.callback_url.as_deref().unwrap_or_default();
            format!("object {} to {callback_url}", object.as_str())
        }
        DesiredItem::Account(account) => format!("account {} ({})", account.id, account.login.as_str()),
    };
    [
        Cell::new(tone, mark),
        item.app.declared.id.to_string().into(),
        what.into(),
        Cell::new(tone, state(item)),
    ]
}

fn state(item: &Item<'_>) -> String {
    let found = match &item.found {
        Ok(finding) => describe(finding, item.what),
        Err(why) => return why.clone(),
    };
    match &item.changed {
        None => found,
        Some(Ok(Finding::Fine)) => format!("made so; before: {found}"),
        Some(Ok(now)) => format!("stays different: {}", describe(now, item.what)),
        Some(Err(why)) => format!("{found}; {why}"),
    }
}

fn describe(finding: &Finding, what: DesiredItem<'_>) -> String {
    match (finding, what) {
        (Finding::Fine, _) => String::from("as declared"),
        (Finding::Missing, DesiredItem::Object(_)) => String::from("not subscribed"),
        (Finding::Missing, DesiredItem::Account(_)) => String::from("not installed"),
        (Finding::Differs(difference), _) => difference.to_string(),
    }
}

fn object(item: &Item<'_>) -> Value {
    let declared = &item.app.declared;
    let mut object = json!({"app": declared.id.as_str(), "state": State::of(item).shown().0});
    match item.what {
        DesiredItem::Object(wanted) => {
            object["object"] = wanted.as_str().into();
            object["callback_url"] = json!(declared.callback_url);
            object["fields"] = json!(declared.fields_of_object(wanted));
        }
        DesiredItem::Account(account) => {
            object["account"] = account.id.as_str().into();
            object["login"] = account.login.as_str().into();
            object["fields"] = json!(declared.fields_of_install(account.login));
        }
    }
    if let Ok(Finding::Differs(difference)) = &item.found {
        object["lacks"] = json!(difference.lacks);
        object["beyond"] = json!(difference.beyond);
    }
    if let Err(why) = item.is() {
        object["error"] = why.as_str().into();
    }
    object
}
