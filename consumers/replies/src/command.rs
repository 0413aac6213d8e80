//! A command as it is carried out, read from its record and checked: pure.
//!
//! It does what it says or is refused: whatever is in its record that is not understood refuses it. `members.rs` has the form of
//! each member, `fault.rs` what the sender of a refused one is told.

mod call;
mod fault;
mod members;
mod window;

pub use call::{Call, Method};
pub use fault::{Fault, Unusable};
pub use window::Window;

use members::Members;
use runtime::consumer::Record;
use schemas::Millis;
use schemas::reply::{Action, Open};
use std::sync::Arc;
use weir_graph::{Account, GraphId};

/// Longer than any id of a command.
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

/// What the results of a command name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its id.
    pub id: Arc<str>,
    /// Who answers; empty where that cannot be read.
    pub account: String,
    /// What is done; empty where that cannot be read.
    pub action: Open<Action>,
}

impl Command {
    /// Reads the record of a command; `known` says what is known of its account.
    pub fn read(record: &Record, known: impl Fn(&GraphId) -> Account) -> Result<Self, Unusable> {
        let command = Self::parse(record.value.as_deref().unwrap_or_default(), known)?;
        if record.key.as_deref() == Some(command.key.as_bytes()) {
            return Ok(command);
        }
        let error = format!(
            "the record's key must be {}, so that a repeated command comes to the same place",
            command.key
        );
        Err(Unusable { subject: Some(command.subject), fault: Fault::Other { reason: "wrong_key", error } })
    }

    /// Reads the value of a command's record, as [`Self::read`] does.
    pub fn parse(value: &[u8], known: impl Fn(&GraphId) -> Account) -> Result<Self, Unusable> {
        let members = Members::read(value)?;
        let id = id(&members)?;
        let subject = Subject { id, account: account(&members), action: action(&members) };
        Self::of(&subject, &members, known).map_err(|fault| Unusable { subject: Some(subject), fault })
    }

    fn of(
        subject: &Subject,
        members: &Members<'_>,
        known: impl Fn(&GraphId) -> Account,
    ) -> Result<Self, Fault> {
        members.once()?;
        members.needed("action", Action::FORM)?;
        let Open::Known(action) = subject.action else {
            let error = format!("action must be {}", Action::FORM);
            return Err(Fault::Other { reason: "unknown_action", error });
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
fn id(members: &Members<'_>) -> Result<Arc<str>, Unusable> {
    const FORM: &str = "a string of 1 to 128 of A-Z a-z 0-9 _ . : -";
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    let is_id = |id: &String| (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(allowed);
    let fault = match members.only("id") {
        Ok(Some(id)) if is_id(&id) => return Ok(Arc::from(id)),
        Ok(None) => Fault::Missing { member: "id", form: FORM },
        _ => Fault::Member { member: "id", form: FORM },
    };
    Err(Unusable { subject: None, fault })
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

fn time(member: &'static str, members: &Members<'_>) -> Result<Option<Millis>, Fault> {
    let form = "a time in RFC 3339, such as 2025-07-18T16:20:41Z";
    let wrong = Fault::Member { member, form };
    members.text(member, form)?.map(|text| Millis::parse(&text).ok_or(wrong)).transpose()
}

/// `{account}:{to}` of what has a receiver, else `{account}:{media}`, else `{account}`.
fn key(action: Action, account: &GraphId, members: &Members<'_>) -> Result<String, Fault> {
    let place = if action.has("to") { "to" } else { "media" };
    Ok(match members.graph_id_if_there(place)? {
        Some(place) => format!("{account}:{place}"),
        None => account.to_string(),
    })
}

#[cfg(test)]
mod tests;
