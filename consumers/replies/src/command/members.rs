//! The members of a command's record, each read as the form that it must have.

use crate::outcome::Cause;
use schemas::reply::{Action, SHARED};
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use weir_graph::GraphId;

/// The members of a JSON object by their names; null is absent.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    pub(super) named: BTreeMap<String, &'a RawValue>,
    /// Names that are given twice, so that nobody knows what is meant.
    doubled: BTreeSet<String>,
}

impl<'a> Members<'a> {
    pub(super) fn read(value: &'a [u8]) -> Result<Self, Cause> {
        serde_json::from_slice(value).map_err(|error| {
            let what = if error.is_data() { "no JSON object" } else { "no JSON" };
            let (line, column) = (error.line(), error.column());
            let error = format!("the value is no command: {what} at line {line} column {column}");
            Cause { reason: "unreadable", error }
        })
    }

    /// No name is given twice.
    pub(super) fn once(&self) -> Result<(), Cause> {
        self.doubled.first().map_or(Ok(()), |name| Err(Cause::wrong(&shown(name), ONCE)))
    }

    /// Nothing is there that the action does not have.
    pub(super) fn none_beside(&self, action: Action) -> Result<(), Cause> {
        let is_of_it = |name: &str| SHARED.contains(&name) || action.has(name);
        if let Some(name) = self.named.keys().find(|name| !is_of_it(name)) {
            let has = action.members().iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            let error = format!("{} is no member of {}, which has {has}", shown(name), action.as_str());
            return Err(Cause::bad_command(error));
        }
        Ok(())
    }

    /// The raw member.
    pub(super) fn get(&self, member: &str) -> Option<&'a RawValue> {
        self.named.get(member).copied()
    }

    /// A string that is given at most once.
    pub(super) fn only(&self, member: &str) -> Result<Option<String>, Cause> {
        if self.doubled.contains(member) {
            return Err(Cause::wrong(member, ONCE));
        }
        self.text(member, "a string")
    }

    /// A string, where it is there.
    pub(super) fn text(&self, member: &str, form: &str) -> Result<Option<String>, Cause> {
        let text = |raw: &RawValue| {
            // Nothing else is wrong with a string that is JSON.
            let form = if raw.get().starts_with('"') { WHOLE } else { form };
            serde_json::from_str(raw.get()).map_err(|_| Cause::wrong(member, form))
        };
        self.get(member).map(text).transpose()
    }

    /// A string that must be there.
    pub(super) fn needed(&self, member: &str, form: &str) -> Result<String, Cause> {
        self.text(member, form)?.ok_or_else(|| Cause::missing(member, form))
    }

    /// An id that must be there.
    pub(super) fn graph_id(&self, member: &str) -> Result<GraphId, Cause> {
        self.graph_id_if_there(member)?.ok_or_else(|| Cause::missing(member, DIGITS))
    }

    /// An id, where it is there.
    pub(super) fn graph_id_if_there(&self, member: &str) -> Result<Option<GraphId>, Cause> {
        let id = |text: String| GraphId::parse(&text).ok_or_else(|| Cause::wrong(member, DIGITS));
        self.text(member, DIGITS)?.map(id).transpose()
    }
}

const DIGITS: &str = "an id of digits, as a string";
const ONCE: &str = "given once";
const WHOLE: &str =
    "of whole characters: \\ud800 to \\udfff come in pairs, and one alone is half a character";
/// The longest name of a member that is repeated.
const LONGEST_NAME: usize = 64;

impl Cause {
    /// A member that must be there.
    pub(super) fn missing(member: &str, form: &str) -> Self {
        Self::bad_command(format!("{member} is missing: it must be {form}"))
    }

    /// A member that is not of its form.
    pub(super) fn wrong(member: &str, form: &str) -> Self {
        Self::bad_command(format!("{member} must be {form}"))
    }

    const fn bad_command(error: String) -> Self {
        Self { reason: "bad_command", error }
    }
}

/// The name of a member that nobody knows, unless it could be somebody's words.
fn shown(name: &str) -> String {
    let is_name = (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { name.to_owned() } else { String::from("a member of another name") }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members<'de>, M::Error> {
                let mut members = Members::default();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    if value.get() == "null" {
                        continue;
                    }
                    if members.named.insert(name.clone(), value).is_some() {
                        members.doubled.insert(name);
                    }
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Object)
    }
}
