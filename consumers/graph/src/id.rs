//! An id that may stand in a URL: nothing but digits and underscores.

use std::fmt;

/// The id of an account, a comment or a media in the Graph API.
///
/// Ids come out of webhooks, so they are checked before they go into a URL: one that held a slash, a brace or a query
/// would ask for something else with the account's token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GraphId(String);

/// Meta's ids have up to 17 digits, two of them with an underscore on pages.
const MAX_ID_BYTES: usize = 128;

impl GraphId {
    /// The id, where `text` is `[0-9_]{1,128}`.
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_digit() || byte == b'_';
        let is_id = (1..=MAX_ID_BYTES).contains(&text.len()) && text.bytes().all(allowed);
        is_id.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GraphId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_underscores_are_an_id() {
        for id in ["17841405726653026", "123_456", "0"] {
            assert_eq!(GraphId::parse(id).unwrap().as_str(), id);
        }
    }

    #[test]
    fn what_could_change_a_url_is_no_id() {
        let long = "1".repeat(129);
        for text in ["", "..", "1/2", "1?fields=x", "1){id}", "1%2F", "me", "-1", "1.5", "１７", "1 ", &long]
        {
            assert_eq!(GraphId::parse(text), None, "{text}");
        }
    }
}
