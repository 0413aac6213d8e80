//! Walks JSON that is known to be valid, as slices of the text: nothing is parsed twice, nothing is copied.
//!
//! `serde_json` proves it valid once: [`split`](crate::split()) a body, and whoever reads a model of [`crate::data`] its `RawValue`.
//! What is inside is then found by its brackets and quotes alone. On a text that is not valid the walk ends early; it never panics.

pub(crate) mod lossy;
pub(crate) mod members;
pub(crate) mod token;

use memchr::memchr2;
use std::borrow::Cow;
use std::iter;

/// A valid JSON text, with the places of its brackets where it was indexed.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    text: &'a str,
    /// Where each array or object begins, in order, and the place after its end.
    brackets: Vec<Bracket>,
}

impl<'a> Text<'a> {
    /// A text whose brackets are looked for when they are needed: for a single value.
    pub(crate) const fn unindexed(text: &'a str) -> Self {
        Self { text, brackets: Vec::new() }
    }

    /// A text whose brackets are known, so that passing over an array or object takes no look at what is in it. `None`
    /// when they nest deeper than `max_depth`. Takes one pass and no call stack, whatever the text.
    pub(crate) fn indexed(text: &'a str, max_depth: usize) -> Option<Self> {
        let mut brackets = Vec::with_capacity(16);
        let mut open: Vec<usize> = Vec::with_capacity(8);
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => {
                    let Some(end) = end_of_string(bytes, at) else { break };
                    at = end;
                    continue;
                }
                b'[' | b'{' => {
                    if open.len() == max_depth {
                        return None;
                    }
                    open.push(brackets.len());
                    brackets.push(Bracket { start: narrow(at), end: FAR, next: FAR });
                }
                b']' | b'}' => {
                    let next = narrow(brackets.len());
                    if let Some(bracket) = open.pop().and_then(|place| brackets.get_mut(place)) {
                        (bracket.end, bracket.next) = (narrow(at + 1), next);
                    }
                }
                _ => {}
            }
            at += 1;
        }
        Some(Self { text, brackets })
    }

    /// The value that the text consists of.
    pub(crate) fn value(&self) -> Token<'_, 'a> {
        let is_space = [' ', '\t', '\n', '\r'];
        let start = self.text.len() - self.text.trim_start_matches(is_space).len();
        Token { of: self, start, end: self.text.trim_end_matches(is_space).len().max(start), place: 0 }
    }

    /// The end of the array or object that begins at `at`, the one at `place` of the index, and the place after it there.
    fn end_of_brackets(&self, at: usize, place: usize) -> Option<(usize, usize)> {
        match self.brackets.get(place).and_then(|bracket| bracket.of(at)) {
            Some(end) => Some(end),
            None => end_of_brackets(self.text.as_bytes(), at).map(|end| (end, place)),
        }
    }
}

/// An array or object of an indexed text. Half the size of three `usize`, since a hostile body has a million of them.
#[derive(Clone, Copy, Debug)]
struct Bracket {
    start: u32,
    /// The place after its end.
    end: u32,
    /// The place in the index of the first that begins after its end.
    next: u32,
}

/// Stands for a place that is not known, or beyond what is counted: it is looked for when it is needed.
const FAR: u32 = u32::MAX;

fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(FAR)
}

impl Bracket {
    /// The end, and the place after it in the index, of what begins at `at`, where that is known.
    fn of(self, at: usize) -> Option<(usize, usize)> {
        let is_known = self.start == narrow(at) && self.end != FAR && self.next != FAR;
        is_known.then_some((self.end as usize, self.next as usize))
    }
}

/// A JSON value as it stands in its text, without the white space around it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'t, 'a> {
    of: &'t Text<'a>,
    start: usize,
    end: usize,
    /// The place in the index of the first array or object that begins at `start` or later.
    place: usize,
}

