//! A body that Meta signed. Only this folder makes one: of a request whose signature fits, or of an intact row.

use super::keyring::account;
use bytes::Bytes;
use std::sync::Arc;

/// How many hexadecimal digits a signature has.
const DIGITS: usize = 64;

/// `X-Hub-Signature-256` as received: `sha256=` and the digits.
pub(super) type Signature = [u8; 7 + DIGITS];

/// A body whose signature was verified; only one of these is published or stored.
#[derive(Clone)]
pub(crate) struct VerifiedBody {
    bytes: Bytes,
    signature: Signature,
    app: Arc<str>,
}

impl VerifiedBody {
    /// For whoever has just verified it.
    pub(super) const fn new(bytes: Bytes, signature: Signature, app: Arc<str>) -> Self {
        Self { bytes, signature, app }
    }

    /// The bytes as received.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same bytes, for a holder that outlives the request.
    pub(super) fn shared(&self) -> Bytes {
        self.bytes.clone()
    }

    /// The account that it seems to be of, without parsing it; empty where none is found at its beginning.
    pub(crate) fn guessed_account(&self) -> &[u8] {
        account(&self.bytes).unwrap_or_default()
    }

    /// `X-Hub-Signature-256` as received.
    pub(crate) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The name of the app whose secret signed it.
    pub(crate) fn app(&self) -> &str {
        &self.app
    }
}
