//! The data of comment events: the value of a `comments` or `live_comments` change.
//!
//! Sources: Meta's Instagram webhook reference and its examples; real deliveries, which leave out `text` for comments
//! of media alone and `media.id` for albums.

use super::model::model;
use crate::time::Millis;

model! {
    /// Somebody commented on the account's media. Covers the kinds `comment` and `comment.live`.
    #[derive(PartialEq, Eq)]
    pub struct Comment {
        /// The comment's id (reference). Absent where `comment_id` stands in for it.
        pub id: Option<String> = id("id"),
        /// The comment's id under the name that Meta's webhook examples give it.
        pub comment_id: Option<String> = id("comment_id"),
        /// What was written (reference). Absent for comments that are media alone, such as a GIF.
        pub text: Option<String> = words("text"),
        /// Who wrote it (reference).
        pub from: Option<Author> = object("from"),
        /// What was commented on (reference). Absent for comments on an album, whose media only the Graph API names.
        pub media: Option<CommentedMedia> = object("media"),
        /// The media's id outside of `media`, as relays send it.
        pub media_id: Option<String> = id("media_id"),
        /// The comment that this one answers (reference). Present in replies only.
        pub parent_id: Option<String> = id("parent_id"),
        /// When it was written; some relays add it. Meta itself gives the time of the entry alone.
        pub timestamp: Option<Millis> = millis("timestamp"),
        /// The caption of the media; some relays add it.
        pub caption: Option<String> = words("caption"),
    }
}

model! {
    /// Who wrote a comment.
    #[derive(PartialEq, Eq)]
    pub struct Author {
        /// Instagram-scoped id of the author (reference); the account's own id in its own comments.
        pub id: Option<String> = id("id"),
        /// The author's name on Instagram (reference).
        pub username: Option<String> = words("username"),
        /// The account's Instagram-scoped id (reference). Present in the account's own comments only, so that an app
        /// does not answer itself.
        pub self_ig_scoped_id: Option<String> = id("self_ig_scoped_id"),
    }
}

model! {
    /// What was commented on.
    #[derive(PartialEq, Eq)]
    pub struct CommentedMedia {
        /// The media's id (reference). For an ad it is the ad's own media.
        pub id: Option<String> = id("id"),
        /// Where the media is shown (reference).
        pub media_product_type: Option<String> = text("media_product_type") in [
            "FEED", "REELS", "STORY", "AD", "LIVE",
        ],
        /// The ad's id (reference). Present in comments on ads only.
        pub ad_id: Option<String> = id("ad_id"),
        /// The ad's title (reference). Present in comments on ads only.
        pub ad_title: Option<String> = words("ad_title"),
        /// The post that was made an ad of (reference). Present in comments on boosted posts only.
        pub original_media_id: Option<String> = id("original_media_id"),
    }
}

impl Comment {
    /// The comment's id, under whichever name it came.
    pub fn any_id(&self) -> Option<&str> {
        self.id.as_deref().or(self.comment_id.as_deref())
    }

    /// The id of what was commented on, wherever it stood.
    pub fn any_media_id(&self) -> Option<&str> {
        self.media.as_ref().and_then(|media| media.id.as_deref()).or(self.media_id.as_deref())
    }

    /// Whether `account` itself wrote the comment: Meta reports those too.
    pub fn is_own(&self, account: Option<&str>) -> bool {
        self.from.as_ref().is_some_and(|author| {
            author.self_ig_scoped_id.is_some() || (author.id.is_some() && author.id.as_deref() == account)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(json: &str) -> Comment {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_comment_is_read_under_both_names_of_its_id() {
        assert_eq!(comment(r#"{"id":"17","comment_id":"18"}"#).any_id(), Some("17"));
        assert_eq!(comment(r#"{"id":"","comment_id":18}"#).any_id(), Some("18"));
        assert_eq!(comment("{}").any_id(), None);
    }

    #[test]
    fn media_is_found_inside_and_outside_of_its_object() {
        let inside = comment(r#"{"media":{"id":"1","media_product_type":"FEED"},"media_id":"2"}"#);
        assert_eq!(inside.any_media_id(), Some("1"));
        assert_eq!(comment(r#"{"media":"x","media_id":"2"}"#).any_media_id(), Some("2"));
    }

    #[test]
    fn an_own_comment_is_told_by_its_author() {
        assert!(comment(r#"{"from":{"id":"1784"}}"#).is_own(Some("1784")));
        assert!(comment(r#"{"from":{"id":"99","self_ig_scoped_id":"55"}}"#).is_own(Some("1784")));
        assert!(!comment(r#"{"from":{"id":"99"}}"#).is_own(Some("1784")));
        assert!(!comment(r#"{"from":{}}"#).is_own(None));
        assert!(!comment("{}").is_own(None));
    }

    #[test]
    fn members_of_other_types_count_as_absent() {
        let odd = comment(
            r#"{"id":{},"text":[1],"from":"ann","media":7,"parent_id":null,"timestamp":"soon","new":1}"#,
        );
        assert_eq!(odd, Comment::default());
    }
}
