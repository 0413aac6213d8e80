//! Bytes of a record as members of a JSON object, also those that are no text.

use runtime::consumer::Record;
use runtime::hex;
use serde_json::{Value, json};

/// Sets a member to a text, or, under its name with `_hex`, to hex digits where it is no UTF-8.
pub(crate) fn put(object: &mut Value, name: &str, bytes: Option<&[u8]>) {
    let text = bytes.map(std::str::from_utf8);
    match (bytes, text) {
        (Some(bytes), Some(Err(_))) => object[format!("{name}_hex")] = hex::digits(bytes).into(),
        (_, text) => object[name] = text.and_then(Result::ok).into(),
    }
}

/// All headers in order, each an object of its name and value.
pub(crate) fn headers(record: &Record) -> Vec<Value> {
    let header = |(name, value): (&str, Option<&[u8]>)| {
        let mut header = json!({ "name": name });
        put(&mut header, "value", value);
        header
    };
    record.headers.iter().map(header).collect()
}
