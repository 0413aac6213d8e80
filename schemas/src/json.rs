//! Walks JSON that is known to be valid, as slices of the text: nothing is parsed twice, nothing is copied.
//!
//! [`split`](crate::split()) proves a body valid once, with `serde_json`; what is inside is then found by its brackets
//! and quotes alone. On a text that is not valid the walk ends early; it never panics.

use memchr::memchr2;
use std::borrow::Cow;

/// A JSON value as it stands in the text, without the white space around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a>(&'a str);

impl<'a> Token<'a> {
    /// The value that `text`, a valid JSON text, consists of.
    pub(crate) fn of(text: &'a str) -> Self {
        Self(text.trim_matches([' ', '\t', '\n', '\r']))
    }

    /// The value as it stands in the text.
    pub(crate) const fn get(self) -> &'a str {
        self.0
    }

    pub(crate) fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    pub(crate) fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// The elements of an array, in order; `None` where it is none.
    pub(crate) fn elements(self) -> Option<Elements<'a>> {
        self.0.starts_with('[').then_some(Elements(Walk { text: self.0, at: 1 }))
    }

    /// Names, with their quotes, and values of an object's members, in order; `None` where it is none.
    pub(crate) fn members(self) -> Option<Members<'a>> {
        self.is_object().then_some(Members(Walk { text: self.0, at: 1 }))
    }

    /// A string without its quotes, its escapes not undone; `None` where it is none.
    pub(crate) fn quoted(self) -> Option<&'a str> {
        self.0.strip_prefix('"')?.strip_suffix('"')
    }

    /// A string without quotes and escapes; `None` where it is none, or no valid Unicode once unescaped.
    pub(crate) fn string(self) -> Option<Cow<'a, str>> {
        let quoted = self.quoted()?;
        if quoted.bytes().any(|byte| byte == b'\\') {
            return serde_json::from_str(self.0).ok().map(Cow::Owned);
        }
        Some(Cow::Borrowed(quoted))
    }
}

/// The elements of an array.
pub(crate) struct Elements<'a>(Walk<'a>);

/// The members of an object.
pub(crate) struct Members<'a>(Walk<'a>);

impl<'a> Iterator for Elements<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.0.value()
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Token<'a>, Token<'a>);

    fn next(&mut self) -> Option<(Token<'a>, Token<'a>)> {
        Some((self.0.value()?, self.0.value()?))
    }
}

/// A place between the values of an array or object.
struct Walk<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Walk<'a> {
    /// The next value, past white space, commas and colons; `None` at the closing bracket.
    fn value(&mut self) -> Option<Token<'a>> {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at)?, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':') {
            self.at += 1;
        }
        let end = match bytes[self.at] {
            b']' | b'}' => return None,
            b'"' => end_of_string(bytes, self.at)?,
            b'[' | b'{' => end_of_brackets(bytes, self.at)?,
            _ => end_of_literal(bytes, self.at),
        };
        let token = self.text.get(self.at..end)?;
        self.at = end;
        Some(Token(token))
    }
}

/// The place after the string that begins at `at`.
fn end_of_string(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// The place after the array or object that begins at `at`; takes no stack, however deep it nests.
fn end_of_brackets(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = end_of_string(bytes, at)?;
                continue;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The place after the number, `true`, `false` or `null` that begins at `at`.
fn end_of_literal(bytes: &[u8], at: usize) -> usize {
    let is_end = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b']' | b'}');
    let after = bytes.get(at + 1..).unwrap_or_default();
    at + 1 + after.iter().position(is_end).unwrap_or(after.len())
}

/// Whether arrays and objects of a text nest deeper than `limit`. Takes one pass and no stack, whatever the text.
pub(crate) fn nests_deeper(text: &str, limit: usize) -> bool {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let Some(end) = end_of_string(bytes, at) else { return false };
                at = end;
                continue;
            }
            b'[' | b'{' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<'a>(tokens: impl Iterator<Item = Token<'a>>) -> Vec<&'a str> {
        tokens.map(Token::get).collect()
    }

    #[test]
    fn elements_are_slices_of_the_text_in_order() {
        let array = Token::of(" [1 , -2.5e3,\"a\\\"]\" ,[[]],{\"b\":[{}]}, null,true ] ");
        let expected = ["1", "-2.5e3", "\"a\\\"]\"", "[[]]", "{\"b\":[{}]}", "null", "true"];
        assert_eq!(texts(array.elements().unwrap()), expected);
        assert!(texts(Token::of("[]").elements().unwrap()).is_empty());
        assert!(Token::of("{}").elements().is_none());
    }

    #[test]
    fn members_are_pairs_of_name_and_value() {
        let object = Token::of(r#"{ "a:b" : "}" , "c":{"d":1},"e":"\\" }"#);
        let members: Vec<_> =
            object.members().unwrap().map(|(name, value)| (name.get(), value.get())).collect();
        assert_eq!(members, [(r#""a:b""#, r#""}""#), (r#""c""#, r#"{"d":1}"#), (r#""e""#, r#""\\""#)]);
    }

    #[test]
    fn a_text_that_is_not_valid_ends_the_walk() {
        for text in ["[", "[\"", "[\"\\", "[1", "[[1]", "[{]", "{\"a\"", "{\"a\":", "[}", "[\"\\\"", "[,,,"] {
            if let Some(elements) = Token::of(text).elements() {
                assert!(elements.count() <= 1, "{text}");
            }
            if let Some(members) = Token::of(text).members() {
                assert_eq!(members.count(), 0, "{text}");
            }
        }
    }

    #[test]
    fn nesting_counts_brackets_outside_strings() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(!nests_deeper(&nested(128), 128));
        assert!(nests_deeper(&nested(129), 128));
        assert!(!nests_deeper(&format!(r#"["\"{}"]"#, "[".repeat(1_000)), 128));
        assert!(!nests_deeper(&"[]".repeat(1_000), 128));
    }
}
