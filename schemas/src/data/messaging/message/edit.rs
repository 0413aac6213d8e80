//! An edit of a message.

use crate::data::model::model;

model! {
    /// A message's new text. Source: `message_edits` of the Messenger platform, `message_edit` of Instagram.
    pub struct MessageEdit {
        /// The edited message. Always present.
        pub mid: Option<String> = filled("mid"),
        /// The text after the edit. Absent where Instagram announces a new message (`num_edit` 0).
        pub text: Option<String> = words("text"),
        /// How often it was edited, up to 5; a number or a string of digits. Instagram sends 0 for new messages,
        /// without text and sender. Always present.
        pub num_edit: Option<u64> = count("num_edit"),
    }
}
