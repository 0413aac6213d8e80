//! Handover of threads between apps.
//!
//! Source of all: `messaging_handovers` of the Messenger platform, `messaging_handover` of Instagram. App ids are
//! strings in Meta's tables and numbers in its samples.

use super::super::model::model;

model! {
    /// Control of the thread passed to another app, or was taken by one.
    #[derive(PartialEq, Eq)]
    pub struct ThreadControl {
        /// The app that had it; null where none had, as in a thread that was idle.
        pub previous_owner_app_id: Option<String> = id("previous_owner_app_id"),
        /// The app that has it now.
        pub new_owner_app_id: Option<String> = id("new_owner_app_id"),
        /// What the app that passed or took it says about it.
        pub metadata: Option<String> = words("metadata"),
    }
}

model! {
    /// An app asks the one that owns the thread for control of it.
    #[derive(PartialEq, Eq)]
    pub struct ThreadRequest {
        /// The app that asks.
        pub requested_owner_app_id: Option<String> = id("requested_owner_app_id"),
        /// What it says about it; may be null.
        pub metadata: Option<String> = words("metadata"),
    }
}

model! {
    /// An app tells the others of a thread something, without passing control.
    #[derive(PartialEq, Eq)]
    pub struct ThreadMetadata {
        /// The app that tells.
        pub caller_app_id: Option<String> = id("caller_app_id"),
        /// What it tells.
        pub metadata: Option<String> = words("metadata"),
    }
}
