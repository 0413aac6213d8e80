//! The data of comment events: the value of a `comments` or `live_comments` change.
//!
//! Sources: Meta's Instagram webhook reference and its examples; real deliveries, which leave out `text` for comments
//! of media alone and `media.id` for albums.

use super::model::model;
use crate::time::Millis;

model! {
    /// Somebody commented on the account's media or live broadcast. Source: Instagram webhooks, `comments` and
    /// `live_comments`.
    #[derive(PartialEq, Eq)]
    pub struct Comment {
        /// The comment's id. Present, but where `comment_id` stands in for it.
        pub id: Option<String> = id("id"),
        /// The comment's id, where `id` is absent: Meta's examples have it under this name.
        pub comment_id: Option<String> = id("comment_id"),
        /// What was written. Absent for comments that are media alone, such as a GIF.
        pub text: Option<String> = words("text"),
        /// Who wrote it. Always present.
        pub from: Option<Author> = object("from"),
        /// What was commented on. Absent for comments on an album, whose media only the Graph API names.
        pub media: Option<CommentedMedia> = object("media"),
        /// The media's id outside of `media`. Absent from what Meta itself sends; present where a relay adds it.
        pub media_id: Option<String> = id("media_id"),
        /// The comment that this one answers. Present in replies only.
        pub parent_id: Option<String> = id("parent_id"),
        /// When it was written, in seconds or milliseconds. Absent from what Meta itself sends, which is dated by
        /// the entry; present where a relay adds it.
        pub timestamp: Option<Millis> = millis("timestamp"),
        /// The caption of the media. Absent from what Meta itself sends; present where a relay adds it.
        pub caption: Option<String> = words("caption"),
    }
}

model! {
    /// Who wrote a comment.
    #[derive(PartialEq, Eq)]
    pub struct Author {
        /// Instagram-scoped id of the author; the account's own id in its own comments. Always present.
        pub id: Option<String> = id("id"),
        /// The author's name on Instagram. Always present.
        pub username: Option<String> = words("username"),
        /// The account's Instagram-scoped id. Present in the account's own comments only, so that an app does not
        /// answer itself.
        pub self_ig_scoped_id: Option<String> = id("self_ig_scoped_id"),
    }
}

model! {
    /// What was commented on.
    #[derive(PartialEq, Eq)]
    pub struct CommentedMedia {
        /// The media's id; for an ad it is the ad's own media. Always present.
        pub id: Option<String> = id("id"),
        /// Where the media is shown. Always present.
        pub media_product_type: Option<String> = text("media_product_type") in [
            "FEED", "REELS", "STORY", "AD", "LIVE",
        ],
        /// The ad's id. Present in comments on ads only.
        pub ad_id: Option<String> = id("ad_id"),
        /// The ad's title. Present in comments on ads only.
        pub ad_title: Option<String> = words("ad_title"),
        /// The post that was made an ad of. Present in comments on boosted posts only.
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
