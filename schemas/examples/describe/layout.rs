//! Lays JSON out for reading: in the order of its members, broken only where a line would become long.

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// How long a line may be, in characters.
const WIDTH: usize = 110;

/// The JSON text, laid out.
pub(crate) fn lay_out(json: &str) -> String {
    let mut out = String::new();
    write(json, 0, 0, &mut out);
    out
}

/// What an object or array is made of; a member's name stands before its value, quoted.
struct Parts<'a>(Vec<(Option<String>, &'a RawValue)>);

fn write(json: &str, indent: usize, used: usize, out: &mut String) {
    let compact = compact(json);
    let parts = parts(json);
    if parts.is_empty() || indent + used + compact.chars().count() <= WIDTH {
        out.push_str(&compact);
        return;
    }
    let (open, close) = if compact.starts_with('{') { ('{', '}') } else { ('[', ']') };
    let inner = " ".repeat(indent + 2);
    out.push(open);
    for (index, (name, value)) in parts.iter().enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        out.push_str(&inner);
        let name = name.as_ref().map_or_else(String::new, |name| format!("{name}: "));
        out.push_str(&name);
        write(value.get(), indent + 2, name.chars().count(), out);
    }
    out.push('\n');
    out.push_str(&" ".repeat(indent));
    out.push(close);
}

/// On one line, with a space where people expect one.
fn compact(json: &str) -> String {
    let parts = parts(json);
    let inside: Vec<_> = parts
        .iter()
        .map(|(name, value)| match name {
            Some(name) => format!("{name}: {}", compact(value.get())),
            None => compact(value.get()),
        })
        .collect();
    match json.trim_start().as_bytes().first() {
        Some(b'{') => format!("{{{}}}", inside.join(", ")),
        Some(b'[') => format!("[{}]", inside.join(", ")),
        _ => json.trim().to_owned(),
    }
}

fn parts(json: &str) -> Vec<(Option<String>, &RawValue)> {
    let mut reader = serde_json::Deserializer::from_str(json);
    reader.deserialize_any(PartsVisitor).map(|parts| parts.0).unwrap_or_default()
}

struct PartsVisitor;

impl<'de> Visitor<'de> for PartsVisitor {
    type Value = Parts<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts<'de>, A::Error> {
        let mut parts = Vec::new();
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            parts.push((Some(name.get().to_owned()), value));
        }
        Ok(Parts(parts))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Parts<'de>, A::Error> {
        let mut parts = Vec::new();
        while let Some(value) = items.next_element()? {
            parts.push((None, value));
        }
        Ok(Parts(parts))
    }
}
