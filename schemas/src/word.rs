//! Words of closed sets: exact for who writes them, open for who reads them.

use serde::{Deserialize, Serialize};

/// A word of a set that later versions may extend: one that is known, or any other as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Open<T> {
    /// A word of the set.
    Known(T),
    /// A word that this version does not know.
    Other(String),
}

#[cfg(feature = "json-schema")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Open<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Open{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [generator.subschema_for::<T>(), {"type": "string"}]})
    }
}

impl<T> From<T> for Open<T> {
    fn from(word: T) -> Self {
        Self::Known(word)
    }
}

/// Declares a set of words, each once, with its JSON Schema.
macro_rules! words {
    ($(#[doc = $about:literal])* pub enum $name:ident {
        $($(#[doc = $doc:literal])* $word:ident = $text:literal,)*
    }) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[doc = $doc])* #[serde(rename = $text)] $word,)*
        }

        impl $name {
            /// Every word of the set.
            pub const ALL: &[Self] = &[$(Self::$word,)*];

            /// The word as it stands in a record.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => $text,)*
                }
            }
        }

        #[cfg(feature = "json-schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let about = concat!($($about, "\n",)* $("\n\n`", $text, "`: ", $($doc, "\n",)*)*);
                schemars::json_schema!({"type": "string", "enum": [$($text),*], "description": about})
            }
        }
    };
}
pub(crate) use words;
