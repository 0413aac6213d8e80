//! What stands beside the main member of a messaging item.

use super::super::model::model;

model! {
    /// One side of a conversation.
    pub struct Party {
        /// The account's id, or the customer's: Instagram-scoped (IGSID) or page-scoped (PSID). Digits, which Meta
        /// sends as a string, and did as a number in old versions.
        pub id: Option<String> = id("id"),
        /// Stands in for the id of a visitor whom a plugin on a web site does not know. Source: Messenger platform.
        pub user_ref: Option<String> = id("user_ref"),
        /// The customer's user name. Not documented; seen in some captured Instagram deliveries.
        pub username: Option<String> = text("username"),
    }
}

impl Party {
    /// The id, or what stands in for it.
    pub fn reference(&self) -> Option<&str> {
        self.id.as_deref().or(self.user_ref.as_deref())
    }
}

model! {
    /// What an app that had the thread before left behind. Source: Messenger platform.
    #[derive(PartialEq, Eq)]
    pub struct HopContext {
        /// The app; a number.
        pub app_id: Option<String> = id("app_id"),
        /// What it left.
        pub metadata: Option<String> = words("metadata"),
    }
}

model! {
    /// What a visitor was sent before they wrote. Source: Messenger platform.
    #[derive(PartialEq, Eq)]
    pub struct PriorMessage {
        /// Through what it was sent, such as `checkbox_plugin`.
        pub source: Option<String> = text("source"),
        /// What it was sent to: the `user_ref` of the visitor.
        pub identifier: Option<String> = words("identifier"),
    }
}
