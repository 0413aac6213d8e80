//! Deliveries for programs: a JSON object each.

use super::contents::Contents;
use crate::records::embedded::Embedded;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemas::Millis;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::SystemTime;
use weir_ingest::spool::inspect::{ParkReason, StoredDelivery};

#[derive(Serialize)]
struct Attributes<'a> {
    id: &'a str,
    received: String,
    app: &'a str,
    state: &'static str,
    /// Why it is parked.
    reason: Option<&'a str>,
    /// Whether it is other than what was written.
    corrupt: bool,
}

#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    attributes: Attributes<'a>,
    age_seconds: u64,
    bytes: usize,
    events: BTreeMap<String, usize>,
    refusal: Option<&'static str>,
}

#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    attributes: Attributes<'a>,
    /// Corrupt ones may be no JSON any more.
    headers: Embedded,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

/// A delivery without what people wrote.
pub(super) fn listed(stored: &StoredDelivery) -> impl Serialize {
    let Contents { kinds, refusal } = Contents::of(&stored.body);
    Listed {
        attributes: attributes(stored),
        age_seconds: Millis::of(SystemTime::now()).since(stored.received).as_secs(),
        bytes: stored.body.len(),
        events: kinds,
        refusal: refusal.map(schemas::Refusal::as_str),
    }
}

/// All of a delivery.
pub(super) fn whole(stored: &StoredDelivery) -> impl Serialize {
    let text = std::str::from_utf8(&stored.body);
    Whole {
        attributes: attributes(stored),
        headers: Embedded::of(&stored.headers),
        body: text.ok(),
        body_base64: text.is_err().then(|| STANDARD.encode(&stored.body)),
    }
}

fn attributes(stored: &StoredDelivery) -> Attributes<'_> {
    Attributes {
        id: &stored.id,
        received: stored.received.to_string(),
        app: &stored.app,
        state: if stored.parked.is_some() { "set_aside" } else { "waiting" },
        reason: stored.parked.as_ref().map(ParkReason::as_str),
        corrupt: !stored.is_intact,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use serde_json::{Value, json};

    fn stored(headers: &str, body: &'static [u8]) -> StoredDelivery {
        StoredDelivery {
            seq: 1,
            id: "019aa7f0-5c1e-7d3a-9f00-1c2d3e4f5a6b".to_owned(),
            received: Millis::since_epoch(1_569_262_485_349),
            app: "shop".to_owned(),
            headers: headers.to_owned(),
            body: Bytes::from_static(body),
            parked: Some(ParkReason::Corrupt),
            is_intact: false,
        }
    }

    #[test]
    fn a_whole_delivery_has_its_body_as_it_came() {
        let text = "{\"text\":\"Grüße\\u00e4\\n\"}";
        let stored = stored(r#"{"x-hub-signature-256":"sha256=00"}"#, text.as_bytes());
        let line = serde_json::to_string(&whole(&stored)).unwrap();
        let object: Value = serde_json::from_str(&line).unwrap();
        let expected = json!({
            "id": "019aa7f0-5c1e-7d3a-9f00-1c2d3e4f5a6b", "received": "2019-09-23T18:14:45.349Z", "app": "shop",
            "state": "set_aside", "reason": "corrupt", "corrupt": true,
            "headers": {"x-hub-signature-256": "sha256=00"}, "body": text
        });
        assert_eq!(object, expected);
        assert!(!line.contains('\n'));
    }

    #[test]
    fn what_is_no_text_any_more_is_given_all_the_same() {
        let object = serde_json::to_value(whole(&stored("{broken", b"\xff\x00"))).unwrap();
        assert_eq!((&object["headers"], &object["body_base64"]), (&json!("{broken"), &json!("/wA=")));
        assert_eq!(object.get("body"), None);
    }

    #[test]
    fn a_list_has_no_word_of_people() {
        let object = serde_json::to_value(listed(&stored("{}", b"Hello"))).unwrap();
        assert_eq!((&object["bytes"], &object["refusal"]), (&json!(5), &json!("not_json")));
        assert!(!object.to_string().contains("Hello"));
    }
}
