//! JSON as it is written: member order, spacing, escapes and members given twice are kept.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

#[derive(Clone, Debug)]
pub(crate) enum Json {
    /// A string with its quotes, a number, `true`, `false` or `null`, as written.
    Scalar(String),
    Array(Vec<Self>),
    /// Members with their names as written, without quotes.
    Object(Vec<(String, Self)>),
}

impl Json {
    pub(crate) fn scalar(text: &str) -> Self {
        Self::Scalar(text.to_owned())
    }

    /// The elements of an array, the one element of anything else.
    pub(crate) fn into_elements(self) -> Vec<Self> {
        match self {
            Self::Array(elements) => elements,
            other => vec![other],
        }
    }

    /// The text, with `space` between all tokens.
    pub(crate) fn write(&self, space: &str) -> String {
        let mut text = String::new();
        self.append(space, &mut text);
        text
    }

    fn append(&self, space: &str, text: &mut String) {
        match self {
            Self::Scalar(scalar) => text.push_str(scalar),
            Self::Array(elements) => {
                list(text, space, ('[', ']'), elements, |element, text| element.append(space, text));
            }
            Self::Object(members) => list(text, space, ('{', '}'), members, |(name, value), text| {
                text.extend(["\"", name, "\"", space, ":", space]);
                value.append(space, text);
            }),
        }
    }

    /// The same JSON with the members of every object in another order.
    pub(crate) fn reordered(&self, seed: u64) -> Self {
        match self {
            Self::Scalar(_) => self.clone(),
            Self::Array(elements) => {
                Self::Array(elements.iter().map(|element| element.reordered(seed)).collect())
            }
            Self::Object(members) => {
                let mut members: Vec<_> =
                    members.iter().map(|(name, value)| (name.clone(), value.reordered(seed))).collect();
                members.sort_by_cached_key(|(name, _)| place(seed, name));
                Self::Object(members)
            }
        }
    }

    /// The same JSON without the second and later ones of members of one name.
    pub(crate) fn without_doubles(self) -> Self {
        match self {
            Self::Scalar(_) => self,
            Self::Array(elements) => Self::Array(elements.into_iter().map(Self::without_doubles).collect()),
            Self::Object(mut members) => {
                let mut seen = HashSet::new();
                members.retain(|(name, _)| seen.insert(unescaped(name)));
                Self::Object(
                    members.into_iter().map(|(name, value)| (name, value.without_doubles())).collect(),
                )
            }
        }
    }
}

fn list<T>(
    text: &mut String,
    space: &str,
    (open, close): (char, char),
    items: &[T],
    append: impl Fn(&T, &mut String),
) {
    text.push(open);
    for (at, item) in items.iter().enumerate() {
        text.push_str(if at == 0 { space } else { "," });
        if at > 0 {
            text.push_str(space);
        }
        append(item, text);
        text.push_str(space);
    }
    text.push(close);
}

fn place(seed: u64, name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, name).hash(&mut hasher);
    hasher.finish()
}

fn unescaped(name: &str) -> String {
    serde_json::from_str(&format!("\"{name}\"")).unwrap_or_else(|_| name.to_owned())
}
