//! Handover of threads between apps.
//!
//! Source of all: `messaging_handovers` of the Messenger platform, `messaging_handover` of Instagram. App ids are
//! strings in Meta's tables and numbers in its samples.

use super::super::model::model;

model! {
    /// Control of the thread passed to another app, or was taken by one. Source: Messenger platform,
    /// `messaging_handovers`; Instagram messaging, `messaging_handover`. App ids are strings or numbers.
    pub struct ThreadControl {
        /// The app that had it; null where none had, as in a thread that was idle. Always present.
        pub previous_owner_app_id: Option<String> = id("previous_owner_app_id"),
        /// The app that has it now. Always present.
        pub new_owner_app_id: Option<String> = id("new_owner_app_id"),
        /// What the app that passed or took it says about it. Absent where it says nothing.
        pub metadata: Option<String> = words("metadata"),
    }
}

model! {
    /// An app asks the one that owns the thread for control of it. Source: Messenger platform,
    /// `messaging_handovers`; Instagram messaging, `messaging_handover`.
    pub struct ThreadRequest {
        /// The app that asks; a string or a number. Always present.
        pub requested_owner_app_id: Option<String> = id("requested_owner_app_id"),
        /// What it says about it. Absent, or null, where it says nothing.
        pub metadata: Option<String> = words("metadata"),
    }
}

model! {
    /// An app tells the others of a thread something, without passing control. Source: Messenger platform,
    /// `messaging_handovers`; Instagram messaging, `messaging_handover`.
    pub struct ThreadMetadata {
        /// The app that tells; a string or a number. Always present.
        pub caller_app_id: Option<String> = id("caller_app_id"),
        /// What it tells. Always present.
        pub metadata: Option<String> = words("metadata"),
    }
}
