//! Whether a header and a body belong together, and why not. Pure.

use crate::delivery::wire;
use std::sync::Arc;
use weir_ingest::Secret;

const NAME: &str = "x-hub-signature-256:";
const PREFIX: &str = "sha256=";
/// How many digits the signature has, and that of SHA-1.
const DIGITS: usize = 64;
const SHA1_DIGITS: usize = 40;
/// Fewer digits than these fit by chance.
const TELLING: usize = 8;

/// Why no secret fits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Mismatch {
    /// There is no header.
    #[error("the header is empty; Meta sends X-Hub-Signature-256 with every delivery")]
    NoHeader,
    /// It is the older header, of SHA-1.
    #[error(
        "this is the older header X-Hub-Signature, of SHA-1; take X-Hub-Signature-256, which Meta sends beside it"
    )]
    Sha1,
    /// It lacks `sha256=`; with it the secret of this app may fit.
    #[error(
        "the header lacks sha256= before its digits{}",
        .app.as_ref().map_or(", and no secret gives those".to_owned(), |app| format!("; with it, the secret {app} fits"))
    )]
    NoPrefix { app: Option<Arc<str>> },
    /// It has fewer digits than it should; the secret of this app may give those that are there.
    #[error(
        "the header is cut: it has {digits} digits of {DIGITS}{}",
        .app.as_ref().map_or(String::new(), |app| format!("; the secret {app} gives those"))
    )]
    Cut { digits: usize, app: Option<Arc<str>> },
    /// It is of another form.
    #[error("the header is not sha256= and {DIGITS} hexadecimal digits")]
    Malformed,
    /// The secret of this app gives the signature of the body as it was before it was changed in these ways.
    #[error(
        "the body was changed after it was signed: {ways}. Without that the secret {app} fits. Pass on the bytes as they came"
    )]
    Changed { app: Arc<str>, ways: String },
    /// The body is no whole JSON.
    #[error("the body is cut: it ends within its JSON")]
    BodyCut,
    /// The body is not as Meta writes it, though no way back was found.
    #[error(
        "the body was decoded and encoded anew after it was signed: Meta writes ASCII alone, without white space between \
         tokens. Pass on the bytes as they came"
    )]
    Rewritten,
    /// Nothing is wrong with header and body by themselves.
    #[error(
        "header and body are well formed, so another app signed it, or its secret was reset. Instagram Login signs with the \
         secret of the Instagram app, which is another one than the app's own"
    )]
    OtherSecret,
}

/// The app whose secret gives the signature of what came.
pub(super) fn matching_app(body: &[u8], header: &str, secrets: &[Secret]) -> Result<Arc<str>, Mismatch> {
    let header = header.trim().to_ascii_lowercase();
    let value = header.strip_prefix(NAME).map_or(header.as_str(), str::trim);
    signer(secrets, body, |signature| signature == value).ok_or_else(|| {
        Mismatch::of_header(body, value, secrets).unwrap_or_else(|| Mismatch::of_body(body, value, secrets))
    })
}

impl Mismatch {
    /// What is wrong with the header.
    fn of_header(body: &[u8], value: &str, secrets: &[Secret]) -> Option<Self> {
        let digits = value.strip_prefix(PREFIX);
        let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some(match (digits, value) {
            (_, "") => Self::NoHeader,
            (_, sha1) if sha1.starts_with("sha1=") || (sha1.len() == SHA1_DIGITS && is_hex(sha1)) => {
                Self::Sha1
            }
            (None, bare) if bare.len() == DIGITS && is_hex(bare) => Self::NoPrefix {
                app: signer(secrets, body, |signature| signature.strip_prefix(PREFIX) == Some(bare)),
            },
            (Some(digits), _) if digits.len() < DIGITS && (digits.is_empty() || is_hex(digits)) => {
                let fits = |signature: &str| digits.len() >= TELLING && signature.starts_with(value);
                Self::Cut { digits: digits.len(), app: signer(secrets, body, fits) }
            }
            (Some(digits), _) if digits.len() == DIGITS && is_hex(digits) => return None,
            _ => Self::Malformed,
        })
    }

