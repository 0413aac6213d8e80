//! Hashes in hex digits: Meta's signature, and sums that tell whether bytes are the same.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The value of `X-Hub-Signature-256`: `sha256=` and the HMAC-SHA256 of the body in hex
/// (<https://developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications>).
pub(super) fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of every length");
    mac.update(body);
    format!("sha256={}", hex(&mac.finalize().into_bytes()))
}

/// SHA-256 of bytes, in hex.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing into a String cannot fail.
        write!(hex, "{byte:02x}").unwrap_or_default();
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_what_openssl_makes() {
        // printf %s '{"a":1}' | openssl dgst -sha256 -hmac weir-demo-secret
        assert_eq!(
            signature("weir-demo-secret", br#"{"a":1}"#),
            "sha256=2a1551d04ff3f116518fd131e28d73d3e3b7af5755f0eecaa1f4109caf199dce"
        );
    }

    #[test]
    fn the_sum_of_nothing_is_the_known_one() {
        assert!(sha256(b"").starts_with("e3b0c44298fc1c149afbf4c8996fb924"));
    }
}
