//! What Meta does about an account that breaks its rules.

use super::super::model::model;

model! {
    /// The account was warned, blocked or unblocked. Source: Messenger platform, `messaging_policy_enforcement`.
    pub struct PolicyEnforcement {
        /// What Meta did. Always present.
        pub action: Option<String> = text("action") in ["warning", "block", "unblock"],
        /// Why, in words for people. Absent with `unblock`.
        pub reason: Option<String> = words("reason"),
    }
}
