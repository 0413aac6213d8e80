//! Counts what a body should become, by `serde_json` alone: independently of how `split` walks it.

use schemas::Refusal;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// How many events a body should give.
#[derive(Debug, Default)]
pub(crate) struct Items {
    /// Items of deliveries that read one way only.
    pub(crate) certain: usize,
    /// Items of deliveries in which a name that is read is given twice: they become events or a dead letter.
    pub(crate) doubtful: usize,
    /// Whether there is such a delivery.
    pub(crate) any_doubled: bool,
    /// Whether the body is, or contains, something that is no delivery.
    pub(crate) any_other: bool,
}

/// The items of a body, or why it has none.
pub(crate) fn of(body: &[u8]) -> Result<Items, Refusal> {
    let whole: &RawValue = serde_json::from_slice(body).map_err(|_| Refusal::NotJson)?;
    if depth(whole.get()) > 128 {
        return Err(Refusal::TooDeep);
    }
    let deliveries = elements(whole).unwrap_or_else(|| vec![whole]);
    let mut items = Items { any_other: deliveries.is_empty(), ..Items::default() };
    for delivery in deliveries {
        items.add(delivery);
    }
    Ok(items)
}

impl Items {
    fn add(&mut self, delivery: &RawValue) {
        let Some(members) = members(delivery) else { return self.any_other = true };
        let entries: Vec<_> = members.all("entry").filter_map(elements).flatten().collect();
        let count = entries.iter().map(|entry| of_entry(entry)).sum::<usize>();
        if members.doubles(&["object", "entry"]) || entries.iter().any(|entry| is_doubled(entry)) {
            self.doubtful += count;
            self.any_doubled = true;
        } else if members.one("object").is_none_or(|object| !object.get().starts_with('"'))
            || members.one("entry").and_then(elements).is_none()
        {
            self.any_other = true;
        } else {
            self.certain += count;
        }
    }
}

/// The carriers that hold arrays of items.
const CARRIERS: [&str; 4] = ["messaging", "standby", "changes", "changed_fields"];
const NO_CARRIERS: [&str; 3] = ["id", "time", "uid"];

/// The items of an entry: those of its carriers, and the entry itself where it cannot be read as a whole.
fn of_entry(entry: &RawValue) -> usize {
    let Some(members) = members(entry) else { return 1 };
    let carried = || CARRIERS.into_iter().flat_map(|name| members.all(name));
    let items: usize = carried().filter_map(elements).map(|items| items.len()).sum();
    let wrong = carried().any(|carrier| elements(carrier).is_none());
    let (field, value) = (members.one("field"), members.one("value"));
    let is_flat = field.is_some_and(|field| field.get().starts_with('"'));
    let half_flat = !is_flat && (field.is_some() || value.is_some());
    let known = |name: &str| CARRIERS.contains(&name) || NO_CARRIERS.contains(&name) || name == "field";
    let no_carrier = carried().next().is_none() && field.is_none();
    let others = members.0.iter().any(|(name, _)| name != "value" && !known(name));
    items + usize::from(is_flat) + usize::from(wrong || half_flat || (no_carrier && others))
}

/// Whether a name that is read is given twice in an entry or in a change of it.
fn is_doubled(entry: &RawValue) -> bool {
    let Some(members) = members(entry) else { return false };
    let changes = members.all("changes").filter_map(elements).flatten();
    members.doubles(&[&CARRIERS[..], &NO_CARRIERS[..], &["field", "value"]].concat())
        || changes.filter_map(self::members).any(|change| change.doubles(&["field", "value"]))
}

fn elements(value: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(value.get()).ok()
}

fn members(value: &RawValue) -> Option<Members<'_>> {
    serde_json::from_str(value.get()).ok()
}

/// The members of an object, each as often as it is given.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The values of a name but for null, which is absent.
    fn all(&self, name: &str) -> impl Iterator<Item = &'a RawValue> {
        let named = self.0.iter().filter(move |(other, _)| other == name);
        named.map(|(_, value)| *value).filter(|value| value.get() != "null")
    }

    fn one(&self, name: &str) -> Option<&'a RawValue> {
        self.all(name).last()
    }

    fn doubles(&self, names: &[&str]) -> bool {
        let times = |name: &str| self.0.iter().filter(|(other, _)| other == name).count();
        names.iter().any(|name| times(name) > 1)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((Name(name), value)) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

/// A member's name; one with a lone surrogate, which is no `String`, becomes one that nothing reads.
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Name;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Name, E> {
        Ok(Name(String::from_utf8_lossy(bytes).into_owned()))
    }
}

/// How deep arrays and objects of a valid JSON text nest.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}
