//! Reads members that Meta sends in several forms, without ever failing.

use crate::json::Token;
use crate::time::Millis;
use crate::token;
use serde::de::{Deserialize as _, DeserializeOwned, Deserializer};
use serde_json::value::RawValue;

/// An id: a string, or a number digit for digit.
pub(crate) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(token::id(raw(deserializer)?).map(Into::into))
}

/// A string, or a number digit for digit; a string that is no valid Unicode counts as absent.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let raw = raw(deserializer)?;
    let number =
        raw.map(Token::get).filter(|token| token.starts_with(|c: char| c == '-' || c.is_ascii_digit()));
    Ok(token::string(raw).map(Into::into).or_else(|| number.map(str::to_owned)))
}

/// The literal `true`; all else is false.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(token::is_true(raw(deserializer)?))
}

/// A timestamp in seconds or milliseconds, a number or a string of digits.
pub(crate) fn millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Millis>, D::Error> {
    Ok(Millis::of_meta(raw(deserializer)?))
}

/// A model of its own; one that cannot be read counts as absent.
pub(crate) fn model<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(raw(deserializer)?.and_then(|raw| serde_json::from_str(raw.get()).ok()))
}

/// The elements of an array that can be read, in order; nothing where it is no array.
pub(crate) fn list<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let elements = raw(deserializer)?.and_then(Token::elements).into_iter().flatten();
    Ok(elements.filter_map(|element| serde_json::from_str(element.get()).ok()).collect())
}

fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Token<'de>>, D::Error> {
    Ok(Option::<&RawValue>::deserialize(deserializer)?.map(|raw| Token::of(raw.get())))
}
