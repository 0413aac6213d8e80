//! The answers of a batch, as they are in its body.

use serde::Deserialize;
use std::borrow::Cow;

/// What was answered to one item.
#[derive(Deserialize)]
pub(super) struct AnsweredItem<'a> {
    /// The status; 0 where there is none.
    #[serde(default)]
    pub(super) code: u16,
    #[serde(borrow, default)]
    headers: Option<Vec<Header<'a>>>,
    #[serde(borrow, default)]
    pub(super) body: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    value: Cow<'a, str>,
}

impl<'a> AnsweredItem<'a> {
    /// In the order of the items; nothing for one that Meta did not get to.
    pub(super) fn all(body: &'a [u8]) -> serde_json::Result<Vec<Option<Self>>> {
        serde_json::from_slice(body)
    }

    /// Names and values.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().flatten().map(|header| (&*header.name, &*header.value))
    }
}
