//! What a model holds, as JSON under the names that Meta has for it: for tests, which compare it with what Meta sent.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

/// What a member holds; `None` where that is nothing.
pub(super) fn member<T: Serialize>(value: &T) -> Option<Value> {
    let value = serde_json::to_value(value).ok()?;
    let is_nothing = match &value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    (!is_nothing).then_some(value)
}

/// The members that hold something.
pub(super) fn serialize<S: Serializer, const N: usize>(
    serializer: S,
    members: [(&str, Option<Value>); N],
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (name, value) in members {
        if let Some(value) = value {
            map.serialize_entry(name, &value)?;
        }
    }
    map.end()
}
