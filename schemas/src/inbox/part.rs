//! The parts of an inbox record that are no message: reactions, postbacks, referrals, carts, opt-ins, receipts, and who may answer.

use serde::{Deserialize, Serialize};

/// A reaction to a message, or its removal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Reaction {
    /// Meta's name of it: `love`, `like`, `laugh`, `wow`, `sad`, `angry`, `smile`, `dislike`, `other`.
    pub name: Option<String>,
    /// The emoji.
    pub emoji: Option<String>,
    /// Meta's id of the message reacted to.
    pub message_id: Option<String>,
}

/// A tap on an icebreaker, a menu item or a template's button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Postback {
    /// What was tapped, as the customer saw it.
    pub title: Option<String>,
    /// What the app that offered it chose to get back. Null on the standby channel.
    pub payload: Option<String>,
    /// Meta's id of the message that the tap made.
    pub message_id: Option<String>,
}

/// Where a customer came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Referral {
    /// What the account put on the link or ad.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// Meta's word for the source: `SHORTLINK`, `IGME-SOURCE-LINK`, `ADS`, `CUSTOMER_CHAT_PLUGIN`, …
    pub source: Option<String>,
    /// Meta's word for what came of it: `OPEN_THREAD`, `LEAD_COMPLETE`, `LEAD_INCOMPLETE`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The ad that was clicked; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad_id: Option<String>,
    /// Title of the ad; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad_title: Option<String>,
    /// The ad's image; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo_url: Option<String>,
    /// A still of the ad's video; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_url: Option<String>,
    /// The post that the ad advertised; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_id: Option<String>,
    /// The shop's or the ad's product; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    /// The flow that the ad started; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<String>,
    /// The page that the chat plugin stands on; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referer_uri: Option<String>,
    /// True where the visitor of the chat plugin is not logged in; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_guest_user: Option<bool>,
    /// What the customer answered in the ad's form; else left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lead: Vec<LeadAnswer>,
}

/// One question of an ad's form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct LeadAnswer {
    /// The question as asked.
    pub question: Option<String>,
    /// The answer as given.
    pub answer: Option<String>,
}

/// A cart that a customer sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Order {
    /// What is in the cart, in order.
    #[serde(default)]
    pub products: Vec<OrderProduct>,
    /// What the customer wrote beside it.
    pub note: Option<String>,
}

/// A product of a cart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct OrderProduct {
    /// Meta's id of the product.
    pub id: Option<String>,
    /// The shop's own id of it.
    pub retailer_id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// The price of one, in units of the currency.
    pub unit_price: Option<f64>,
    /// The currency, ISO 4217.
    pub currency: Option<String>,
    /// How many.
    pub quantity: Option<u64>,
}

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

/// Which messages of the account were read or delivered: those named, or all up to a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Receipt {
    /// Meta's ids of the messages; none where the watermark says all.
    #[serde(default)]
    pub message_ids: Vec<String>,
    /// All messages up to then: RFC 3339 in UTC with milliseconds. Null where Instagram names the one message instead.
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "date-time")))]
    pub watermark: Option<String>,
}

/// The apps between which control of a thread passed, or is to pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Thread {
    /// The app that had control; null where none had, and of `thread.requested`.
    pub previous_owner_app_id: Option<String>,
    /// The app that has control now; null of `thread.requested`.
    pub new_owner_app_id: Option<String>,
    /// The app that asks for control, of `thread.requested`; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_owner_app_id: Option<String>,
    /// What the app says about it.
    pub metadata: Option<String>,
}
