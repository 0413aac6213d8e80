//! A command as it is carried out, read from its record and checked: pure.
//!
//! It does what it says or is refused: whatever is in its record that is not understood refuses it. `members.rs` has the form of
//! each member, and what the sender of a refused one is told.

mod call;
mod members;
mod window;

pub use call::{Call, Method};
pub use window::Window;

use crate::ledger;
use crate::outcome::Cause;
use members::Members;
use runtime::consumer::Record;
use schemas::Millis;
use schemas::reply::{Action, Open};
use std::sync::Arc;
use weir_graph::{Account, GraphId};

/// The longest id of a command.
const LONGEST_ID: usize = 128;
/// Longer than any action.
const LONGEST_ACTION: usize = 64;

/// A command that can be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What its results name.
    pub subject: Subject,
    /// Who answers.
    pub account: GraphId,
    /// The key that its record must have.
    pub key: String,
    /// The call that carries it out.
    pub call: Call,
    /// When it is too late.
    pub not_after: Option<Millis>,
    /// Until when Meta takes it, where the command says so.
    pub window: Option<Window>,
}

/// A record that is no command which could be carried out.
#[derive(Debug)]
pub struct Unusable {
    /// What its result names; none where there is no id, so that nobody can be told.
    pub subject: Option<Subject>,
    /// What is wrong: names members and forms, and quotes no value.
    pub cause: Cause,
}

/// What the results of a command name, and by what it is known: its account and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its id.
    pub id: Arc<str>,
    /// Who answers; empty where that cannot be read.
    pub account: String,
    /// What is done; empty where that cannot be read.
    pub action: Open<Action>,
}

impl Subject {
    /// By what the ledger knows the command.
    pub(crate) fn name(&self) -> String {
        ledger::name(&self.account, &self.id)
    }
}

impl Command {
    /// Reads the record of a command; `known` says what is known of its account.
    pub fn read(record: &Record, known: impl Fn(&GraphId) -> Account) -> Result<Self, Unusable> {
        // Whatever is wrong where there is no id, there is nobody to tell.
        let unreadable = |unusable: Unusable| match unusable.subject {
            None => Unusable { subject: None, cause: Cause { reason: "unreadable", ..unusable.cause } },
            Some(_) => unusable,
        };
        let command = Self::parse(record.value.as_deref().unwrap_or_default(), known).map_err(unreadable)?;
        if record.key.as_deref() == Some(command.key.as_bytes()) {
            return Ok(command);
        }
        let error = format!(
            "the record's key must be {}, so that a repeated command comes to the same place",
            command.key
        );
        Err(Unusable { subject: Some(command.subject), cause: Cause { reason: "wrong_key", error } })
    }

    /// Reads the value of a command's record, as [`Self::read`] does; one that lacks its id alone is a `bad_command`.
    pub fn parse(value: &[u8], known: impl Fn(&GraphId) -> Account) -> Result<Self, Unusable> {
        let no_subject = |cause| Unusable { subject: None, cause };
        let members = Members::read(value).map_err(no_subject)?;
        let id = id(&members).map_err(no_subject)?;
        let subject = Subject { id, account: account(&members), action: action(&members) };
        Self::of(&subject, &members, known).map_err(|cause| Unusable { subject: Some(subject), cause })
    }

    fn of(
        subject: &Subject,
        members: &Members<'_>,
        known: impl Fn(&GraphId) -> Account,
    ) -> Result<Self, Cause> {
        members.once()?;
        members.needed("action", Action::FORM)?;
        let Open::Known(action) = subject.action else {
            let error = format!("action must be {}", Action::FORM);
            return Err(Cause { reason: "unknown_action", error });
        };
        members.none_beside(action)?;
        let account = members.graph_id("account")?;
        let key = key(action, &account, members)?;
        let call = Call::of(action, &known(&account), members)?;
        let (not_after, window) = (time("not_after", members)?, Window::of(members)?);
        Ok(Self { subject: subject.clone(), account, key, call, not_after, window })
    }
}

/// The one member without which nobody can be told anything.
fn id(members: &Members<'_>) -> Result<Arc<str>, Cause> {
    const FORM: &str = "a string of 1 to 128 of A-Z a-z 0-9 _ . : -";
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    let is_id = |id: &String| (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(allowed);
    match members.only("id") {
        Ok(Some(id)) if is_id(&id) => Ok(Arc::from(id)),
        Ok(None) => Err(Cause::missing("id", FORM)),
        _ => Err(Cause::wrong("id", FORM)),
    }
}

/// The account as it is named; what is no id is not repeated.
fn account(members: &Members<'_>) -> String {
    members.graph_id("account").map(|account| account.to_string()).unwrap_or_default()
}

/// The action as it is named; what is no word is not repeated.
fn action(members: &Members<'_>) -> Open<Action> {
    let is_word = |name: &String| {
        name.len() <= LONGEST_ACTION && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let name = members.only("action").ok().flatten().filter(is_word).unwrap_or_default();
    let known = Action::ALL.iter().find(|action| action.as_str() == name);
    known.map_or(Open::Other(name), |action| Open::Known(*action))
}

fn time(member: &'static str, members: &Members<'_>) -> Result<Option<Millis>, Cause> {
    let form = "a time in RFC 3339, such as 2025-07-18T16:20:41Z";
    let time = |text: String| Millis::parse(&text).ok_or_else(|| Cause::wrong(member, form));
    members.text(member, form)?.map(time).transpose()
}

/// `{account}:{to}` of what has a receiver, else `{account}:{media}`, else `{account}`.
fn key(action: Action, account: &GraphId, members: &Members<'_>) -> Result<String, Cause> {
    let place = if action.has("to") { "to" } else { "media" };
    Ok(match members.graph_id_if_there(place)? {
        Some(place) => format!("{account}:{place}"),
        None => account.to_string(),
    })
}

#[cfg(test)]
mod tests;
