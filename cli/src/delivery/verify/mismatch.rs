//! Whether a header and a body belong together, and why not. Pure.

use crate::delivery::wire;
use serde::de::IgnoredAny;
use std::sync::Arc;
use weir_ingest::Secret;

const NAME: &str = "x-hub-signature-256:";
const PREFIX: &str = "sha256=";
/// How many digits the signature has, and that of SHA-1.
const DIGITS: usize = 64;
const SHA1_DIGITS: usize = 40;
/// Fewer digits than these fit by chance.
const TELLING: usize = 8;

const OF_SHA1: &str = "\
this is the older header X-Hub-Signature, of SHA-1; take X-Hub-Signature-256, which Meta sends beside it";
/// No way back was found.
const REWRITTEN: &str = "\
the body was decoded and encoded anew after it was signed: Meta writes ASCII alone, without white space between tokens. Pass on the \
bytes as they came";
const NO_JSON: &str = "\
the body is no JSON, as Meta sends, nor JSON in base64 or URL-encoded: it is another body, or was changed after it was signed";
const OF_ANOTHER: &str = "\
header and body are well formed, so another app signed it, or its secret was reset. Instagram Login signs with the secret of the \
Instagram app, which is another one than the app's own";

/// The app whose secret gives the signature of what came, or why there is none.
pub(super) fn matching_app(body: &[u8], header: &str, secrets: &[Secret]) -> Result<Arc<str>, String> {
    let header = header.trim().to_ascii_lowercase();
    let value = header.strip_prefix(NAME).map_or(header.as_str(), str::trim);
    signer(secrets, body, |signature| signature == value)
        .ok_or_else(|| of_header(body, value, secrets).unwrap_or_else(|| of_body(body, value, secrets)))
}

/// What is wrong with the header.
fn of_header(body: &[u8], value: &str, secrets: &[Secret]) -> Option<String> {
    let digits = value.strip_prefix(PREFIX);
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some(match (digits, value) {
        (_, "") => "the header is empty; Meta sends X-Hub-Signature-256 with every delivery".to_owned(),
        (_, sha1) if sha1.starts_with("sha1=") || (sha1.len() == SHA1_DIGITS && is_hex(sha1)) => {
            OF_SHA1.to_owned()
        }
        (None, bare) if bare.len() == DIGITS && is_hex(bare) => {
            let app = signer(secrets, body, |signature| signature.strip_prefix(PREFIX) == Some(bare));
            let with_it = app.map_or_else(
                || ", and no secret gives those".to_owned(),
                |app| format!("; with it, the secret {app} fits"),
            );
            format!("the header lacks sha256= before its digits{with_it}")
        }
        (Some(digits), _) if digits.len() < DIGITS && (digits.is_empty() || is_hex(digits)) => {
            let fits = |signature: &str| digits.len() >= TELLING && signature.starts_with(value);
            let app = signer(secrets, body, fits).map(|app| format!("; the secret {app} gives those"));
            format!(
                "the header is cut: it has {} digits of {DIGITS}{}",
                digits.len(),
                app.unwrap_or_default()
            )
        }
        (Some(digits), _) if digits.len() == DIGITS && is_hex(digits) => return None,
        _ => {
            let bare = value.trim_matches(['"', '\'']);
            let app = (bare != value).then(|| signer(secrets, body, |signature| signature == bare)).flatten();
            let without = app.map(|app| format!("; without its quotes, the secret {app} fits"));
            let without = without.unwrap_or_default();
            format!("the header is not sha256= and {DIGITS} hexadecimal digits{without}")
        }
    })
}

