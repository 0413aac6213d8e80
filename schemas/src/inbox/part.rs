//! The parts of an inbox record that are no message: reactions, postbacks, referrals.

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
