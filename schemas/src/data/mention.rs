//! The data of mention events: the value of a `mentions` change.
//!
//! It holds ids and nothing else; who wrote what, only the Graph API says. Source: Meta's Instagram webhook guide.

use super::model::model;

model! {
    /// Somebody mentioned the account on media of others. It holds ids and nothing else. Source: Instagram
    /// webhooks, `mentions`.
    #[derive(PartialEq, Eq)]
    pub struct Mention {
        /// The media in whose caption, or below which in a comment, the account was mentioned. Always present.
        pub media_id: Option<String> = id("media_id"),
        /// The comment that mentions the account. Absent, or null, where the caption does.
        pub comment_id: Option<String> = id("comment_id"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mention(json: &str) -> Mention {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn ids_are_read_as_strings_and_as_numbers() {
        let strings = mention(r#"{"comment_id":"17894227972186120","media_id":"17918195224117851"}"#);
        assert_eq!(strings, mention(r#"{"comment_id":17894227972186120,"media_id":17918195224117851}"#));
        assert_eq!(strings.comment_id.as_deref(), Some("17894227972186120"));
    }

    #[test]
    fn a_caption_has_no_comment() {
        assert_eq!(mention(r#"{"media_id":"1"}"#).comment_id, None);
        assert_eq!(mention(r#"{"media_id":"1","comment_id":null}"#), mention(r#"{"media_id":"1"}"#));
    }
}
