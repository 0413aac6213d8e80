//! What customers do beside writing: taps, opt-ins, linked accounts, games, camera effects.

use super::super::model::model;
use super::referral::Referral;
use crate::time::Millis;

model! {
    /// A tap on an icebreaker, a persistent menu item or a template's button. Source: Instagram messaging and
    /// Messenger platform, `messaging_postbacks`.
    pub struct Postback {
        /// The message that the tap made. Absent before version 11 of the API, and for pages in some versions.
        pub mid: Option<String> = filled("mid"),
        /// What was tapped, as the customer saw it. Always present.
        pub title: Option<String> = words("title"),
        /// What the app that offered it chose to get back. Absent while another app owns the thread.
        pub payload: Option<String> = words("payload"),
        /// Where the customer came from. Present with the first tap of a conversation on pages.
        pub referral: Option<Box<Referral>> = object("referral"),
    }
}

model! {
    /// A customer opted in: through a plugin on a web site (`ref`, `user_ref`), or to recurring notifications (type
    /// `notification_messages`). Source: Messenger platform, `messaging_optins`.
    pub struct Optin {
        /// What the plugin or link was set up with. Present for plugins, and for notifications that came from a link.
        pub reference: Option<String> = words("ref"),
        /// Stands in for the visitor of the checkbox plugin, whose item has no sender. Present with that plugin
        /// only.
        pub user_ref: Option<String> = reference("user_ref"),
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

model! {
    /// A customer linked or unlinked an account. Source: Messenger platform, `messaging_account_linking`.
    pub struct AccountLinking {
        /// What the customer did. Always present.
        pub status: Option<String> = text("status") in ["linked", "unlinked"],
        /// What the business's login passed on to know the customer by. Present with `linked` only.
        pub authorization_code: Option<String> = words("authorization_code"),
    }
}

model! {
    /// A customer played a round of an Instant Game. Source: Messenger platform, `messaging_game_plays`.
    pub struct GamePlay {
        /// The game's app. Always present.
        pub game_id: Option<String> = id("game_id"),
        /// The player, by an id of the game. Always present.
        pub player_id: Option<String> = id("player_id"),
        /// Where it was played. Absent, mostly.
        pub context_type: Option<String> = text("context_type") in ["SOLO", "THREAD", "GROUP"],
        /// The thread or group that it was played in. Present where it was not played alone, at times.
        pub context_id: Option<String> = id("context_id"),
        /// The score, in the game's own points. Present in classic games that report one.
        pub score: Option<i64> = integer("score"),
        /// What the game left for the bot, often JSON in a string. Present in rich games.
        pub payload: Option<String> = words("payload"),
    }
}

model! {
    /// A customer did something with an effect of the branded camera. Source: libraries for the Messenger platform
    /// that read it; Meta has withdrawn the feature and its page.
    pub struct BrandedCamera {
        /// The effects. Always present.
        pub content_ids: Vec<String> = ids("content_ids"),
        /// What the customer did, such as `dismiss`. Always present.
        pub event: Option<String> = text("event"),
    }
}
