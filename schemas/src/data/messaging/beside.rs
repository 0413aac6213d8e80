//! What stands beside the main member of a messaging item.

use super::super::model::model;

model! {
    /// One side of a conversation.
    pub struct Party {
        /// The account's id, or the customer's: Instagram-scoped (IGSID) or page-scoped (PSID). A string of
        /// digits; a number in old versions of the API. Absent where `user_ref` stands in for it.
        pub id: Option<String> = id("id"),
        /// Stands in for the id of a visitor whom a plugin on a web site does not know. Present where there is no
        /// `id`. Source: Messenger platform.
        pub user_ref: Option<String> = id("user_ref"),
        /// The customer's user name. Present in some deliveries of Instagram; not documented.
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
    pub struct HopContext {
        /// The app; a number. Always present.
        pub app_id: Option<String> = id("app_id"),
        /// What it left. Always present.
        pub metadata: Option<String> = words("metadata"),
    }
}

model! {
    /// What a visitor was sent before they wrote. Source: Messenger platform.
    pub struct PriorMessage {
        /// Through what it was sent, such as `checkbox_plugin`. Always present.
        pub source: Option<String> = text("source"),
        /// What it was sent to: the `user_ref` of the visitor. Always present.
        pub identifier: Option<String> = words("identifier"),
    }
}
