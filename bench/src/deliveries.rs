//! Signed deliveries of messages, written out before anything is measured.

pub(crate) mod varied;

use serde_json::{Value, json};
use weir_tests::signed::{HEADER, signature};

use crate::load::Requests;

/// The path of every server.
pub(crate) const PATH: &str = "/webhook";
/// The secret of the app.
pub(crate) const APP_SECRET: &str = "test_app_secret";
/// Deliveries differ up to so many, or so many bytes in all: then they come again.
const MOST: usize = 4096;
const MOST_BYTES: usize = 64 << 20;
/// Of so many accounts: Weir bounds what one alone has in flight.
const ACCOUNTS: usize = 500;

/// How large a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Of its body, about.
    pub(crate) bytes: usize,
    /// Messages in it.
    pub(crate) items: usize,
}

impl Shape {
    /// A text message as most are.
    pub(crate) const USUAL: Self = Self { bytes: 430, items: 1 };

    /// The body with this number; each has its own.
    pub(crate) fn body(self, number: usize) -> String {
        self.body_among(number, ACCOUNTS)
    }

    /// The same, of one of so many accounts.
    pub(crate) fn body_among(self, number: usize, accounts: usize) -> String {
        let body = |text: &str| {
            let items: Vec<_> =
                (0..self.items).map(|item| message(number * self.items + item, text)).collect();
            let account = (17_841_405_726_650_000 + number % accounts).to_string();
            let entry = json!({ "id": account, "time": 1_752_834_911_447_u64, "messaging": items });
            json!({ "object": "instagram", "entry": [entry] }).to_string()
        };
        let missing = self.bytes.saturating_sub(body("").len()) / self.items;
        body(&"Where is my order? ".chars().cycle().take(missing.max(1)).collect::<String>())
    }

    /// Whole requests.
    pub(crate) fn requests(self) -> Requests {
        let count = (MOST_BYTES / self.bytes).clamp(16, MOST);
        requests((0..count).map(|number| self.body(number)))
    }
}

/// Whole requests of these bodies.
pub(crate) fn requests(bodies: impl Iterator<Item = String>) -> Requests {
    bodies.map(|body| request(&body)).collect()
}

fn message(number: usize, text: &str) -> Value {
    json!({
        "sender": { "id": (6_837_251_906_000_000 + number).to_string() },
        "recipient": { "id": "17841405726653026" },
        "timestamp": 1_752_834_910_447_u64,
        "message": { "mid": format!("aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3ODQxNDA1NzI2NjUzMDI2{number:016}"), "text": text },
    })
}

fn request(body: &str) -> Vec<u8> {
    let signature = signature(APP_SECRET.as_bytes(), body.as_bytes());
    let length = body.len();
    format!(
        "POST {PATH} HTTP/1.1\r\nHost: weir.example\r\nUser-Agent: facebookexternalua\r\nAccept: */*\r\nContent-Type: application/json\r\n\
         {HEADER}: {signature}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_delivery_is_as_large_as_asked_for_and_of_as_many_events() {
        for (bytes, items) in [(430, 1), (262_144, 1), (4_300, 10), (43_000, 100)] {
            let body = Shape { bytes, items }.body(7);
            assert!(body.len().abs_diff(bytes) <= items + 20, "{} for {bytes}", body.len());
            let split = schemas::split(body.as_bytes(), 10_000);
            assert_eq!((split.events.len(), split.refusal), (items, None));
        }
    }

    #[test]
    fn no_two_deliveries_are_the_same() {
        let bodies: BTreeSet<_> = (0..1_000).map(|number| Shape::USUAL.body(number)).collect();
        assert_eq!(bodies.len(), 1_000);
    }
}
