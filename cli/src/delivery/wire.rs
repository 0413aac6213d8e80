//! How Meta writes JSON, and the ways back to it from a body that was changed between Meta and here. Pure.
//!
//! Meta writes ASCII alone, without white space between tokens: what is beyond ASCII stands as `\u00e4`, and `/` often as
//! `\/` (captures of 2024 and 2025; the documentation of Messenger says so of the former).

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::fmt::Write as _;

const MARK: &[u8] = b"\xef\xbb\xbf";
/// Padding or none: gateways do either.
const BASE64: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Bodies that this one may have been, each with what was done to it; made one after the other, since each may be large.
pub(super) fn forms(body: &[u8]) -> impl Iterator<Item = (Vec<u8>, String)> {
    let texts =
        bases(body).into_iter().filter_map(|(base, added)| Some((std::str::from_utf8(base).ok()?, added)));
    texts.flat_map(|(text, added)| {
        (0..8).map(move |bits| {
            let reencoding =
                Reencoding { compact: bits & 1 != 0, escape: bits & 2 != 0, slashes: bits & 4 != 0 };
            let ways: Vec<_> = added.iter().copied().chain(reencoding.names()).collect();
            (reencoding.back(text).into_bytes(), ways.join(", "))
        })
    })
}

/// What this body is in another encoding of, as gateways hand bodies on, each with the encoding's name.
pub(super) fn decodings(body: &[u8]) -> impl Iterator<Item = (Vec<u8>, &'static str)> {
    let bare: Vec<u8> =
        body.iter().copied().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'"').collect();
    let decode = |alphabet| GeneralPurpose::new(alphabet, BASE64).decode(&bare).ok();
    let base64 = decode(&STANDARD).or_else(|| decode(&URL_SAFE));
    let decodings = [(base64, "in base64"), (percent_decoded(body), "URL-encoded")];
    decodings.into_iter().filter_map(|(decoded, name)| Some((decoded?, name)))
}

/// The value of a form's one field, with or without the field's name.
fn percent_decoded(body: &[u8]) -> Option<Vec<u8>> {
    let body = body.trim_ascii();
    let begin = body.windows(3).position(|window| window.eq_ignore_ascii_case(b"%7b"))?;
    let mut bytes = body.get(begin..)?.iter().copied();
    let mut decoded = Vec::with_capacity(body.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            b'+' => b' ',
            // What follows a name that has no value.
            b'=' => break,
            other => other,
        });
    }
    Some(decoded)
}

/// Whether Meta would not write it so.
pub(super) fn is_unlike_meta(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return true };
    !text.is_ascii() || compact(text) != text
}

/// Without white space between tokens.
pub(super) fn compact(json: &str) -> String {
    Reencoding { compact: true, escape: false, slashes: false }.back(json)
}

/// The body without what does not belong to it, and as it is.
fn bases(body: &[u8]) -> [(&[u8], Vec<&'static str>); 2] {
    let (unmarked, mut added) = match body.strip_prefix(MARK) {
        Some(rest) => (rest, vec!["it got a byte order mark"]),
        None => (body, Vec::new()),
    };
    let bare = unmarked.trim_ascii_end();
    if bare.len() < unmarked.len() {
        added.push("it got a line end");
    }
    [(bare, added), (body, Vec::new())]
}

/// What is done to a text on its way back.
#[derive(Clone, Copy)]
struct Reencoding {
    compact: bool,
    escape: bool,
    slashes: bool,
}

impl Reencoding {
    fn names(self) -> impl Iterator<Item = &'static str> {
        let names = [
            (self.compact, "it got white space between its tokens"),
            (self.escape, "escapes such as \\u00e4 were decoded"),
            (self.slashes, "\\/ was decoded to /"),
        ];
        names.into_iter().filter(|(done, _)| *done).map(|(_, name)| name)
    }

    fn back(self, text: &str) -> String {
        let mut back = String::with_capacity(text.len());
        let (mut in_string, mut is_escaped) = (false, false);
        for character in text.chars() {
            match character {
                ' ' | '\n' | '\r' | '\t' if !in_string && self.compact => {}
                '/' if in_string && !is_escaped && self.slashes => back.push_str("\\/"),
                _ if !character.is_ascii() && self.escape => escape(character, &mut back),
                _ => back.push(character),
            }
            if character == '"' && !is_escaped {
                in_string = !in_string;
            }
            is_escaped = in_string && character == '\\' && !is_escaped;
        }
        back
    }
}

/// As Meta writes what is beyond ASCII: lower-case digits, and a pair beyond the basic plane.
fn escape(character: char, into: &mut String) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        // Writing into a String cannot fail.
        write!(into, "\\u{unit:04x}").unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Reencoding {
        Reencoding { compact: true, escape: true, slashes: true }
    }

    #[test]
    fn a_text_is_brought_back_to_how_meta_writes_it() {
        let text = "{ \"a\" : \"ä 😍 / \\\" \\\\\" ,\n\t\"b/\" : [ 1 ] }";
        assert_eq!(all().back(text), "{\"a\":\"\\u00e4 \\ud83d\\ude0d \\/ \\\" \\\\\",\"b\\/\":[1]}");
    }

    #[test]
    fn a_body_is_decoded_from_how_gateways_hand_it_on() {
        let json = br#"{"text":"a b+c=\u00e4?>"}"#.to_vec();
        for (body, name) in [
            ("eyJ0ZXh0IjoiYSBiK2M9XHUwMGU0Pz4ifQ==", "in base64"),
            ("\"eyJ0ZXh0IjoiYSBiK2M9\nXHUwMGU0Pz4ifQ\"\n", "in base64"),
            ("%7B%22text%22%3A%22a+b%2Bc%3D%5Cu00e4%3F%3E%22%7D", "URL-encoded"),
            ("body=%7b%22text%22%3a%22a%20b%2bc%3d%5cu00e4%3f%3e%22%7d\n", "URL-encoded"),
            ("%7B%22text%22:%22a b%2Bc%3D%5Cu00e4?%3E%22%7D=", "URL-encoded"),
        ] {
            let found: Vec<_> = decodings(body.as_bytes()).collect();
            assert_eq!(found, [(json.clone(), name)], "{body}");
        }
        for none in [&json[..], b"%7B%2", b"\xff", b"%"] {
            assert_eq!(decodings(none).count(), 0, "{none:?}");
        }
    }

    #[test]
    fn what_is_escaped_is_not_escaped_again() {
        let text = r#"{"url":"https:\/\/a.example\/b","text":"\u00e4 \\/"}"#;
        let back = all().back(text);
        assert!(back.starts_with(r#"{"url":"https:\/\/a.example\/b""#), "{back}");
        assert!(!is_unlike_meta(text.as_bytes()));
        assert!(is_unlike_meta("{\"a\":\"ä\"}".as_bytes()));
        assert!(is_unlike_meta(b"{ }"));
    }
}
