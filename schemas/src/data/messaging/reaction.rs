//! A reaction to a message.

use super::super::model::model;

model! {
    /// A customer's reaction to a message, or its removal. Source: `message_reactions` of Instagram messaging and of
    /// the Messenger platform.
    pub struct Reaction {
        /// The message reacted to.
        pub mid: Option<String> = filled("mid"),
        /// Whether it was made or taken back.
        pub action: Option<String> = text("action") in ["react", "unreact"],
        /// Its name. Absent where it was removed, mostly; one document has the emoji here.
        pub reaction: Option<String> = words("reaction") in [
            "love", "angry", "sad", "wow", "like", "laugh", "smile", "dislike", "other",
        ],
        /// The emoji. Absent where it was removed, mostly.
        pub emoji: Option<String> = words("emoji"),
    }
}
