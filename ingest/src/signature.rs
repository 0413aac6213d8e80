//! Meta's signature: HMAC-SHA256 over the bytes as received, and the proof that it was right.

mod keyring;
mod reload;
mod row;
mod secrets;
mod verified_body;

pub(crate) use keyring::UnauthenticatedWork;
pub(crate) use reload::{CurrentSecrets, reload};
pub(crate) use row::Row;
pub(crate) use secrets::read_at_start;
pub use secrets::{Secret, Secrets};
pub(crate) use verified_body::VerifiedBody;

use bytes::Bytes;
use enum_map::Enum;
use hyper::HeaderMap;
use hyper::header::HeaderName;
use keyring::Keyring;
use verified_body::Signature;

/// A parsed name: text would be parsed for every request.
static HEADER: HeaderName = HeaderName::from_static("x-hub-signature-256");

/// What `X-Hub-Signature-256` claims, well formed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    as_sent: Signature,
    digest: [u8; 32],
}

/// What is wrong with a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum SignatureFault {
    Missing,
    Repeated,
    Malformed,
    Wrong,
}

impl SignatureFault {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Repeated => "repeated",
            Self::Malformed => "malformed",
            Self::Wrong => "wrong",
        }
    }
}

/// Reads the one signature header: `sha256=` and 64 hexadecimal digits of either case.
pub(crate) fn claim(headers: &HeaderMap) -> Result<Claim, SignatureFault> {
    let mut values = headers.get_all(&HEADER).iter();
    let value = values.next().ok_or(SignatureFault::Missing)?;
    if values.next().is_some() {
        return Err(SignatureFault::Repeated);
    }
    let as_sent: Signature = value.as_bytes().try_into().map_err(|_| SignatureFault::Malformed)?;
    let digits = as_sent.strip_prefix(b"sha256=").ok_or(SignatureFault::Malformed)?;
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
    }
    Ok(Claim { as_sent, digest })
}

/// Verifies that one of the app secrets, or of those of `app`, gives the claimed signature of these very bytes.
pub(crate) async fn verify(
    keyring: &Keyring,
    app: Option<&str>,
    work: &UnauthenticatedWork,
    claim: Claim,
    bytes: Bytes,
) -> Result<VerifiedBody, SignatureFault> {
    let app = keyring.matching(&bytes, &claim.digest, app, work).await.ok_or(SignatureFault::Wrong)?;
    Ok(VerifiedBody::new(bytes, claim.as_sent, app))
}

/// A small body is verified without a pause.
#[cfg(test)]
fn verify_now(keyring: &Keyring, claim: Claim, bytes: Bytes) -> Result<VerifiedBody, SignatureFault> {
    use futures_util::FutureExt as _;
    let work = UnauthenticatedWork::default();
    verify(keyring, None, &work, claim, bytes).now_or_never().expect("a small body is verified at once")
}

/// A body that the app `shop` signed.
#[cfg(test)]
pub(crate) fn signed(body: &'static [u8]) -> VerifiedBody {
    let secret = Secret::new("shop", "secret");
    let mut headers = HeaderMap::new();
    headers.insert(&HEADER, secret.sign(body).parse().unwrap());
    let keyring = Keyring::new(&[secret], 1);
    verify_now(&keyring, claim(&headers).unwrap(), Bytes::from_static(body)).unwrap()
}

fn hex_digit(digit: u8) -> Result<u8, SignatureFault> {
    let value = char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    value.ok_or(SignatureFault::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    const EMPTY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    const EMPTY_DIGEST: &str = "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756";
    const ESCAPED: &[u8] = br#"{"object":"instagram","entry":[{"time":1,"id":"1","messaging":[{"sender":{"id":"2"},"recipient":{"id":"1"},"timestamp":1,"message":{"mid":"m","text":"caf\u00e9 \ud83d\ude00 a\/b"}}]}]}"#;
    const ESCAPED_DIGEST: &str = "ca2e5efcb6488f0602329bfc38bcdee72b9c00d94ff6072e958c5d508cd98a96";

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&HEADER, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn check(secrets: &[Secret], body: &'static [u8], signatures: &[&str]) -> Result<String, SignatureFault> {
        let claim = claim(&headers(signatures))?;
        let verified = verify_now(&Keyring::new(secrets, 64), claim, Bytes::from_static(body))?;
        Ok(verified.app().to_owned())
    }

    fn test_secret() -> Secret {
        Secret::new("main", "test_app_secret")
    }

    #[test]
    fn the_bytes_as_sent_are_what_is_signed() {
        let right = [test_secret()];
        assert_eq!(check(&right, EMPTY, &[&format!("sha256={EMPTY_DIGEST}")]).as_deref(), Ok("main"));
        assert_eq!(check(&right, ESCAPED, &[&format!("sha256={ESCAPED_DIGEST}")]).as_deref(), Ok("main"));
        let upper = format!("sha256={}", EMPTY_DIGEST.to_uppercase());
        assert_eq!(check(&right, EMPTY, &[&upper]).as_deref(), Ok("main"));
        let spaced = br#"{"object": "whatsapp_business_account", "entry": []}"#;
        assert_eq!(check(&right, spaced, &[&format!("sha256={EMPTY_DIGEST}")]), Err(SignatureFault::Wrong));
    }

    #[test]
    fn any_of_several_secrets_will_do_and_is_named() {
        let secrets = [Secret::new("old", "yesterday"), test_secret(), Secret::new("shop", "another")];
        let signature = format!("sha256={EMPTY_DIGEST}");
        assert_eq!(check(&secrets, EMPTY, &[&signature]).as_deref(), Ok("main"));
        assert_eq!(check(&secrets[..1], EMPTY, &[&signature]), Err(SignatureFault::Wrong));
        assert_eq!(check(&[], EMPTY, &[&signature]), Err(SignatureFault::Wrong));
    }

    #[test]
    fn a_malformed_signature_is_told_from_a_wrong_one() {
        let right = format!("sha256={EMPTY_DIGEST}");
        let secrets = [test_secret()];
        assert_eq!(check(&secrets, EMPTY, &[]), Err(SignatureFault::Missing));
        assert_eq!(check(&secrets, EMPTY, &[&right, &right]), Err(SignatureFault::Repeated));
        let not_hex = format!("sha256={}", "g".repeat(64));
        let sha1 = format!("sha1={EMPTY_DIGEST}");
        for malformed in ["", "sha256=", "sha256=ab", EMPTY_DIGEST, &not_hex, &sha1, &format!("{right}0")] {
            assert_eq!(check(&secrets, EMPTY, &[malformed]), Err(SignatureFault::Malformed), "{malformed}");
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let secrets = Keyring::new(&[test_secret()], 64);
        let right = claim(&headers(&[&format!("sha256={ESCAPED_DIGEST}")])).unwrap();
        for bit in 0..ESCAPED.len() * 8 {
            let mut body = ESCAPED.to_vec();
            body[bit / 8] ^= 1 << (bit % 8);
            assert!(verify_now(&secrets, right, Bytes::from(body)).is_err(), "bit {bit}");
        }
    }
}
