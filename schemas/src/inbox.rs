//! The normalised inbox record: one shape for the messages of all channels.
//!
//! It is a superset of a common normalised format (`platform`, `event`, `from`, `timestamp`, `message.type`, `.body`,
//! `.id`, `.story_id`, `.story_url`, `signature_verified`), with the same names where that has them.
//!
//! Present or not: what every record, message, reaction, … can have is always there, and `null` where Meta does not
//! say it. What only some are about is left out of the others: the four parts of a record (`message`, `reaction`,
//! `postback`, `referral`), and those members whose description here ends in "else left out". Ids are always strings.
//! Words of closed sets are read as [`Open`], so that a reader survives words that come later.

mod attachment;
mod message;
mod part;
mod word;

pub use crate::word::Open;
pub use attachment::Attachment;
pub use message::{Message, QuickReply, ReplyTo};
pub use part::{LeadAnswer, Postback, Reaction, Referral};
pub use word::{Direction, EventName, MessageType, Platform};

use serde::{Deserialize, Serialize};

/// What happened in a conversation between an account and a customer: the value of an inbox record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Record {
    /// Id of the typed event that it was made of, 32 hex digits: the same event always has the same, however often it
    /// is delivered.
    #[cfg_attr(feature = "json-schema", schemars(extend("pattern" = "^[0-9a-f]{32}$")))]
    pub id: String,
    /// The channel, from `metaobject`.
    pub platform: Open<Platform>,
    /// What happened, from the typed event's kind.
    pub event: Open<EventName>,
    /// The account or page whose conversation it is, from `metaaccount`; null where the delivery has none.
    pub account: Option<String>,
    /// Who did it: the customer, or the account for what is `outgoing`. Null where Meta names nobody, as in most of
    /// Instagram's `message.edited`.
    pub from: Option<String>,
    /// To whom: the other of the two.
    pub to: Option<String>,
    /// Whether the customer or the account did it. Null where Meta does not tell.
    pub direction: Option<Open<Direction>>,
    /// When it happened, in whole seconds since 1970; the same instant as `occurred_at`.
    pub timestamp: u64,
    /// When it happened, as Meta says, or else when it was received: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "date-time")))]
    pub occurred_at: String,
    /// When it was received, from `recordedtime`: RFC 3339 in UTC with milliseconds. The links to media in the record worked
    /// then; they expire, most of them within days, so fetch what is to be kept. Null where the typed event does not say.
    #[serde(default)]
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "date-time")))]
    pub received_at: Option<String>,
    /// The message, of the `message.*` events and `story.mentioned`; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// The reaction, of the `reaction.*` events; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaction: Option<Reaction>,
    /// The postback, of `postback.received`; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postback: Option<Postback>,
    /// Where the customer came from, of `referral.received`, and where it stands beside a postback; else left out. That of
    /// a message is in the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<Referral>,
    /// Whether Meta's signature over the delivery was proven: always true, nothing else is published.
    pub signature_verified: bool,
    /// Whether another app owned the thread when it came: to be seen, not to be answered.
    pub standby: bool,
    /// Whether the dashboard's test button sent it.
    pub test: bool,
}

#[cfg(test)]
mod tests;
