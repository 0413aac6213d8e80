//! Finds the named members of a JSON object, leniently.
//!
//! `null` is absent. A name given twice is no error: the last one counts, as in most JSON readers, and the reader is
//! told. A name that is no valid Unicode is just another member.

use crate::json::Token;
use std::borrow::Cow;

/// Declares a struct of optional tokens, one for each named member of an object.
macro_rules! members {
    ($(#[$meta:meta])* $name:ident { $($field:ident: $key:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default)]
        pub(crate) struct $name<'t, 'a> {
            $(pub(crate) $field: Option<crate::json::Token<'t, 'a>>,)*
            /// Whether there are members of none of these names.
            pub(crate) has_others: bool,
            /// Whether one of these names is given twice, so that a value of it is not seen here.
            pub(crate) is_ambiguous: bool,
        }

        impl<'t, 'a> $name<'t, 'a> {
            /// The members of `token`, or `None` where it is no object.
            pub(crate) fn of(token: crate::json::Token<'t, 'a>) -> Option<Self> {
                let mut found = Self::default();
                $(let mut $field = false;)*
                for (name, value) in token.members()? {
                    match &*crate::json::members::name(name) {
                        $($key => {
                            found.is_ambiguous |= std::mem::replace(&mut $field, true);
                            found.$field = Some(value).filter(|value| !value.is_null());
                        })*
                        _ => found.has_others = true,
                    }
                }
                Some(found)
            }
        }
    };
}
pub(crate) use members;

/// A member's name without quotes and escapes; one that cannot be decoded is given as sent, which matches no name.
pub(crate) fn name<'a>(token: Token<'_, 'a>) -> Cow<'a, str> {
    token.string().unwrap_or(Cow::Borrowed(token.get()))
}
