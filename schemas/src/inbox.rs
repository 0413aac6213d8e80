//! The normalised inbox record: one shape for the messages of all channels, their receipts, and what is said in public.
//!
//! It is a superset of a common normalised format (`platform`, `event`, `from`, `timestamp`, `message.type`, `.body`,
//! `.id`, `.story_id`, `.story_url`, `signature_verified`), with the same names where that has them.
//!
//! Present or not: what every record, message, reaction, … can have is always there, and `null` where Meta does not
//! say it. What only some are about is left out of the others: the parts of a record (`message`, `reaction`,
//! `postback`, …), and those members whose description here ends in "else left out". Ids are always strings.
//! Words of closed sets are read as [`Open`], so that a reader survives words that come later.

mod message;
mod part;
mod public;
mod word;

pub use crate::word::Open;
pub use message::{AsWritten, Attachment, Message, QuickReply, ReplyTo};
pub use part::{LeadAnswer, Optin, Order, OrderProduct, Postback, Reaction, Receipt, Referral, Thread};
pub use public::{Comment, Mention};
pub use word::{Direction, EventName, MessageType, Platform};

use serde::{Deserialize, Serialize};

/// What happened between an account and a customer: the value of an inbox record.
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
    /// Instagram's `message.edited` and in its mentions. Of the `thread.*` events the customer whose thread it is.
    pub from: Option<String>,
    /// To whom: the other of the two; null of a comment of the account's own.
    pub to: Option<String>,
    /// Whether the customer or the account did it. Null where Meta does not tell, and of the `thread.*` events, which are the
    /// doing of apps.
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
    /// Until when the account may answer freely, counted from this event: 24 hours after it, and 7 days with the tag
    /// `HUMAN_AGENT`. RFC 3339 in UTC with milliseconds. Of what a customer did that opens Meta's window: messages, stories'
    /// mentions, carts, postbacks, referrals and reactions; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "date-time")))]
    pub window_ends_at: Option<String>,
    /// The message, of the `message.*` events but the receipts, of `story.mentioned`, and of an `order.received` that came with
    /// one; else left out.
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
    /// The cart, of `order.received`; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// The apps between which control passed, of the `thread.*` events; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Thread>,
    /// What was opted in to, of `optin.received`; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optin: Option<Optin>,
    /// Which messages, of `message.read` and `message.delivered`; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// The comment, of `comment.received`; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
    /// Where the account was mentioned, of `mention.received`; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mention: Option<Mention>,
    /// Whether Meta's signature over the delivery was proven: always true, nothing else is published.
    pub signature_verified: bool,
    /// Whether another app owned the thread when it came: to be seen, not to be answered.
    pub standby: bool,
    /// Whether the dashboard's test button sent it.
    pub test: bool,
}

#[cfg(test)]
mod tests;
