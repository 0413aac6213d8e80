//! The headers of a record that was read.

use std::ops::Range;

/// Room for the headers that Weir's own records have, a trace's among them.
const INITIAL_CAPACITY: usize = 192;

/// Names and values in their order; a value may be null.
///
/// They lie in one piece of memory, and not in two each: of a record that one thread reads and another drops, each piece costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    bytes: Vec<u8>,
    /// Where each name is, and its value.
    places: Vec<(Range<usize>, Option<Range<usize>>)>,
}

impl Headers {
    /// None yet, with room for so many.
    pub(super) fn with_capacity(count: usize) -> Self {
        Self { bytes: Vec::with_capacity(INITIAL_CAPACITY), places: Vec::with_capacity(count) }
    }

    /// One more, behind the others.
    pub fn push(&mut self, name: &str, value: Option<&[u8]>) {
        let name = self.append(name.as_bytes());
        let value = value.map(|value| self.append(value));
        self.places.push((name, value));
    }

    /// Each with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        let at = |place: &Range<usize>| &self.bytes[place.clone()];
        // A name was text when it came.
        let name = move |place| str::from_utf8(at(place)).unwrap_or_default();
        self.places.iter().map(move |(place, value)| (name(place), value.as_ref().map(at)))
    }

    /// The value of the last of this name.
    pub fn last(&self, name: &str) -> Option<&[u8]> {
        let is_of_name = |place: &Range<usize>| self.bytes[place.clone()] == *name.as_bytes();
        let (_, value) = self.places.iter().rev().find(|(place, _)| is_of_name(place))?;
        value.clone().map(|place| &self.bytes[place])
    }

    fn append(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> FromIterator<(N, Option<V>)> for Headers {
    fn from_iter<T: IntoIterator<Item = (N, Option<V>)>>(headers: T) -> Self {
        headers.into_iter().fold(Self::default(), |mut all, (name, value)| {
            all.push(name.as_ref(), value.as_ref().map(AsRef::as_ref));
            all
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_keep_their_order_and_the_last_of_a_name_counts() {
        let given = [("a", Some("1")), ("null", None), ("a", Some("2")), ("", Some(""))];
        let headers: Headers = given.into_iter().collect();
        assert!(headers.iter().eq(given.map(|(name, value)| (name, value.map(str::as_bytes)))));
        assert_eq!(headers.last("a"), Some(&b"2"[..]));
        assert_eq!(headers.last(""), Some(&b""[..]));
        assert_eq!((headers.last("null"), headers.last("b")), (None, None));
    }
}
