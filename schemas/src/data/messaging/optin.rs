//! Opt-ins to messages.

use super::super::model::model;
use crate::time::Millis;

model! {
    /// A customer opted in: through a plugin on a web site (`ref`, `user_ref`), or to recurring notifications (type
    /// `notification_messages`). Source: Messenger platform, `messaging_optins`.
    pub struct Optin {
        /// What the plugin or link was set up with. Present for plugins, and for notifications that came from a link.
        pub reference: Option<String> = words("ref"),
        /// Stands in for the visitor of the checkbox plugin, whose item has no sender.
        pub user_ref: Option<String> = id("user_ref"),
        /// What was opted in to. Absent for plugins.
        pub kind: Option<String> = text("type") in ["notification_messages"],
        /// What the app that asked chose to get back.
        pub payload: Option<String> = words("payload"),
        /// The request's title, as the customer saw it.
        pub title: Option<String> = words("title"),
        /// What the notifications are sent with: it stands in for the recipient.
        pub notification_messages_token: Option<String> = filled("notification_messages_token"),
        /// The customer's time zone, such as `Europe/Lisbon`.
        pub notification_messages_timezone: Option<String> = text("notification_messages_timezone"),
        /// When the token expires, in milliseconds. A number in captures, a string in Meta's reference.
        pub token_expiry_timestamp: Option<Millis> = millis("token_expiry_timestamp"),
        /// Whether the customer renewed the token.
        pub user_token_status: Option<String> = text("user_token_status") in ["REFRESHED", "NOT_REFRESHED"],
        /// What the customer changed. Absent with the first opt-in. With a space in Meta's reference, with an underscore
        /// in captures.
        pub notification_messages_status: Option<String> = text("notification_messages_status") in [
            "STOP NOTIFICATIONS", "RESUME NOTIFICATIONS", "STOP_NOTIFICATIONS", "RESUME_NOTIFICATIONS",
        ],
        /// How often notifications may come; before version 16 of the API only.
        pub notification_messages_frequency: Option<String> = text("notification_messages_frequency") in [
            "DAILY", "WEEKLY", "MONTHLY",
        ],
        /// What the notifications are about, where the request said so.
        pub notification_messages_topic: Option<String> = words("notification_messages_topic"),
        /// Where the customer came from, such as `ADS`.
        pub source: Option<String> = text("source"),
    }
}
