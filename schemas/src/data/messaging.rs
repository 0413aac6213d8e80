//! The data of messaging events: one item of `messaging` or `standby`.
//!
//! The shapes are those of Meta's pages on webhooks for Instagram messaging and for the Messenger platform, and of
//! captured deliveries where these differ. Exactly one main member ([`message`](Messaging::message),
//! [`message_edit`](Messaging::message_edit), …) says what happened; more than one is rare but allowed.

mod beside;
mod checkout;
mod customer;
mod feedback;
mod message;
mod order;
mod policy;
mod receipt;
mod referral;
mod thread;

pub use beside::{HopContext, Party, PriorMessage};
pub use checkout::{Address, Amount, CheckoutUpdate, PaidWith, Payment, PreCheckout, RequestedUserInfo};
pub use customer::{AccountLinking, BrandedCamera, GamePlay, Optin, Postback};
pub use feedback::{FeedbackAnswer, FeedbackScreen, FollowUp, MessagingFeedback, ResponseFeedback};
pub use message::{
    Attachment, Button, Command, Coordinates, Element, Message, MessageEdit, Payload, ProductTemplate,
    QuickReply, Reaction, ReplyTo, Story, StoryMentioned,
};
pub use order::{Order, OrderProduct};
pub use policy::PolicyEnforcement;
pub use receipt::{Delivery, Read};
pub use referral::{AdContext, Lead, LeadAnswer, Product, Referral};
pub use thread::{ThreadControl, ThreadMetadata, ThreadRequest};

use super::model::model;
use crate::participants;
use crate::time::Millis;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

