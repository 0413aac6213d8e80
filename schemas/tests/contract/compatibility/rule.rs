//! The rules that a later schema must keep.

use serde_json::Value;
use std::fmt;

/// A rule that a later schema must keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// A document keeps its `$id`, its dialect and its title: registries know it by them, generators name its type by
    /// the last.
    IdentityChanged,
    /// A member that is named is still named: readers find it nowhere else.
    MemberRemoved,
    /// A value is of the same types: readers have a variable for it.
    Retyped,
    /// A member that need not be there may still be absent: records written before lack it.
    RequiredAdded,
    /// A member that is always there still is: readers do not ask whether.
    RequiredRemoved,
    /// An open set of words stays open: readers by the later schema must survive words that come after it.
    EnumClosed,
    /// A word that is known is still known: readers wait for it.
    WordRemoved,
    /// No word comes to a closed set, nor is it opened: readers know all of it.
    WordAdded,
    /// A constant stays as it is: readers tell by it what they have.
    ConstChanged,
    /// An object that may have further members still may: later versions add some.
    ObjectClosed,
    /// A format, pattern or bound stays as it is: readers have parsers and columns for it.
    ConstraintChanged,
    /// A keyword that these rules do not know stays as it is: nobody can say what it does to readers.
    UnknownKeyword,
}

/// A rule that is broken, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Break {
    /// What is broken.
    pub(crate) rule: Rule,
    /// JSON pointer to the place in the earlier schema; for a required member that comes, to where it would be.
    pub(crate) pointer: String,
}

impl Rule {
    /// What broke it, in the words of a message.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::IdentityChanged => "the document's id, dialect or title changed",
            Self::MemberRemoved => "a member was removed",
            Self::Retyped => "a value may be of other types",
            Self::RequiredAdded => "a member became required, which records written before may lack",
            Self::RequiredRemoved => "a member is no longer required, which readers count on",
            Self::EnumClosed => "an open set of words was closed",
            Self::WordRemoved => "a word was removed from a set",
            Self::WordAdded => "a word was added to a closed set",
            Self::ConstChanged => "a constant changed",
            Self::ObjectClosed => "an object no longer takes further members",
            Self::ConstraintChanged => "a format, pattern or bound changed",
            Self::UnknownKeyword => "a keyword changed that the rules do not know",
        }
    }
}

impl fmt::Display for Break {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} at \"{}\": {}", self.rule, self.pointer, self.rule.as_str())
    }
}

/// The rule that a keyword's change breaks by itself. Types, words, members and a document's identity are compared apart,
/// what only explains is free.
pub(super) fn of_keyword(keyword: &str, old: Option<&Value>, new: Option<&Value>) -> Option<Rule> {
    let is_object = |schema: Option<&Value>| schema.is_some_and(Value::is_object);
    let is_closed = |schema: Option<&Value>| schema == Some(&Value::Bool(false));
    match keyword {
        "title" | "description" | "examples" | "default" | "deprecated" | "$comment" | "$schema" | "$id"
        | "type" | "enum" | "properties" | "required" | "anyOf" | "oneOf" | "$ref" | "$defs" => None,
        "const" => Some(Rule::ConstChanged),
        "additionalProperties" if is_closed(new) => Some(Rule::ObjectClosed),
        "items" | "additionalProperties" => (is_object(old) != is_object(new)).then_some(Rule::Retyped),
        "format" | "pattern" | "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum"
        | "multipleOf" | "minLength" | "maxLength" | "minItems" | "maxItems" | "uniqueItems" => {
            Some(Rule::ConstraintChanged)
        }
        _ => Some(Rule::UnknownKeyword),
    }
}
