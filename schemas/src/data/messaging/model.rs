//! Declares the models: each member once, with its type, its name in Meta's JSON and the way it is read.
//!
//! Unlike a derived struct, a name given twice is no error (the last one counts, as in `schemas::split`), a name that is
//! no valid Unicode is just another member, and a name without a model's member is ignored.

use super::super::lenient;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Declares a public struct whose members are read leniently: `pub field: Type = reader("name in JSON")`.
macro_rules! model {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$doc:meta])* pub $field:ident: $type:ty = $read:ident($key:literal),)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default)]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members;
                impl<'de> serde::de::Visitor<'de> for Members {
                    type Value = $name;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        formatter.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut model = $name::default();
                        while let Some(name) = map.next_key::<&serde_json::value::RawValue>()? {
                            let value: &serde_json::value::RawValue = map.next_value()?;
                            match &*crate::members::name(crate::json::Token::of(name.get())) {
                                $($key => model.$field = $read(value).map_err(serde::de::Error::custom)?,)*
                                _ => {}
                            }
                        }
                        Ok(model)
                    }
                }
                deserializer.deserialize_map(Members)
            }
        }
    };
}
pub(super) use model;

/// A model of its own; anything but an object counts as absent.
pub(super) fn object<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    lenient::model(deserializer)
}

/// What people wrote: a string, or a number digit for digit. Half a character, as cutting text at a length leaves it,
/// is replaced by U+FFFD, so that the rest is not lost.
pub(super) fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let Some(raw) = raw(deserializer)? else { return Ok(None) };
    let whole = lenient::text(&*raw).map_err(D::Error::custom)?;
    Ok(whole.or_else(|| serde_json::from_str(raw.get()).ok().map(|Lossy(text)| text)))
}

/// A string that is not empty, such as a message's id or a link.
pub(super) fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(lenient::text(deserializer)?.filter(|text| !text.is_empty()))
}

/// A count: a number or a string of digits.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(lenient::text(deserializer)?.and_then(|digits| digits.parse().ok()))
}

/// A number with a fraction, or a string of one.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let number: Option<f64> = lenient::text(deserializer)?.and_then(|digits| digits.parse().ok());
    Ok(number.filter(|number| number.is_finite()))
}

/// Any JSON, verbatim; null is absent.
pub(super) fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Option::deserialize(deserializer)
}

/// A string in which every half of a surrogate pair is replaced.
struct Lossy(String);

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Lossy;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Lossy, E> {
                // serde_json gives half a pair as three bytes, of which each would be replaced on its own.
                let text = String::from_utf8_lossy(bytes);
                Ok(Lossy(text.replace("\u{FFFD}\u{FFFD}\u{FFFD}", "\u{FFFD}")))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}
