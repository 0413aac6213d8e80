//! The data of page mentions: the value of a `mention` change of a page.
//!
//! Source: captured deliveries of the page webhook; Meta's reference names the field alone.

use super::feed::Actor;
use super::model::model;
use crate::time::Millis;

model! {
    /// Somebody mentioned the page in a post or comment. Source: page webhooks, `mention`; real deliveries, since
    /// Meta's reference names the field alone.
    pub struct PageMention {
        /// Where it was mentioned. Always present.
        pub item: Option<String> = text("item") in ["post", "comment"],
        /// What happened, in the words of a feed's `verb`, such as `add`. Always present.
        pub verb: Option<String> = text("verb"),
        /// The post that mentions the page, or that was commented on. Always present.
        pub post_id: Option<String> = id("post_id"),
        /// The comment that mentions the page. Absent where a post does.
        pub comment_id: Option<String> = id("comment_id"),
        /// Who wrote it. Present since version 2.11 of the API; absent for people whom the app may not see.
        pub from: Option<Actor> = object("from"),
        /// Who wrote it; a number. Present before version 2.11 of the API only.
        pub sender_id: Option<String> = id("sender_id"),
        /// The name of who wrote it. Present before version 2.11 of the API only.
        pub sender_name: Option<String> = words("sender_name"),
        /// What was written. Absent where there is no text.
        pub message: Option<String> = words("message"),
        /// When it was written, in seconds. Always present.
        pub created_time: Option<Millis> = millis("created_time"),
    }
}

impl PageMention {
    /// The id of who wrote it, under whichever name it came.
    pub fn actor_id(&self) -> Option<&str> {
        let from = self.from.as_ref().and_then(|from| from.id.as_deref());
        from.or(self.sender_id.as_deref())
    }

    /// The name of who wrote it, under whichever name it came.
    pub fn actor_name(&self) -> Option<&str> {
        let from = self.from.as_ref().and_then(|from| from.name.as_deref());
        from.or(self.sender_name.as_deref())
    }

    /// Whether somebody wrote a mention, rather than changed or removed one.
    pub fn is_new(&self) -> bool {
        self.verb.as_deref() == Some("add")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mention(json: &str) -> PageMention {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn who_wrote_it_is_found_under_both_of_its_names() {
        for json in
            [r#"{"from":{"id":"1","name":"Ann"},"sender_id":2}"#, r#"{"sender_id":1,"sender_name":"Ann"}"#]
        {
            let mention = mention(json);
            assert_eq!((mention.actor_id(), mention.actor_name()), (Some("1"), Some("Ann")), "{json}");
        }
        assert_eq!(mention("{}").actor_id(), None);
    }

    #[test]
    fn a_new_mention_is_told_from_what_is_changed_later() {
        assert!(mention(r#"{"verb":"add"}"#).is_new());
        assert!(!mention(r#"{"verb":"edited"}"#).is_new());
        assert!(!mention("{}").is_new());
    }
}
