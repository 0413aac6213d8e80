//! The alternatives of a schema: what its references and unions come to.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A schema within a document.
#[derive(Clone)]
pub(super) struct At<'a> {
    /// JSON pointer to it.
    pub(super) pointer: String,
    pub(super) schema: &'a Value,
}

/// One of the things that a value may be.
pub(super) struct Alternative<'a> {
    pub(super) at: At<'a>,
    pub(super) role: Role,
    /// The JSON types that it allows; `any` where it does not say.
    pub(super) types: BTreeSet<&'a str>,
}

/// What an alternative is among its siblings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// One of certain words.
    Words,
    /// An object.
    Object,
    /// Any string, among others maybe.
    Text,
    /// A constant, a number, an array, null, …
    Other,
}

/// The alternatives of a schema of `document`.
pub(super) fn all<'a>(document: &'a Value, at: &At<'a>) -> Vec<Alternative<'a>> {
    if let Some(reference) = at.schema.get("$ref").and_then(Value::as_str) {
        let pointer = reference.trim_start_matches('#');
        let target = document.pointer(pointer).map(|schema| At { pointer: pointer.to_owned(), schema });
        return target.map_or_else(Vec::new, |target| all(document, &target));
    }
    for union in ["anyOf", "oneOf"] {
        if let Some(Value::Array(alternatives)) = at.schema.get(union) {
            let each = alternatives.iter().enumerate();
            let each = each
                .map(|(number, schema)| At { pointer: format!("{}/{union}/{number}", at.pointer), schema });
            return each.flat_map(|one| all(document, &one)).collect();
        }
    }
    vec![Alternative::of(at.clone())]
}

/// Each earlier alternative with its counterpart among the later ones, where there is one, and the later ones that are
/// nobody's: no two have the same. What stands at the same place belongs together, the rest in order.
pub(super) fn paired<'s, 'a>(
    before: &'s [Alternative<'a>],
    after: &'s [Alternative<'a>],
) -> (Vec<(&'s Alternative<'a>, Option<&'s Alternative<'a>>)>, Vec<&'s Alternative<'a>>) {
    let mut left: Vec<_> = after.iter().collect();
    let mut found: Vec<Option<&Alternative<'a>>> = vec![None; before.len()];
    for same_place in [true, false] {
        for (earlier, found) in before.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
            let fits = |later: &&Alternative<'a>| {
                later.is_counterpart_of(earlier) && (!same_place || later.at.pointer == earlier.at.pointer)
            };
            *found = left.iter().position(fits).map(|place| left.remove(place));
        }
    }
    (before.iter().zip(found).collect(), left)
}

impl<'a> At<'a> {
    pub(super) fn root(schema: &'a Value) -> Self {
        Self { pointer: String::new(), schema }
    }

    /// The schema that stands in it as the value of `keyword`.
    pub(super) fn member(&self, keyword: &str) -> Option<Self> {
        let schema = self.schema.get(keyword)?;
        Some(Self { pointer: format!("{}/{}", self.pointer, escaped(keyword)), schema })
    }

    /// JSON pointer to what `name` is, or would be, among its `keyword`.
    pub(super) fn pointer_to(&self, keyword: &str, name: &str) -> String {
        format!("{}/{keyword}/{}", self.pointer, escaped(name))
    }

    pub(super) fn keywords(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.schema.as_object().into_iter().flatten().map(|(keyword, _)| keyword.as_str())
    }

    fn listed(&self, keyword: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.schema.get(keyword).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }
}

impl<'a> Alternative<'a> {
    fn of(at: At<'a>) -> Self {
        let types: BTreeSet<&str> = match at.schema.get("type") {
            Some(Value::String(one)) => [one.as_str()].into(),
            Some(_) => at.listed("type").collect(),
            None => ["any"].into(),
        };
        let role = if at.schema.get("enum").is_some() {
            Role::Words
        } else if types.contains("object") {
            Role::Object
        } else if types.contains("string") {
            Role::Text
        } else {
            Role::Other
        };
        Self { at, role, types }
    }

    /// Whether it is, in another version of the schema, what `other` is there.
    fn is_counterpart_of(&self, other: &Self) -> bool {
        self.role == other.role && (self.role != Role::Other || self.types == other.types)
    }

    pub(super) fn properties(&self) -> BTreeMap<&'a str, At<'a>> {
        let properties = self.at.member("properties");
        let named = |properties: At<'a>| {
            let names: Vec<_> = properties.keywords().collect();
            names.into_iter().filter_map(move |name| Some((name, properties.member(name)?)))
        };
        properties.map(named).into_iter().flatten().collect()
    }

    pub(super) fn required(&self) -> BTreeSet<&'a str> {
        self.at.listed("required").collect()
    }

    pub(super) fn words(&self) -> BTreeSet<&'a str> {
        self.at.listed("enum").collect()
    }
}

/// A name as it stands in a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
