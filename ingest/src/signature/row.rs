//! What the spool stores of a verified body, with the digest without which it does not become one again.

use super::verified_body::VerifiedBody;
use bytes::Bytes;
use runtime::telemetry::{TRACEPARENT, TraceContext};
use schemas::Millis;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::SystemTime;
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

impl Row {
    /// The row of a delivery, with its digest.
    pub(crate) fn seal(
        id: Uuid,
        received: SystemTime,
        body: &VerifiedBody,
        trace: Option<TraceContext>,
    ) -> Self {
        let signature = String::from_utf8_lossy(body.signature());
        let mut row = Self {
            id: id.hyphenated().to_string(),
            received: i64::try_from(Millis::of(received).as_millis()).unwrap_or(i64::MAX),
            app: body.app().to_owned(),
            headers: headers(&signature, trace),
            body: body.shared(),
            digest: Vec::new(),
        };
        row.digest = row.expected_digest();
        row
    }

    /// What the row counts for `--spool-max-bytes`.
    pub(crate) fn cost(&self) -> u64 {
        self.body.len() as u64 + OVERHEAD
    }

    /// Whether the row is what was written.
    pub(crate) fn is_intact(&self) -> bool {
        self.digest == self.expected_digest()
    }

    /// The body that was verified before it was stored; `None` when the row is not what was written.
    pub(crate) fn verified_body(&self) -> Option<VerifiedBody> {
        if !self.is_intact() {
            return None;
        }
        let signature = self.header(SIGNATURE)?.as_bytes().try_into().ok()?;
        Some(VerifiedBody::new(self.body.clone(), signature, Arc::from(self.app.as_str())))
    }

    /// The request that brought it, where that was traced.
    pub(crate) fn trace(&self) -> Option<TraceContext> {
        TraceContext::parse(self.header(TRACEPARENT)?.as_bytes())
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

fn headers(signature: &str, trace: Option<TraceContext>) -> String {
    let mut headers = serde_json::json!({ SIGNATURE: signature });
    if let Some(trace) = trace {
        headers[TRACEPARENT] = trace.header().into();
    }
    headers.to_string()
}
