//! Mention events as ingest publishes them.

use schemas::{Reception, split};
use serde_json::json;

pub(crate) const ACCOUNT: &str = "17841405726653026";

/// The record of the mention in the comment `number`, below one of `media` posts: key and value.
pub(crate) fn mention(account: &str, number: usize, media: usize) -> (String, Vec<u8>) {
    let body = json!({"object": "instagram", "entry": [{
        "id": account, "time": 1_752_834_911_447_u64,
        "changes": [{"field": "mentions", "value": {
            "media_id": (18_000_000_000_000_000_u64 + (number % media) as u64).to_string(),
            "comment_id": comment(number),
        }}],
    }]});
    let body = serde_json::to_vec(&body).unwrap();
    let split = split(&body, 10);
    let event = &split.events[0];
    let reception = Reception {
        delivery_id: "01980000-0000-7000-8000-000000000000",
        received: "2025-07-18T10:35:10.000Z",
    };
    let mut value = Vec::new();
    event.write_json(reception, &mut value);
    (event.key.clone().unwrap(), value)
}

/// The id of the comment `number`.
pub(crate) fn comment(number: usize) -> String {
    (17_000_000_000_000_000_u64 + number as u64).to_string()
}

/// The number of the comment in an event.
pub(crate) fn number(value: &str) -> usize {
    let event: serde_json::Value = serde_json::from_str(value).unwrap();
    let id: usize = event["data"]["comment_id"].as_str().unwrap().parse().unwrap();
    id - 17_000_000_000_000_000
}
