//! Declares the models: each member once, with its type, its name in Meta's JSON and the way it is read.
//!
//! Unlike a derived struct, a name given twice is no error (the last one counts, as in `schemas::split`), a name that
//! is no valid Unicode is just another member, and a name without a model's member is ignored.

/// Declares a public struct whose members are read leniently: `pub field: Type = reader("name in JSON")`, where the
/// reader is one of [`super::lenient`]. `in ["a", "b"]` names the known words of an open set, `like Model` the model
/// that raw JSON mostly is of; both are for the JSON Schema alone, which the same declaration gives. With that
/// feature a model is written under Meta's names too, for tests, which compare it with what Meta sent.
macro_rules! model {
    ($(#[$($meta:tt)*])* pub struct $name:ident {
        $(
            $(#[$($doc:tt)*])*
            pub $field:ident: $type:ty = $read:ident($key:literal) $(in $words:tt)? $(like $like:ty)?,
        )*
    }) => {
        $(#[$($meta)*])*
        #[derive(Clone, Debug, Default)]
        #[cfg_attr(feature = "json-schema", derive(serde::Serialize))]
        pub struct $name {
            $($(#[$($doc)*])* #[cfg_attr(feature = "json-schema", serde(rename = $key))] pub $field: $type,)*
        }

        impl crate::data::lenient::Lenient for $name {
            fn of(value: crate::json::Token<'_, '_>) -> Option<Self> {
                let mut model = Self::default();
                for (name, value) in value.members()? {
                    match &*crate::json::members::name(name) {
                        $($key => model.$field = crate::data::lenient::$read(value),)*
                        _ => {}
                    }
                }
                Some(model)
            }
        }

        impl crate::data::Data for $name {
            fn read(json: &serde_json::value::RawValue) -> Option<Self> {
                crate::data::lenient::read(json)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::data::lenient::deserialize(deserializer)
            }
        }

        #[cfg(feature = "json-schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                use crate::data::{form, model::documentation};
                let members = [$({
                    let form = form::$read(generator, form::Of::<$type>::default());
                    $(let form = form::open(&form, &$words);)?
                    $(let form = form::like::<$like>(form, generator);)?
                    ($key, form, concat!($(documentation!($($doc)*), "\n"),*))
                }),*];
                form::model(concat!($(documentation!($($meta)*), "\n"),*), members)
            }
        }
    };
}
pub(super) use model;

/// The text of a documentation attribute; nothing for any other attribute.
#[cfg(feature = "json-schema")]
macro_rules! documentation {
    (doc = $text:literal) => {
        $text
    };
    ($($other:tt)*) => {
        ""
    };
}
#[cfg(feature = "json-schema")]
pub(super) use documentation;
