//! A reaction to a message.

use super::super::lenient::text;
use super::model::{filled, model, words};

model! {
    /// A customer's reaction to a message, or its removal. Source: `message_reactions` of Instagram messaging and of
    /// the Messenger platform.
    pub struct Reaction {
        /// The message reacted to.
        pub mid: Option<String> = filled("mid"),
        /// `react` or `unreact`.
        pub action: Option<String> = text("action"),
        /// Its name: `love`, `angry`, `sad`, `wow`, `like`, `laugh`, `smile`, `dislike`, `other`. Absent where it was
        /// removed, mostly; one document has the emoji here.
        pub reaction: Option<String> = words("reaction"),
        /// The emoji. Absent where it was removed, mostly.
        pub emoji: Option<String> = words("emoji"),
    }
}
