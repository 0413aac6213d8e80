//! The data of ratings: the value of a `ratings` change of a page.
//!
//! Source: captured deliveries of the page webhook, of ratings by stars and of the recommendations that followed them.

use super::model::model;
use crate::time::Millis;

model! {
    /// Somebody rated or recommended the page, or commented on a review of it. Source: page webhooks, `ratings`;
    /// real deliveries.
    pub struct Rating {
        /// What it concerns: the review, or a comment on it. Always present.
        pub item: Option<String> = text("item") in ["rating", "comment"],
        /// What happened to it, in the words of a feed's `verb`, such as `add`. Always present.
        pub verb: Option<String> = text("verb"),
        /// Stars, 1 to 5. Present in ratings by stars only, which recommendations have replaced.
        pub rating: Option<u64> = count("rating"),
        /// Whether the page is recommended. Present in recommendations only.
        pub recommendation_type: Option<String> = text("recommendation_type") in ["POSITIVE", "NEGATIVE"],
        /// What the reviewer wrote. Absent where nothing was written.
        pub review_text: Option<String> = words("review_text"),
        /// Who rated, page-scoped; a number. Absent from comments on a review.
        pub reviewer_id: Option<String> = id("reviewer_id"),
        /// The name of who rated. Absent from comments on a review.
        pub reviewer_name: Option<String> = words("reviewer_name"),
        /// The review's own story, which comments are below. Always present.
        pub open_graph_story_id: Option<String> = id("open_graph_story_id"),
        /// The review as a post, `{page}_{review}`. Present with comments on a review.
        pub post_id: Option<String> = id("post_id"),
        /// The comment. Present with comments on a review; null with reviews.
        pub comment_id: Option<String> = id("comment_id"),
        /// Who commented; a number. Present with comments on a review.
        pub sender_id: Option<String> = id("sender_id"),
        /// The name of who commented. Present with comments on a review.
        pub sender_name: Option<String> = words("sender_name"),
        /// What the comment says. Present with comments on a review.
        pub message: Option<String> = words("message"),
        /// When it happened, in seconds. Always present.
        pub created_time: Option<Millis> = millis("created_time"),
    }
}