    /// What is wrong with the body.
    fn of_body(body: &[u8], value: &str, secrets: &[Secret]) -> Self {
        for (form, ways) in wire::forms(body) {
            if let Some(app) = signer(secrets, &form, |signature| signature == value) {
                return Self::Changed { app, ways };
            }
        }
        match serde_json::from_slice::<serde::de::IgnoredAny>(body) {
            Err(error) if error.is_eof() => Self::BodyCut,
            _ if wire::is_unlike_meta(body) => Self::Rewritten,
            _ => Self::OtherSecret,
        }
    }
}

/// The app whose secret gives a signature that `fits`.
fn signer(secrets: &[Secret], body: &[u8], fits: impl Fn(&str) -> bool) -> Option<Arc<str>> {
    let found = secrets.iter().find(|secret| fits(&secret.sign(body)));
    found.map(|secret| Arc::clone(secret.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = include_bytes!("../../../../schemas/fixtures/comment/on-post.json");

    fn secrets() -> Vec<Secret> {
        vec![Secret::new("main", "0123456789abcdef0123456789abcdef"), Secret::new("shop", "another secret")]
    }

    fn signed(body: &[u8]) -> String {
        secrets()[1].sign(body)
    }

    fn mismatch(body: &[u8], header: &str) -> Mismatch {
        matching_app(body, header, &secrets()).unwrap_err()
    }

    fn shop() -> Arc<str> {
        Arc::from("shop")
    }

    #[test]
    fn the_secret_that_fits_is_named() {
        let header = signed(BODY);
        for header in [header.clone(), format!(" X-Hub-Signature-256: {header}\n"), header.to_uppercase()] {
            assert_eq!(matching_app(BODY, &header, &secrets()), Ok(shop()), "{header}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_header_is_told() {
        let right = signed(BODY);
        let (_, digits) = right.split_once('=').unwrap();
        let (cut, _) = right.split_at(60);
        let (of_sha1, _) = digits.split_at(40);
        assert_eq!(mismatch(BODY, ""), Mismatch::NoHeader);
        assert_eq!(mismatch(BODY, &format!("sha1={of_sha1}")), Mismatch::Sha1);
        assert_eq!(mismatch(BODY, of_sha1), Mismatch::Sha1);
        assert_eq!(mismatch(BODY, digits), Mismatch::NoPrefix { app: Some(shop()) });
        assert_eq!(mismatch(BODY, cut), Mismatch::Cut { digits: 53, app: Some(shop()) });
        assert_eq!(mismatch(b"{}", cut), Mismatch::Cut { digits: 53, app: None });
        assert_eq!(mismatch(BODY, "sha256="), Mismatch::Cut { digits: 0, app: None });
        assert_eq!(mismatch(BODY, &format!("{right}0")), Mismatch::Malformed);
        assert_eq!(mismatch(BODY, &right.replace("sha256=", "sha512=")), Mismatch::Malformed);
    }

    #[test]
    fn a_body_that_was_changed_on_its_way_is_recognised() {
        let text = std::str::from_utf8(BODY).unwrap();
        let header = signed(BODY);
        let decoded = text.replace("\\ud83d\\ude0d", "😍");
        for (body, word) in [
            (format!("{text}\n"), "line end"),
            (format!("\u{feff}{text}"), "byte order mark"),
            (decoded.clone(), "decoded"),
            (decoded.replace("\":", "\": ").replace(",\"", ", \""), "white space"),
        ] {
            let found = mismatch(body.as_bytes(), &header);
            assert!(matches!(&found, Mismatch::Changed { app, .. } if **app == *"shop"), "{body}: {found:?}");
            assert!(found.to_string().contains(word), "{found}");
        }
    }

    #[test]
    fn a_body_that_is_cut_rewritten_or_of_another_app_is_told_apart() {
        let header = signed(BODY);
        assert_eq!(mismatch(&BODY[..BODY.len() - 9], &header), Mismatch::BodyCut);
        assert_eq!(mismatch(b"", &header), Mismatch::BodyCut);
        assert_eq!(mismatch(br#"{"entry": [], "object": "page"}"#, &header), Mismatch::Rewritten);
        assert_eq!(mismatch(BODY, &Secret::new("third", "a third one").sign(BODY)), Mismatch::OtherSecret);
    }
}
