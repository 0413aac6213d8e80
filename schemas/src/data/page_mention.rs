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
