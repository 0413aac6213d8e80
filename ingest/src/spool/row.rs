//! A delivery as a row of the spool, with a digest that tells whether it is still what was written.

use crate::delivery::Delivery;
use crate::signature::VerifiedBody;
use bytes::Bytes;
use runtime::telemetry::{TRACEPARENT, TraceContext};
use schemas::Millis;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use uuid::Uuid;

/// The name of the header that is kept, in the JSON object of a row; beside it stands `traceparent` where the delivery
/// is traced.
const SIGNATURE: &str = "x-hub-signature-256";

/// What a row costs beyond its body, in bytes: ids, header, digest, SQLite's own.
const OVERHEAD: u64 = 512;

/// A row, as it is in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The delivery's id, as text.
    pub(super) id: String,
    /// Milliseconds since 1970.
    pub(super) received: i64,
    pub(super) app: String,
    /// A JSON object of the headers that go with the body.
    pub(super) headers: String,
    pub(super) body: Bytes,
    pub(super) digest: Vec<u8>,
}

/// A verified body as the spool kept it; only a row that is what was written becomes one.
#[derive(Debug)]
pub(crate) struct Kept {
    bytes: Bytes,
    signature: Vec<u8>,
    app: Arc<str>,
}

impl Kept {
    pub(crate) fn into_parts(self) -> (Bytes, Vec<u8>, Arc<str>) {
        (self.bytes, self.signature, self.app)
    }
}

impl Row {
    pub(super) fn of(delivery: &Delivery) -> Self {
        let signature = String::from_utf8_lossy(delivery.body.signature());
        let mut row = Self {
            id: delivery.id.hyphenated().to_string(),
            received: i64::try_from(Millis::of(delivery.received).as_millis()).unwrap_or(i64::MAX),
            app: delivery.body.app().to_owned(),
            headers: headers(&signature, delivery.trace),
            body: delivery.body.shared(),
            digest: Vec::new(),
        };
        row.digest = row.expected_digest();
        row
    }

    /// What the row counts for `--spool-max-bytes`.
    pub(super) fn cost(&self) -> u64 {
        self.body.len() as u64 + OVERHEAD
    }

    /// Whether the row is what was written.
    pub(super) fn is_intact(&self) -> bool {
        self.digest == self.expected_digest()
    }

    /// The delivery; `None` when the row is not what was written.
    pub(super) fn into_delivery(self) -> Option<Delivery> {
        if !self.is_intact() {
            return None;
        }
        let id = Uuid::try_parse(&self.id).ok()?;
        let received = UNIX_EPOCH.checked_add(Duration::from_millis(u64::try_from(self.received).ok()?))?;
        let headers: serde_json::Value = serde_json::from_str(&self.headers).ok()?;
        let signature = headers.get(SIGNATURE)?.as_str()?.as_bytes().to_vec();
        let trace = headers.get(TRACEPARENT).and_then(serde_json::Value::as_str);
        let trace = trace.and_then(|trace| TraceContext::parse(trace.as_bytes()));
        let kept = Kept { bytes: self.body, signature, app: Arc::from(self.app) };
        Some(Delivery { id, received, body: VerifiedBody::from_spool(kept)?, trace })
    }

    /// The first half of SHA-256 over all other members, each with its length before it.
    fn expected_digest(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        let received = self.received.to_be_bytes();
        for part in [self.id.as_bytes(), &received, self.app.as_bytes(), self.headers.as_bytes(), &self.body]
        {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize()[..16].to_vec()
    }
}

fn headers(signature: &str, trace: Option<TraceContext>) -> String {
    let mut headers = serde_json::json!({ SIGNATURE: signature });
    if let Some(trace) = trace {
        headers[TRACEPARENT] = trace.header().into();
    }
    headers.to_string()
}

/// A delivery of a fixture, signed.
#[cfg(test)]
pub(super) fn sample(body: &'static [u8]) -> Delivery {
    use crate::{keyring::Keyring, secrets::Secret, signature};
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use std::fmt::Write as _;
    let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
    mac.update(body);
    let mut text = "sha256=".to_owned();
    for byte in mac.finalize().into_bytes() {
        write!(text, "{byte:02x}").unwrap();
    }
    let mut headers = hyper::HeaderMap::new();
    headers.insert(SIGNATURE, text.parse().unwrap());
    let claim = signature::claim(&headers).unwrap();
    let keyring = Keyring::new(&[Secret::new("shop", "secret")], 1);
    let body = signature::verify_now(&keyring, claim, Bytes::from_static(body)).unwrap();
    Delivery::new(body, std::time::SystemTime::now(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = include_bytes!("../../../schemas/fixtures/message/text.json");

    #[test]
    fn a_row_gives_back_what_was_put_in() {
        let delivery = sample(TEXT);
        let back = Row::of(&delivery).into_delivery().unwrap();
        assert_eq!((back.id, back.received_text()), (delivery.id, delivery.received_text()));
        assert_eq!((back.body.bytes(), back.body.app()), (TEXT, "shop"));
        assert_eq!(back.body.signature(), delivery.body.signature());
    }

    #[test]
    fn a_delivery_that_is_traced_stays_so() {
        let header = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let trace = TraceContext::parse(header);
        let row = Row::of(&Delivery { trace, ..sample(TEXT) });
        assert_eq!(row.into_delivery().unwrap().trace, trace);
        assert!(trace.is_some());
    }

    #[test]
    fn a_row_that_was_changed_anywhere_gives_nothing() {
        let row = Row::of(&sample(TEXT));
        let changes: [fn(&mut Row); 6] = [
            |row| row.id.replace_range(..1, "f"),
            |row| row.received += 1,
            |row| row.app.push('x'),
            |row| row.headers.push(' '),
            |row| row.body = row.body.slice(1..),
            |row| row.digest[3] ^= 1,
        ];
        for change in changes {
            let mut other = row.clone();
            change(&mut other);
            assert!(other.into_delivery().is_none());
        }
    }
}
