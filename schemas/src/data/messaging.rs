//! The data of messaging events: one item of `messaging` or `standby`.
//!
//! The shapes are those of Meta's pages on webhooks for Instagram messaging and for the Messenger platform, and of
//! captured deliveries where these differ. Exactly one main member ([`message`](Messaging::message),
//! [`message_edit`](Messaging::message_edit), …) says what happened; more than one is rare but allowed.

mod attachment;
mod edit;
mod message;
mod model;
mod postback;
mod reaction;
mod referral;

pub use attachment::{Attachment, Coordinates, Payload};
pub use edit::MessageEdit;
pub use message::{Message, QuickReply, ReplyTo, Story};
pub use postback::Postback;
pub use reaction::Reaction;
pub use referral::{AdContext, Lead, LeadAnswer, Product, Referral};

use super::lenient::{flag, id, millis, text};
use crate::participants::Participants;
use crate::time::Millis;
use model::{model, object};
use std::borrow::Cow;

model! {
    /// One item of `messaging` or `standby`: what happened in a conversation between an account and a customer.
    pub struct Messaging {
        /// Who did it: the customer, or the account for an echo. Absent from Instagram's `message_edit` items.
        pub sender: Option<Party> = object("sender"),
        /// To whom: the account, or the customer for an echo. Absent where [`sender`](Self::sender) is.
        pub recipient: Option<Party> = object("recipient"),
        /// When it happened. Meta sends milliseconds, but seconds with leads and a string of seconds in dashboard
        /// tests; absent from Messenger's delivery receipts.
        pub timestamp: Option<Millis> = millis("timestamp"),
        /// Whether an account talks to itself, as a developer's test does; says so for what is no message. Source:
        /// Instagram's page on self messaging.
        pub is_self: bool = flag("is_self"),
        /// A message: received, sent, unsent or not supported.
        pub message: Option<Message> = object("message"),
        /// A message's new text.
        pub message_edit: Option<MessageEdit> = object("message_edit"),
        /// A reaction to a message, or its removal.
        pub reaction: Option<Reaction> = object("reaction"),
        /// A tap on an icebreaker, a menu item or a template's button.
        pub postback: Option<Postback> = object("postback"),
        /// Where the customer came from: alone, or beside a message or postback.
        pub referral: Option<Referral> = object("referral"),
        /// The answers of a lead form, beside a referral of type `LEAD_COMPLETE`. Source: Messenger platform.
        pub lead: Option<Lead> = object("lead"),
    }
}

model! {
    /// One side of a conversation.
    pub struct Party {
        /// The account's id, or the customer's: Instagram-scoped (IGSID) or page-scoped (PSID). Digits, which Meta
        /// sends as a string, and did as a number in old versions.
        pub id: Option<String> = id("id"),
        /// Stands in for the id of a visitor whom a plugin on a web site does not know. Source: Messenger platform.
        pub user_ref: Option<String> = id("user_ref"),
        /// The customer's user name. Not documented; seen in some captured Instagram deliveries.
        pub username: Option<String> = text("username"),
    }
}

impl Party {
    /// The id, or what stands in for it.
    pub fn reference(&self) -> Option<&str> {
        self.id.as_deref().or(self.user_ref.as_deref())
    }
}

impl Messaging {
    /// The id of the sender, or what stands in for it.
    pub fn sender_id(&self) -> Option<&str> {
        self.sender.as_ref()?.reference()
    }

    /// The id of the recipient, or what stands in for it.
    pub fn recipient_id(&self) -> Option<&str> {
        self.recipient.as_ref()?.reference()
    }

    /// The customer: of sender and recipient the one who is not `account`. Where neither is, the recipient of what
    /// was sent (`is_echo`), else the sender. The account itself where both are.
    pub fn customer(&self, account: Option<&str>, is_echo: bool) -> Option<&str> {
        let sides = [self.sender_id(), self.recipient_id()];
        let [sender, recipient] = sides.map(|side| side.map(Cow::Borrowed));
        let participants = Participants { sender, recipient };
        let customer = participants.user(account, is_echo)?;
        sides.into_iter().flatten().find(|side| *side == customer)
    }
}

#[cfg(test)]
mod tests;
