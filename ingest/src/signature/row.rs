//! What the spool stores of a delivery, with the digest without which its body does not become a verified one again.

use super::verified_body::VerifiedBody;
use crate::delivery::Delivery;
use bytes::Bytes;
use runtime::telemetry::{TRACEPARENT, TraceContext};
use schemas::Millis;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use uuid::Uuid;

/// The name of the header in the JSON object of a row; beside it is `traceparent` where the delivery is traced.
const SIGNATURE: &str = "x-hub-signature-256";

/// What a row costs beyond its body, in bytes: ids, header, digest, SQLite's own.
const OVERHEAD: u64 = 512;

/// A row of the spool's table, as written or as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The delivery's id, as text.
    pub(crate) id: String,
    /// Milliseconds since 1970.
    pub(crate) received: i64,
    pub(crate) app: String,
    /// A JSON object of the headers that go with the body.
    pub(crate) headers: String,
    pub(crate) body: Bytes,
    pub(crate) digest: Vec<u8>,
}

impl Delivery {
    /// As the spool stores it.
    pub(crate) fn to_row(&self) -> Row {
        let mut headers = serde_json::json!({ SIGNATURE: String::from_utf8_lossy(self.body.signature()) });
        if let Some(trace) = self.trace {
            headers[TRACEPARENT] = trace.header().into();
        }
        let mut row = Row {
            id: self.id.hyphenated().to_string(),
            received: i64::try_from(Millis::of(self.received).as_millis()).unwrap_or(i64::MAX),
            app: self.body.app().to_owned(),
            headers: headers.to_string(),
            body: self.body.shared(),
            digest: Vec::new(),
        };
        row.digest = row.expected_digest();
        row
    }

    /// As the spool gives it back; `None` when the row is not what was written.
    pub(crate) fn from_row(row: &Row) -> Option<Self> {
        if !row.is_intact() {
            return None;
        }
        let signature = row.header(SIGNATURE)?.as_bytes().try_into().ok()?;
        let body = VerifiedBody::new(row.body.clone(), signature, Arc::from(row.app.as_str()));
        let id = Uuid::try_parse(&row.id).ok()?;
        let received = UNIX_EPOCH.checked_add(Duration::from_millis(u64::try_from(row.received).ok()?))?;
        let trace = row.header(TRACEPARENT).and_then(|header| TraceContext::parse(header.as_bytes()));
        Some(Self { id, received, body, trace })
    }
}

impl Row {
    /// What the row counts for `--spool-max-bytes`.
    pub(crate) fn cost(&self) -> u64 {
        self.body.len() as u64 + OVERHEAD
    }

    /// Whether the row is what was written.
    pub(crate) fn is_intact(&self) -> bool {
        self.digest == self.expected_digest()
    }

    fn header(&self, name: &str) -> Option<String> {
        let headers: serde_json::Value = serde_json::from_str(&self.headers).ok()?;
        Some(headers.get(name)?.as_str()?.to_owned())
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