/// What is wrong with the body.
fn of_body(body: &[u8], value: &str, secrets: &[Secret]) -> String {
    for (form, ways) in wire::forms(body) {
        if let Some(app) = signer(secrets, &form, |signature| signature == value) {
            return format!(
                "the body was changed after it was signed: {ways}. Without that the secret {app} fits. Pass on the bytes as they came"
            );
        }
    }
    for (decoded, encoding) in wire::decodings(body) {
        let app = signer(secrets, &decoded, |signature| signature == value);
        let fits = match app {
            Some(app) => format!("decoded, the secret {app} fits"),
            None if is_object(&decoded) => "decoded, no secret fits either".to_owned(),
            None => continue,
        };
        return format!(
            "the body stands here {encoding}, as gateways hand bodies on (AWS: isBase64Encoded); {fits}. Pass on the bytes as they came"
        );
    }
    match serde_json::from_slice::<IgnoredAny>(body) {
        Err(error) if error.is_eof() => "the body is cut: it ends within its JSON".to_owned(),
        Err(_) => NO_JSON.to_owned(),
        _ if wire::is_unlike_meta(body) => REWRITTEN.to_owned(),
        _ => OF_ANOTHER.to_owned(),
    }
}

fn is_object(body: &[u8]) -> bool {
    body.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

/// The app whose secret gives a signature that `fits`.
fn signer(secrets: &[Secret], body: &[u8], fits: impl Fn(&str) -> bool) -> Option<Arc<str>> {
    let found = secrets.iter().find(|secret| fits(&secret.sign(body)));
    found.map(|secret| Arc::clone(secret.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD as STANDARD;

    const BODY: &[u8] = include_bytes!("../../../../schemas/fixtures/comment/on-post.json");

    fn secrets() -> Vec<Secret> {
        vec![Secret::new("main", "0123456789abcdef0123456789abcdef"), Secret::new("shop", "another secret")]
    }

    fn signed(body: &[u8]) -> String {
        secrets()[1].sign(body)
    }

    fn mismatch(body: &[u8], header: &str) -> String {
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
        let without_prefix = "lacks sha256= before its digits; with it, the secret shop fits";
        for (header, said) in [
            ("", "is empty"),
            (&format!("sha1={of_sha1}"), "of SHA-1"),
            (of_sha1, "of SHA-1"),
            (digits, without_prefix),
            (cut, "cut: it has 53 digits of 64; the secret shop gives those"),
            ("sha256=", "cut: it has 0 digits of 64"),
            (&format!("{right}0"), "not sha256= and 64 hexadecimal digits"),
            (&format!("\"{right}\""), "hexadecimal digits; without its quotes, the secret shop fits"),
            (&right.replace("sha256=", "sha512="), "not sha256= and 64 hexadecimal digits"),
        ] {
            let found = mismatch(BODY, header);
            assert!(found.contains(said), "{found}");
        }
        assert!(mismatch(b"{}", cut).ends_with("it has 53 digits of 64"));
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
            assert!(found.contains("Without that the secret shop fits"), "{body}: {found}");
            assert!(found.contains(word), "{found}");
        }
    }

    #[test]
    fn a_body_in_another_encoding_is_recognised() {
        let header = signed(BODY);
        let base64 = STANDARD.encode(BODY);
        let escaped: String = BODY.iter().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"));
        for (body, said) in [
            (&base64, "stands here in base64"),
            (&escaped, "stands here URL-encoded"),
            (&format!("body={escaped}"), "stands here URL-encoded"),
        ] {
            let found = mismatch(body.as_bytes(), &header);
            assert!(found.contains(said) && found.contains("decoded, the secret shop fits"), "{found}");
        }
        let of_another = mismatch(base64.as_bytes(), &signed(b"{}"));
        assert!(of_another.contains("decoded, no secret fits either"), "{of_another}");
        for body in [&b"object=page"[..], b"MTIz", b"\x1f\x8b\x08"] {
            assert_eq!(mismatch(body, &header), NO_JSON, "{body:?}");
        }
    }

    #[test]
    fn a_body_that_is_cut_rewritten_or_of_another_app_is_told_apart() {
        let header = signed(BODY);
        assert!(mismatch(&BODY[..BODY.len() - 9], &header).starts_with("the body is cut"));
        assert!(mismatch(b"", &header).starts_with("the body is cut"));
        assert_eq!(mismatch(br#"{"entry": [], "object": "page"}"#, &header), REWRITTEN);
        assert_eq!(mismatch(BODY, &Secret::new("third", "a third one").sign(BODY)), OF_ANOTHER);
    }
}
