//! Reads single JSON values: ids, names, flags, parts of keys.

use crate::json::Token;
use std::borrow::Cow;

/// An id: a string, or a number taken digit for digit, of `[A-Za-z0-9_.-]{1,128}`; all else counts as missing.
///
/// Meta documents its ids as strings, but older fields and test events send numbers beyond 2^53, which must not go
/// through a float.
pub(crate) fn id<'a>(token: Option<Token<'_, 'a>>) -> Option<Cow<'a, str>> {
    // Longer than 128 characters, all written as `\uXXXX`: not worth undoing its escapes.
    let token = token.filter(|token| token.get().len() <= 2 + 128 * 6)?;
    let id = match token.get().as_bytes().first()? {
        b'"' => token.string()?,
        b'-' | b'0'..=b'9' => Cow::Borrowed(token.get()),
        _ => return None,
    };
    is_name(&id).then_some(id)
}

/// Whether `text` is `[A-Za-z0-9_.-]{1,128}`: what ids and field names may be made of.
pub(crate) fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=128).contains(&text.len()) && text.bytes().all(allowed)
}

/// A part of a natural key: the bytes as sent, a string without its quotes. Null and the empty string are absent.
pub(crate) fn as_sent<'a>(token: Option<Token<'_, 'a>>) -> Option<&'a str> {
    let token = token.filter(|token| !token.is_null())?;
    let part = token.quoted().unwrap_or(token.get());
    (!part.is_empty()).then_some(part)
}

/// A string without quotes and escapes; `None` for all else.
pub(crate) fn string<'a>(token: Option<Token<'_, 'a>>) -> Option<Cow<'a, str>> {
    token?.string()
}

/// Whether the token is the literal `true`.
pub(crate) fn is_true(token: Option<Token<'_, '_>>) -> bool {
    token.is_some_and(|token| token.get() == "true")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Text;

    fn id_of(json: &str) -> Option<String> {
        id(Some(Text::unindexed(json).value())).map(Cow::into_owned)
    }

    fn part_of(json: &str) -> Option<&str> {
        as_sent(Some(Text::unindexed(json).value()))
    }

    #[test]
    fn an_id_is_a_string_or_a_number_digit_for_digit() {
        assert_eq!(id_of(r#""17841405726653026""#).as_deref(), Some("17841405726653026"));
        assert_eq!(id_of("98765432109876543210").as_deref(), Some("98765432109876543210"));
        assert_eq!(id_of(r#""1\u0032""#).as_deref(), Some("12"));
    }

    #[test]
    fn what_cannot_be_an_id_counts_as_missing() {
        let long = format!("\"{}\"", "1".repeat(129));
        for json in [r#""""#, r#""a b""#, r#""ä""#, "true", "null", "{}", "[1]", "1e+5", r#""\ud83d""#, &long]
        {
            assert_eq!(id_of(json), None, "{json}");
        }
    }

    #[test]
    fn a_key_part_is_taken_as_sent() {
        assert_eq!(part_of(r#""a\/b""#), Some(r"a\/b"));
        assert_eq!(part_of("37"), Some("37"));
        assert_eq!(part_of(r#""""#), None);
        assert_eq!(as_sent(None), None);
    }
}
