//! A reaction to a message.

use crate::data::model::model;

model! {
    /// A customer's reaction to a message, or its removal. Source: Instagram messaging and Messenger platform,
    /// `message_reactions`.
    pub struct Reaction {
        /// The message reacted to. Always present.
        pub mid: Option<String> = filled("mid"),
        /// Whether it was made or taken back. Always present.
        pub action: Option<String> = text("action") in ["react", "unreact"],
        /// Its name, or the emoji itself. Absent where it was taken back, mostly.
        pub reaction: Option<String> = words("reaction") in [
            "love", "angry", "sad", "wow", "like", "laugh", "smile", "dislike", "other",
        ],
        /// The emoji. Absent where it was taken back, mostly.
        pub emoji: Option<String> = words("emoji"),
    }
}
