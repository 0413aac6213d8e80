//! The data of page mentions: the value of a `mention` change of a page.
//!
//! Source: captured deliveries of the page webhook; Meta's reference names the field alone.

use super::feed::Actor;
use super::model::model;
use crate::time::Millis;

model! {
    /// Somebody mentioned the page in a post or comment.
    pub struct PageMention {
        /// Where it was mentioned.
        pub item: Option<String> = text("item") in ["post", "comment"],
        /// What happened, in the words of a feed's `verb`; `add` in all captures.
        pub verb: Option<String> = text("verb"),
        /// The post that mentions the page, or that was commented on.
        pub post_id: Option<String> = id("post_id"),
        /// The comment that mentions the page. Absent where a post does.
        pub comment_id: Option<String> = id("comment_id"),
        /// Who wrote it, since version 2.11 of the API. Absent for people whom the app may not see.
        pub from: Option<Actor> = object("from"),
        /// Who wrote it, before version 2.11 of the API.
        pub sender_id: Option<String> = id("sender_id"),
        /// The name of who wrote it, before version 2.11 of the API.
        pub sender_name: Option<String> = words("sender_name"),
        /// What was written.
        pub message: Option<String> = words("message"),
        /// When it was written, in seconds.
        pub created_time: Option<Millis> = millis("created_time"),
    }
}
