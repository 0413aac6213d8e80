//! The data of feed events: the value of a `feed` change of a page.
//!
//! One shape for all that happens on a page's wall: [`item`](FeedChange::item) says to what, [`verb`](FeedChange::verb)
//! what. Each item has some of the members. Sources: Meta's page webhook reference, and captured deliveries, old and
//! new; of `photo` and `video` of comments, field notes that are public, read in November 2026.

use super::model::model;
use crate::time::Millis;

model! {
    /// A change in a page's feed: `item` says to what, `verb` what. Each item has some of the members. Source:
    /// page webhooks, `feed`; real deliveries, old and new.
    pub struct FeedChange {
        /// What it concerns. Always present.
        pub item: Option<String> = text("item") in [
            "status", "post", "photo", "video", "share", "comment", "reaction", "like", "album", "event",
        ],
        /// What happened to it. Always present.
        pub verb: Option<String> = text("verb") in [
            "add", "edit", "edited", "remove", "delete", "hide", "unhide", "block", "unblock", "mute", "update",
        ],
        /// Who did it. Present since version 2.11 of the API; absent for people whom the app may not see.
        pub from: Option<Actor> = object("from"),
        /// Who did it; a number. Present before version 2.11 of the API only.
        pub sender_id: Option<String> = id("sender_id"),
        /// The name of who did it. Present before version 2.11 of the API only.
        pub sender_name: Option<String> = words("sender_name"),
        /// Who did it; a number. Present in likes before version 2.11 of the API only.
        pub user_id: Option<String> = id("user_id"),
        /// Whose wall it was removed from. Present with comments that were removed, at times.
        pub recipient_id: Option<String> = id("recipient_id"),
        /// The post, `{page}_{post}`. Absent for albums, likes of the page and blocked people.
        pub post_id: Option<String> = id("post_id"),
        /// The comment. Present with the item `comment`, and with reactions to a comment.
        pub comment_id: Option<String> = id("comment_id"),
        /// What a comment or reaction is below: the post, or the comment that is answered. Present with the items
        /// `comment` and `reaction`.
        pub parent_id: Option<String> = id("parent_id"),
        /// What the post that was commented on is like. Present with new comments.
        pub post: Option<Post> = object("post"),
        /// What was written. Absent where there is no text.
        pub message: Option<String> = words("message"),
        /// When it was made, in seconds; of what is edited or removed, when it was made. Always present.
        pub created_time: Option<Millis> = millis("created_time"),
        /// The reaction. Present with the item `reaction` only.
        pub reaction_type: Option<String> = text("reaction_type") in [
            "like", "love", "wow", "haha", "sorry", "anger", "care",
        ],
        /// Where the photo, video or shared page is; what is on Meta's CDN expires. Present with the items
        /// `photo`, `video` and `share`.
        pub link: Option<String> = filled("link"),
        /// Where the photos of a status with several are; they expire. Present with such a status only.
        pub photos: Vec<String> = list("photos"),
        /// The photo. Present with the item `photo`, and with comments that hold one.
        pub photo_id: Option<String> = id("photo_id"),
        /// Where the photo of a comment is; it expires. Present with comments that hold one.
        pub photo: Option<String> = filled("photo"),
        /// Where the film of a comment, or its moving picture, is; it expires. Present with comments that hold one, though not
        /// with all of them.
        pub video: Option<String> = filled("video"),
        /// The video. Present with the item `video` only.
        pub video_id: Option<String> = id("video_id"),
        /// The album. Present with the item `album` only.
        pub album_id: Option<String> = id("album_id"),
        /// The event. Present with the item `event` only.
        pub event_id: Option<String> = id("event_id"),
        /// The share. Present with the item `share` only.
        pub share_id: Option<String> = id("share_id"),
        /// 1 where it is published, 0 where it is not yet. Present with posts, photos and videos.
        pub published: Option<u64> = count("published"),
        /// Whether it is hidden. Present with the verbs `hide` and `unhide`.
        pub is_hidden: bool = flag("is_hidden"),
    }
}

model! {
    /// Somebody, or a page.
    #[derive(PartialEq, Eq)]
    pub struct Actor {
        /// Page-scoped id of a person, or the id of a page. Always present.
        pub id: Option<String> = id("id"),
        /// The name. Always present.
        pub name: Option<String> = words("name"),
    }
}