model! {
    // What it mostly does not have takes a pointer each: the whole is passed on from one to another.
    /// One item of `messaging` or `standby`: what happened in a conversation between an account and a customer.
    pub struct Messaging {
        /// Who did it: the customer, or the account for an echo. Absent from Instagram's `message_edit`, mostly,
        /// from `policy_enforcement` and `app_roles`, and for visitors of a web site whom nobody knows yet.
        pub sender: Option<Party> = object("sender"),
        /// To whom: the account, or the customer for an echo. Absent from Instagram's `message_edit`, mostly.
        pub recipient: Option<Party> = object("recipient"),
        /// When it happened, in milliseconds; in seconds with leads, and as a string of seconds from the
        /// dashboard's test button. Absent from Messenger's `delivery`.
        pub timestamp: Option<Millis> = millis("timestamp"),
        /// Whether an account talks to itself, as a developer's test does. Present in such items other than
        /// messages, which say so in `message`. Source: Instagram's page on self messaging.
        pub is_self: bool = flag("is_self"),
        /// A message: received, sent, unsent or not supported. Present in the kinds `message`, `message.echo`,
        /// `message.deleted`, `message.unsupported` and, mostly, `story_mention`.
        pub message: Option<Box<Message>> = object("message"),
        /// A message's new text. Present in the kind `message.edited`.
        pub message_edit: Option<Box<MessageEdit>> = object("message_edit"),
        /// A reaction to a message, or its removal. Present in the kinds `reaction.added` and `reaction.removed`.
        pub reaction: Option<Box<Reaction>> = object("reaction"),
        /// A tap on an icebreaker, a menu item or a template's button. Present in the kind `postback`.
        pub postback: Option<Box<Postback>> = object("postback"),
        /// Where the customer came from. Present in the kind `referral`, beside some messages and postbacks, and
        /// in a `story_mention` that comes as one.
        pub referral: Option<Box<Referral>> = object("referral"),
        /// The answers of a lead form. Present beside a referral of type `LEAD_COMPLETE`, or beside the message
        /// that sums them up. Source: Messenger platform.
        pub lead: Option<Box<Lead>> = object("lead"),
        /// A customer opted in to messages. Present in the kind `optin`.
        pub optin: Option<Box<Optin>> = object("optin"),
        /// A customer linked or unlinked an account. Present in the kind `account_linking`.
        pub account_linking: Option<Box<AccountLinking>> = object("account_linking"),
        /// A customer played a round of an Instant Game. Present in the kind `game_play`.
        pub game_play: Option<Box<GamePlay>> = object("game_play"),
        /// A customer filled in a feedback template. Present in the kind `feedback`.
        pub messaging_feedback: Option<Box<MessagingFeedback>> = object("messaging_feedback"),
        /// A customer rated an answer. Present in the kind `response_feedback`.
        pub response_feedback: Option<Box<ResponseFeedback>> = object("response_feedback"),
        /// A customer sent a cart. Present in the kind `order`, and beside some messages.
        pub order: Option<Box<Order>> = object("order"),
        /// A customer paid with the former (withdrawn) buy button. Present in the kind `payment`.
        pub payment: Option<Box<Payment>> = object("payment"),
        /// A customer chose where the former (withdrawn) buy button sends the goods. Present in the kind `checkout_update`.
        pub checkout_update: Option<Box<CheckoutUpdate>> = object("checkout_update"),
        /// A customer is about to pay with the former (withdrawn) buy button. Present in the kind `pre_checkout`.
        pub pre_checkout: Option<Box<PreCheckout>> = object("pre_checkout"),
        /// A customer did something with an effect of the former (withdrawn) branded camera. Present in the kind
        /// `branded_camera`.
        pub branded_camera: Option<Box<BrandedCamera>> = object("branded_camera"),
        /// Control of the thread passed to another app. Present in the kind `thread.passed`.
        pub pass_thread_control: Option<Box<ThreadControl>> = object("pass_thread_control"),
        /// An app took control of the thread. Present in the kind `thread.taken`.
        pub take_thread_control: Option<Box<ThreadControl>> = object("take_thread_control"),
        /// An app asks for control of the thread. Present in the kind `thread.requested`.
        pub request_thread_control: Option<Box<ThreadRequest>> = object("request_thread_control"),
        /// An app tells the others of the thread something. Present in the kind `thread.metadata`.
        pub pass_thread_metadata: Option<Box<ThreadMetadata>> = object("pass_thread_metadata"),
        /// A customer read messages. Present in the kind `receipt.read`; rarely beside a message.
        pub read: Option<Box<Read>> = object("read"),
        /// Messages reached a customer's device. Present in the kind `receipt.delivered`; rarely beside a message.
        pub delivery: Option<Box<Delivery>> = object("delivery"),
        /// The account was warned, blocked or unblocked. Present in the kind `policy_enforcement`, where
        /// `policy-enforcement` does not stand in for it.
        pub policy_enforcement: Option<Box<PolicyEnforcement>> = object("policy_enforcement"),
        /// The same under the name of older deliveries. Present in the kind `policy_enforcement`, where the other
        /// is absent.
        pub policy_enforcement_old: Option<Box<PolicyEnforcement>> = object("policy-enforcement"),
        /// The roles that apps now have on the account, by app id, such as `primary_receiver`. Present in the kind
        /// `app_roles`.
        pub app_roles: BTreeMap<String, Vec<String>> = lists("app_roles"),
        /// What Meta says of a message's context, verbatim: it sends this since 2026 and describes it nowhere. Present in the
        /// kind `message_context`.
        pub message_context: Option<Box<RawValue>> = raw("message_context"),
        /// What the apps that had the thread before left behind. Present beside a message of a thread that was
        /// passed on. Source: Messenger platform.
        pub hop_context: Vec<HopContext> = list("hop_context"),
        /// What a visitor of a web site was sent before being known. Present beside their first message. Source:
        /// Messenger platform.
        pub prior_message: Option<Box<PriorMessage>> = object("prior_message"),
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
        participants::customer(self.sender_id(), self.recipient_id(), account, is_echo)
    }
}

#[cfg(test)]
mod tests;
