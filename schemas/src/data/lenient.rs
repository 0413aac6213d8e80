//! Reads members that Meta sends in several forms; no reader ever fails.
//!
//! Null, and what is of another type than the reader takes, counts as absent.

use crate::json::lossy::read_any;
use crate::json::{Text, Token, members, token};
use crate::time::Millis;
use serde::de::{Deserialize as _, Deserializer, Error as _};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What stands for itself as a member or an element: a model, or a string.
pub(super) trait Lenient: Sized {
    /// Reads it; `None` where it is of another type.
    fn of(value: Token<'_, '_>) -> Option<Self>;
}

impl Lenient for String {
    fn of(value: Token<'_, '_>) -> Option<Self> {
        value.string().map(Into::into)
    }
}

impl<T: Lenient> Lenient for Box<T> {
    fn of(value: Token<'_, '_>) -> Option<Self> {
        T::of(value).map(Self::new)
    }
}

/// Reads a model where serde asks for one.
pub(super) fn deserialize<'de, D: Deserializer<'de>, T: Lenient>(deserializer: D) -> Result<T, D::Error> {
    read(<&RawValue>::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("not an object"))
}

/// Reads a model from JSON that is proven to be valid; `None` where it is no object.
pub(super) fn read<T: Lenient>(json: &RawValue) -> Option<T> {
    T::of(Text::unindexed(json.get()).value())
}

/// An id: a string, or a number digit for digit.
pub(super) fn id(value: Token<'_, '_>) -> Option<String> {
    token::id(Some(value)).map(Into::into)
}

/// A word of Meta's: a string, or a number digit for digit; a string that is no valid Unicode counts as absent.
pub(super) fn text(value: Token<'_, '_>) -> Option<String> {
    let is_number = |text: &str| text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    String::of(value).or_else(|| is_number(value.get()).then(|| value.get().to_owned()))
}

/// A string that is not empty, such as a message's id or a link.
pub(super) fn filled(value: Token<'_, '_>) -> Option<String> {
    text(value).filter(|text| !text.is_empty())
}

/// What a web site chose to know a visitor by: a string of any characters, or a number digit for digit.
pub(super) fn reference(value: Token<'_, '_>) -> Option<String> {
    filled(value)
}

/// What people wrote: a string, or a number digit for digit. Half a character, as cutting text at a length leaves it,
/// is replaced by U+FFFD, so that the rest is not lost.
pub(super) fn words(value: Token<'_, '_>) -> Option<String> {
    text(value).or_else(|| read_any(value.get()).ok()?.as_str().map(str::to_owned))
}

/// The literal `true`; all else is false.
pub(super) fn flag(value: Token<'_, '_>) -> bool {
    token::is_true(Some(value))
}

/// A count: a number or a string of digits.
pub(super) fn count(value: Token<'_, '_>) -> Option<u64> {
    text(value)?.parse().ok()
}

/// A whole number, also below zero, or a string of one.
pub(super) fn integer(value: Token<'_, '_>) -> Option<i64> {
    text(value)?.parse().ok()
}

/// A number with a fraction, or a string of one.
pub(super) fn number(value: Token<'_, '_>) -> Option<f64> {
    text(value)?.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A timestamp in seconds or milliseconds, a number or a string of digits.
pub(super) fn millis(value: Token<'_, '_>) -> Option<Millis> {
    Millis::of_meta(Some(value))
}

/// A model of its own; anything but an object counts as absent.
pub(super) fn object<T: Lenient>(value: Token<'_, '_>) -> Option<T> {
    T::of(value)
}

/// The elements of an array that can be read, in order; nothing where it is no array.
pub(super) fn list<T: Lenient>(value: Token<'_, '_>) -> Vec<T> {
    value.elements().into_iter().flatten().filter_map(T::of).collect()
}

/// The ids of an array, each a string or a number digit for digit; nothing where it is no array.
pub(super) fn ids(value: Token<'_, '_>) -> Vec<String> {
    value.elements().into_iter().flatten().filter_map(id).collect()
}

/// The members of an object that can be read, by name; nothing where it is no object.
pub(super) fn map<T: Lenient>(value: Token<'_, '_>) -> BTreeMap<String, T> {
    named(value, T::of)
}

/// The members of an object, by name, each with those of its elements that can be read.
pub(super) fn lists<T: Lenient>(value: Token<'_, '_>) -> BTreeMap<String, Vec<T>> {
    named(value, |member| Some(list(member)))
}

/// Any JSON, verbatim; null is absent.
pub(super) fn raw(value: Token<'_, '_>) -> Option<Box<RawValue>> {
    if value.is_null() { None } else { RawValue::from_string(value.get().to_owned()).ok() }
}

fn named<T>(object: Token<'_, '_>, of: impl Fn(Token<'_, '_>) -> Option<T>) -> BTreeMap<String, T> {
    let members = object.members().into_iter().flatten();
    members.filter_map(|(name, value)| Some((members::name(name).into_owned(), of(value)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(json: &str, with: impl FnOnce(Token<'_, '_>) -> T) -> T {
        with(Text::unindexed(json).value())
    }

    #[test]
    fn counts_may_be_below_zero_where_meta_says_so() {
        assert_eq!(
            (read("-1", integer), read(r#""44""#, integer), read("4.5", integer)),
            (Some(-1), Some(44), None)
        );
        assert_eq!((read("-1", count), read("44", count)), (None, Some(44)));
    }

    #[test]
    fn of_a_map_what_can_be_read_is_kept() {
        let roles: BTreeMap<String, Vec<String>> = read(r#"{"1":["a",2,"b"],"2":"c","1":["d"]}"#, lists);
        assert_eq!(roles["1"], ["d"]);
        assert!(roles["2"].is_empty());
        let words: BTreeMap<String, String> = read(r#"{"a":"1","b":7,"\ud83d":"2"}"#, map);
        let expected = [("\"\\ud83d\"", "2"), ("a", "1")];
        assert_eq!(words, expected.map(|(name, word)| (name.to_owned(), word.to_owned())).into());
        assert!(read(r#"["1"]"#, map::<String>).is_empty());
    }
}
