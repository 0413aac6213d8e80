//! The opt-in of an inbox record.

use serde::{Deserialize, Serialize};

/// A customer opted in to messages, or out of them again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Optin {
    /// What was opted in to, in Meta's word: `notification_messages`. Null for plugins.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What the plugin or link was set up with.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// What the app that asked chose to get back.
    pub payload: Option<String>,
    /// The request's title, as the customer saw it.
    pub title: Option<String>,
    /// Stands in for the visitor of the checkbox plugin, of whom nothing else is known; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_ref: Option<String>,
    /// What notifications are sent with, in place of the recipient; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// When the token expires: RFC 3339 in UTC with milliseconds; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "date-time")))]
    pub token_expires_at: Option<String>,
    /// Meta's word for whether the customer renewed the token: `REFRESHED`, `NOT_REFRESHED`; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_status: Option<String>,
    /// Meta's words for what the customer changed, joined by `_`: `STOP_NOTIFICATIONS`, `RESUME_NOTIFICATIONS`; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How often notifications may come: `DAILY`, `WEEKLY`, `MONTHLY`; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<String>,
    /// What the notifications are about; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The customer's time zone, such as `Europe/Lisbon`; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Where the customer came from, such as `ADS`; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}
