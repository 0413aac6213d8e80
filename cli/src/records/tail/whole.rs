//! A record as a JSON object.

use crate::kafka::RecordPosition;
use crate::records::embedded::Embedded;
use crate::records::exact;
use runtime::consumer::Record;
use runtime::hex;
use schemas::Millis;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What programs read.
#[derive(Serialize)]
pub(super) struct Whole<'a> {
    #[serde(flatten)]
    position: RecordPosition,
    timestamp: Option<String>,
    key: Option<String>,
    headers: BTreeMap<&'a str, Option<String>>,
    value: Option<Embedded>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_hex: Option<String>,
    /// Where a name is given twice, or a value is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    all_headers: Option<Vec<Value>>,
}

impl<'a> Whole<'a> {
    pub(super) fn of(record: &'a Record) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let hex = |bytes: &Option<Vec<u8>>| bytes.as_deref().filter(|bytes| !is_text(bytes)).map(hex::digits);
        let headers: BTreeMap<_, _> =
            record.headers.iter().map(|(name, value)| (name, value.map(text))).collect();
        let are_texts = record.headers.iter().all(|(_, value)| value.is_none_or(is_text));
        let are_all = are_texts && headers.len() == record.headers.iter().count();
        Self {
            position: RecordPosition::of(record),
            timestamp: record.timestamp.map(|time| Millis::of(time).to_string()),
            key: record.key.as_deref().map(text),
            headers,
            value: record.value.as_deref().map(|value| Embedded::of(&text(value))),
            key_hex: hex(&record.key),
            value_hex: hex(&record.value),
            all_headers: (!are_all).then(|| exact::headers(record)),
        }
    }
}

const fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{EVENT, record};
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_holds_the_value_as_it_is_on_one_line() {
        let object = serde_json::to_string(&Whole::of(&record("17:42", EVENT))).unwrap();
        assert!(!object.contains('\n') && object.contains(r#""value":{"id":"001122"#), "{object}");
        let object = serde_json::to_value(Whole::of(&record("17:42", "no JSON"))).unwrap();
        assert_eq!((&object["value"], &object["headers"]["ce_id"]), (&"no JSON".into(), &"7".into()));
    }

    #[test]
    fn what_members_cannot_hold_stands_beside_them() {
        let mut record = record("17:42", EVENT);
        let bare = serde_json::to_string(&Whole::of(&record)).unwrap();
        assert!(!bare.contains("_hex") && !bare.contains("all_headers"), "{bare}");
        record.headers.push("ce_id", None);
        let object = serde_json::to_value(Whole::of(&record)).unwrap();
        assert_eq!(object["headers"], json!({ "ce_id": null }));
        let both = json!([{ "name": "ce_id", "value": "7" }, { "name": "ce_id", "value": null }]);
        assert_eq!(object["all_headers"], both);
        record.headers = [("mine", Some([0xff, 0x0a]))].into_iter().collect();
        (record.key, record.value) = (Some(vec![0xfe]), Some(vec![b'a', 0xfd]));
        let object = serde_json::to_value(Whole::of(&record)).unwrap();
        assert_eq!(object["all_headers"], json!([{ "name": "mine", "value_hex": "ff0a" }]));
        assert_eq!([&object["key"], &object["key_hex"]], ["\u{fffd}", "fe"]);
        assert_eq!([&object["value"], &object["value_hex"]], ["a\u{fffd}", "61fd"]);
    }
}