model! {
    /// A post, beside a comment on it.
    #[derive(PartialEq, Eq)]
    pub struct Post {
        /// Its id, as `post_id`. Always present.
        pub id: Option<String> = id("id"),
        /// Its sort, such as `mobile_status_update` or `added_photos`. Always present.
        pub status_type: Option<String> = text("status_type"),
        /// Whether it is published. Always present.
        pub is_published: bool = flag("is_published"),
        /// When it changed last, ISO 8601 with an offset but without its colon. Always present.
        pub updated_time: Option<String> = text("updated_time"),
        /// Its address on the web. Always present.
        pub permalink_url: Option<String> = filled("permalink_url"),
        /// Whether it is promoted, such as `inactive`. Always present.
        pub promotion_status: Option<String> = text("promotion_status"),
    }
}

impl FeedChange {
    /// The id of who did it, under whichever name it came.
    pub fn actor_id(&self) -> Option<&str> {
        let from = self.from.as_ref().and_then(|from| from.id.as_deref());
        from.or(self.sender_id.as_deref()).or(self.user_id.as_deref())
    }

    /// The name of who did it, under whichever name it came.
    pub fn actor_name(&self) -> Option<&str> {
        let from = self.from.as_ref().and_then(|from| from.name.as_deref());
        from.or(self.sender_name.as_deref())
    }

    /// Whether somebody wrote a comment, rather than changed, hid or removed one, or did something else on the wall.
    pub fn is_new_comment(&self) -> bool {
        self.item.as_deref() == Some("comment") && self.verb.as_deref() == Some("add")
    }

    /// Whether the page `account` itself did it: Meta reports that too.
    pub fn is_own(&self, account: Option<&str>) -> bool {
        self.actor_id().is_some_and(|actor| Some(actor) == account)
    }

    /// The comment that is answered; none of a comment on the post itself, whose parent is the post.
    pub fn answered_comment_id(&self) -> Option<&str> {
        let post = self.post_id.as_deref();
        self.parent_id.as_deref().filter(|parent| Some(*parent) != post)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_did_it_is_found_under_its_three_names() {
        let actor = |json| {
            let change: FeedChange = serde_json::from_str(json).unwrap();
            change.actor_id().map(str::to_owned)
        };
        assert_eq!(actor(r#"{"from":{"id":"1"},"sender_id":2}"#).as_deref(), Some("1"));
        assert_eq!(actor(r#"{"sender_id":2}"#).as_deref(), Some("2"));
        assert_eq!(actor(r#"{"from":null,"user_id":3}"#).as_deref(), Some("3"));
        assert_eq!(actor("{}"), None);
    }

    fn change(json: &str) -> FeedChange {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_name_of_who_did_it_is_found_under_both_of_its_names() {
        let both = change(r#"{"from":{"id":"1","name":"Ann"},"sender_name":"Bob"}"#);
        assert_eq!(both.actor_name(), Some("Ann"));
        assert_eq!(change(r#"{"sender_id":2,"sender_name":"Bob"}"#).actor_name(), Some("Bob"));
        assert_eq!(change("{}").actor_name(), None);
    }

    #[test]
    fn a_new_comment_is_told_from_all_else_on_the_wall() {
        assert!(change(r#"{"item":"comment","verb":"add"}"#).is_new_comment());
        for other in [
            r#"{"item":"comment","verb":"edited"}"#,
            r#"{"item":"comment","verb":"remove"}"#,
            r#"{"item":"comment"}"#,
            r#"{"item":"reaction","verb":"add","comment_id":"1_2"}"#,
            "{}",
        ] {
            assert!(!change(other).is_new_comment(), "{other}");
        }
    }

    #[test]
    fn what_the_page_does_itself_is_told_by_who_did_it() {
        assert!(change(r#"{"from":{"id":"106"}}"#).is_own(Some("106")));
        assert!(change(r#"{"sender_id":106}"#).is_own(Some("106")));
        assert!(!change(r#"{"from":{"id":"609"}}"#).is_own(Some("106")));
        assert!(!change("{}").is_own(None));
    }

    #[test]
    fn a_comment_on_the_post_answers_no_comment() {
        let on_post = change(r#"{"post_id":"106_722","parent_id":"106_722"}"#);
        assert_eq!(on_post.answered_comment_id(), None);
        let reply = change(r#"{"post_id":"106_722","parent_id":"722_983"}"#);
        assert_eq!(reply.answered_comment_id(), Some("722_983"));
        assert_eq!(change(r#"{"post_id":"106_722"}"#).answered_comment_id(), None);
    }
}
