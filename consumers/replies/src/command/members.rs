//! The members of a command's record, each read as the form that it must have.

use super::fault::{Fault, Unusable, shown};
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
    pub(super) fn read(value: &'a [u8]) -> Result<Self, Unusable> {
        serde_json::from_slice(value).map_err(|error| {
            let what = if error.is_data() { "no JSON object" } else { "no JSON" };
            let (line, column) = (error.line(), error.column());
            let error = format!("the value is no command: {what} at line {line} column {column}");
            Unusable { subject: None, fault: Fault::Other { reason: "unreadable", error } }
        })
    }

    /// No name is given twice.
    pub(super) fn once(&self) -> Result<(), Fault> {
        self.doubled.first().map_or(Ok(()), |name| Err(Fault::twice(&shown(name))))
    }

    /// Nothing is there that the action does not have.
    pub(super) fn none_beside(&self, action: Action) -> Result<(), Fault> {
        let is_of_it = |name: &str| SHARED.contains(&name) || action.has(name);
        if let Some(name) = self.named.keys().find(|name| !is_of_it(name)) {
            let has = action.members().iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            let error = format!("{} is no member of {}, which has {has}", shown(name), action.as_str());
            return Err(Fault::Other { reason: "bad_command", error });
        }
        Ok(())
    }

    /// The raw member.
    pub(super) fn get(&self, member: &str) -> Option<&'a RawValue> {
        self.named.get(member).copied()
    }

    /// A string that is given at most once.
    pub(super) fn only(&self, member: &'static str) -> Result<Option<String>, Fault> {
        if self.doubled.contains(member) {
            return Err(Fault::twice(member));
        }
        self.text(member, "a string")
    }

    /// A string, where it is there.
    pub(super) fn text(&self, member: &'static str, form: &'static str) -> Result<Option<String>, Fault> {
        let text = |raw: &RawValue| serde_json::from_str(raw.get());
        self.get(member).map(text).transpose().map_err(|_| Fault::Member { member, form })
    }

    /// A string that must be there.
    pub(super) fn needed(&self, member: &'static str, form: &'static str) -> Result<String, Fault> {
        self.text(member, form)?.ok_or(Fault::Missing { member, form })
    }

    /// An id that must be there.
    pub(super) fn graph_id(&self, member: &'static str) -> Result<GraphId, Fault> {
        self.graph_id_if_there(member)?.ok_or(Fault::Missing { member, form: DIGITS })
    }

    /// An id, where it is there.
    pub(super) fn graph_id_if_there(&self, member: &'static str) -> Result<Option<GraphId>, Fault> {
        let wrong = Fault::Member { member, form: DIGITS };
        self.text(member, DIGITS)?.map(|text| GraphId::parse(&text).ok_or(wrong)).transpose()
    }
}

const DIGITS: &str = "an id of digits, as a string";

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
