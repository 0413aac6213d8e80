//! Reads members that Meta sends in several forms; no reader ever fails.
//!
//! Null, and what is of another type than the reader takes, counts as absent.

use crate::json::lossy::read_any;
use crate::json::{Text, Token, members, token};
use crate::time::Millis;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// An id: a string, or a number digit for digit.
pub(super) fn id(value: &RawValue) -> Option<String> {
    read(value, |token| token::id(Some(token)).map(Into::into))
}

/// A word of Meta's: a string, or a number digit for digit; a string that is no valid Unicode counts as absent.
pub(super) fn text(value: &RawValue) -> Option<String> {
    let is_number = |text: &str| text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    read(value, |token| {
        token.string().map(Into::into).or_else(|| is_number(token.get()).then(|| token.get().to_owned()))
    })
}

/// A string that is not empty, such as a message's id or a link.
pub(super) fn filled(value: &RawValue) -> Option<String> {
    text(value).filter(|text| !text.is_empty())
}

/// What a web site chose to know a visitor by: a string of any characters, or a number digit for digit.
pub(super) fn reference(value: &RawValue) -> Option<String> {
    filled(value)
}

/// What people wrote: a string, or a number digit for digit. Half a character, as cutting text at a length leaves it,
/// is replaced by U+FFFD, so that the rest is not lost.
pub(super) fn words(value: &RawValue) -> Option<String> {
    text(value).or_else(|| read_any(value.get()).ok()?.as_str().map(str::to_owned))
}

/// The literal `true`; all else is false.
pub(super) fn flag(value: &RawValue) -> bool {
    read(value, |token| token::is_true(Some(token)))
}

/// A count: a number or a string of digits.
pub(super) fn count(value: &RawValue) -> Option<u64> {
    text(value)?.parse().ok()
}

/// A whole number, also below zero, or a string of one.
pub(super) fn integer(value: &RawValue) -> Option<i64> {
    text(value)?.parse().ok()
}

/// A number with a fraction, or a string of one.
pub(super) fn number(value: &RawValue) -> Option<f64> {
    text(value)?.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A timestamp in seconds or milliseconds, a number or a string of digits.
pub(super) fn millis(value: &RawValue) -> Option<Millis> {
    read(value, |token| Millis::of_meta(Some(token)))
}

/// A model of its own; anything but an object counts as absent.
pub(super) fn object<T: DeserializeOwned>(value: &RawValue) -> Option<T> {
    serde_json::from_str(value.get()).ok()
}

/// The elements of an array that can be read, in order; nothing where it is no array.
pub(super) fn list<T: DeserializeOwned>(value: &RawValue) -> Vec<T> {
    read(value, elements)
}

/// The ids of an array, each a string or a number digit for digit; nothing where it is no array.
pub(super) fn ids(value: &RawValue) -> Vec<String> {
    let of = |array: Token<'_, '_>| {
        array.elements().into_iter().flatten().filter_map(|id| token::id(Some(id)).map(Into::into)).collect()
    };
    read(value, of)
}

/// The members of an object that can be read, by name; nothing where it is no object.
pub(super) fn map<T: DeserializeOwned>(value: &RawValue) -> BTreeMap<String, T> {
    read(value, |object| named(object, |member| serde_json::from_str(member.get()).ok()))
}

/// The members of an object, by name, each with those of its elements that can be read.
pub(super) fn lists<T: DeserializeOwned>(value: &RawValue) -> BTreeMap<String, Vec<T>> {
    read(value, |object| named(object, |member| Some(elements(member))))
}

/// Any JSON, verbatim; null is absent.
pub(super) fn raw(value: &RawValue) -> Option<Box<RawValue>> {
    (value.get() != "null").then(|| value.to_owned())
}

fn read<'a, T>(value: &'a RawValue, with: impl FnOnce(Token<'_, 'a>) -> T) -> T {
    with(Text::unindexed(value.get()).value())
}

fn elements<T: DeserializeOwned>(array: Token<'_, '_>) -> Vec<T> {
    let elements = array.elements().into_iter().flatten();
    elements.filter_map(|element| serde_json::from_str(element.get()).ok()).collect()
}

fn named<T>(object: Token<'_, '_>, of: impl Fn(Token<'_, '_>) -> Option<T>) -> BTreeMap<String, T> {
    let members = object.members().into_iter().flatten();
    members.filter_map(|(name, value)| Some((members::name(name).into_owned(), of(value)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn counts_may_be_below_zero_where_meta_says_so() {
        assert_eq!(
            (integer(&raw("-1")), integer(&raw(r#""44""#)), integer(&raw("4.5"))),
            (Some(-1), Some(44), None)
        );
        assert_eq!((count(&raw("-1")), count(&raw("44"))), (None, Some(44)));
    }

    #[test]
    fn of_a_map_what_can_be_read_is_kept() {
        let roles: BTreeMap<String, Vec<String>> = lists(&raw(r#"{"1":["a",2,"b"],"2":"c","1":["d"]}"#));
        assert_eq!(roles["1"], ["d"]);
        assert!(roles["2"].is_empty());
        let numbers: BTreeMap<String, u8> = map(&raw(r#"{"a":1,"b":"x","\ud83d":2}"#));
        assert_eq!(
            numbers.into_iter().collect::<Vec<_>>(),
            [("\"\\ud83d\"".to_owned(), 2), ("a".to_owned(), 1)]
        );
        assert!(map::<u8>(&raw("[1]")).is_empty());
    }
}
