//! Opt-ins to messages.

use super::super::model::model;
use crate::time::Millis;

model! {
    /// A customer opted in: through a plugin on a web site (`ref`, `user_ref`), or to recurring notifications (type
    /// `notification_messages`). Source: Messenger platform, `messaging_optins`.
    pub struct Optin {
        /// What the plugin or link was set up with. Present for plugins, and for notifications that came from a link.
        pub reference: Option<String> = words("ref"),
        /// Stands in for the visitor of the checkbox plugin, whose item has no sender. Present with that plugin
        /// only.
        pub user_ref: Option<String> = id("user_ref"),
        /// What was opted in to. Absent for plugins.
        pub kind: Option<String> = text("type") in ["notification_messages"],
        /// What the app that asked chose to get back. Present with `notification_messages`.
        pub payload: Option<String> = words("payload"),
        /// The request's title, as the customer saw it. Present with `notification_messages`.
        pub title: Option<String> = words("title"),
        /// What the notifications are sent with: it stands in for the recipient. Present with
        /// `notification_messages`.
        pub notification_messages_token: Option<String> = filled("notification_messages_token"),
        /// The customer's time zone, such as `Europe/Lisbon`. Present with `notification_messages`.
        pub notification_messages_timezone: Option<String> = text("notification_messages_timezone"),
        /// When the token expires, in milliseconds; a number or a string of digits. Present with
        /// `notification_messages`.
        pub token_expiry_timestamp: Option<Millis> = millis("token_expiry_timestamp"),
        /// Whether the customer renewed the token. Present with `notification_messages`.
        pub user_token_status: Option<String> = text("user_token_status") in ["REFRESHED", "NOT_REFRESHED"],
        /// What the customer changed; with a space or an underscore between the words. Absent from the first
        /// opt-in.
        pub notification_messages_status: Option<String> = text("notification_messages_status") in [
            "STOP NOTIFICATIONS", "RESUME NOTIFICATIONS", "STOP_NOTIFICATIONS", "RESUME_NOTIFICATIONS",
        ],
        /// How often notifications may come. Present before version 16 of the API only.
        pub notification_messages_frequency: Option<String> = text("notification_messages_frequency") in [
            "DAILY", "WEEKLY", "MONTHLY",
        ],
        /// What the notifications are about. Present where the request said so.
        pub notification_messages_topic: Option<String> = words("notification_messages_topic"),
        /// Where the customer came from, such as `ADS`. Present where the request came with an ad or link.
        pub source: Option<String> = text("source"),
    }
}