impl<'t, 'a> Token<'t, 'a> {
    /// The value as it stands in the text.
    pub(crate) fn get(self) -> &'a str {
        self.of.text.get(self.start..self.end).unwrap_or_default()
    }

    pub(crate) fn is_object(self) -> bool {
        self.first() == Some(b'{')
    }

    pub(crate) fn is_null(self) -> bool {
        self.get() == "null"
    }

    /// The elements of an array, in order; `None` where it is none.
    pub(crate) fn elements(self) -> Option<impl Iterator<Item = Self>> {
        let mut walk = self.inside(b'[')?;
        Some(iter::from_fn(move || walk.value()))
    }

    /// Names, with their quotes, and values of an object's members, in order; `None` where it is none.
    pub(crate) fn members(self) -> Option<impl Iterator<Item = (Self, Self)>> {
        let mut walk = self.inside(b'{')?;
        Some(iter::from_fn(move || Some((walk.value()?, walk.value()?))))
    }

    fn inside(self, bracket: u8) -> Option<Walk<'t, 'a>> {
        let walk = Walk { of: self.of, at: self.start + 1, place: self.place + 1 };
        (self.first() == Some(bracket)).then_some(walk)
    }

    /// A string without its quotes, its escapes not undone; `None` where it is none.
    pub(crate) fn quoted(self) -> Option<&'a str> {
        self.get().strip_prefix('"')?.strip_suffix('"')
    }

    /// A string without quotes and escapes; `None` where it is none, or no valid Unicode once unescaped.
    pub(crate) fn string(self) -> Option<Cow<'a, str>> {
        let quoted = self.quoted()?;
        // All of it, as that can be done for many bytes at once.
        if quoted.bytes().fold(0, |seen, byte| seen | u8::from(byte == b'\\')) != 0 {
            return serde_json::from_str(self.get()).ok().map(Cow::Owned);
        }
        Some(Cow::Borrowed(quoted))
    }

    fn first(self) -> Option<u8> {
        self.of.text.as_bytes().get(self.start).copied()
    }
}

/// A place between the values of an array or object.
struct Walk<'t, 'a> {
    of: &'t Text<'a>,
    at: usize,
    place: usize,
}

impl<'t, 'a> Walk<'t, 'a> {
    /// The next value, past white space, commas and colons; `None` at the closing bracket.
    fn value(&mut self) -> Option<Token<'t, 'a>> {
        let bytes = self.of.text.as_bytes();
        while matches!(bytes.get(self.at)?, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':') {
            self.at += 1;
        }
        let start = self.at;
        let place = self.place;
        self.at = match bytes[start] {
            b']' | b'}' => return None,
            b'"' => end_of_string(bytes, start)?,
            b'[' | b'{' => {
                let (end, next) = self.of.end_of_brackets(start, place)?;
                self.place = next;
                end
            }
            _ => end_of_literal(bytes, start),
        };
        Some(Token { of: self.of, start, end: self.at, place })
    }
}

/// The place after the string that begins at `at`.
fn end_of_string(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += memchr2(b'"', b'\\', bytes.get(at..)?)?,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<'t, 'a: 't>(tokens: impl Iterator<Item = Token<'t, 'a>>) -> Vec<&'a str> {
        tokens.map(Token::get).collect()
    }

    fn both(json: &str) -> [Text<'_>; 2] {
        [Text::unindexed(json), Text::indexed(json, 128).unwrap()]
    }

    #[test]
    fn elements_are_slices_of_the_text_in_order() {
        for text in both(" [1 , -2.5e3,\"a\\\"]\" ,[[]],{\"b\":[{}]}, null,true ] ") {
            let expected = ["1", "-2.5e3", "\"a\\\"]\"", "[[]]", "{\"b\":[{}]}", "null", "true"];
            assert_eq!(texts(text.value().elements().unwrap()), expected);
        }
        assert!(texts(Text::unindexed("[]").value().elements().unwrap()).is_empty());
        assert!(Text::unindexed("{}").value().elements().is_none());
    }

    #[test]
    fn members_are_pairs_of_name_and_value() {
        for text in both(r#"{ "a:b" : "}" , "c":{"d":1},"e":"\\" }"#) {
            let members = text.value().members().unwrap().map(|(name, value)| (name.get(), value.get()));
            let expected = [(r#""a:b""#, r#""}""#), (r#""c""#, r#"{"d":1}"#), (r#""e""#, r#""\\""#)];
            assert_eq!(members.collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_text_that_is_not_valid_ends_the_walk() {
        for json in [
            "", " ", "[", "[\"", "[\"\\", "[1", "[[1]", "[{]", "{\"a\"", "{\"a\":", "[}", "[\"\\\"", "[,,,",
            "]]",
        ] {
            for text in both(json) {
                assert!(text.value().elements().is_none_or(|elements| elements.count() <= 1), "{json}");
                assert!(text.value().members().is_none_or(|members| members.count() == 0), "{json}");
            }
        }
    }

    #[test]
    fn nesting_counts_brackets_outside_strings() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let is_too_deep = |json: &str| Text::indexed(json, 128).is_none();
        assert!(!is_too_deep(&nested(128)));
        assert!(is_too_deep(&nested(129)));
        assert!(!is_too_deep(&format!(r#"["\"{}"]"#, "[".repeat(1_000))));
        assert!(!is_too_deep(&format!("[{}]", "[],".repeat(1_000))));
    }
}
