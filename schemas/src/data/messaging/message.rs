//! A message, as Meta describes it in all its forms: received, sent, unsent, unsupported; its edits, and reactions to it.

mod attachment;
mod template;

pub use attachment::{Attachment, Coordinates, Payload};
pub use template::{Button, Element, ProductTemplate};

use super::super::model::model;
use super::order::Order;
use super::referral::Referral;
use serde_json::value::RawValue;

model! {
    /// A message, in all its forms: received, sent, unsent, unsupported. Source of all members, where not said
    /// otherwise: Instagram messaging, `messages`.
    pub struct Message {
        /// Meta's id of the message, opaque, 150 to 200 characters on Instagram; the Send API returned the same
        /// for an echo. Always present; absent from some synthetic deliveries.
        pub mid: Option<String> = filled("mid"),
        /// What was written. Present where the message contains text, beside attachments too.
        pub text: Option<String> = words("text"),
        /// Media and shares, in the order sent. Present where there are some.
        pub attachments: Vec<Attachment> = list("attachments"),
        /// The quick reply that was tapped; its title is the text. Present where one was.
        pub quick_reply: Option<QuickReply> = object("quick_reply"),
        /// The message or story that this one answers. Present where it answers one.
        pub reply_to: Option<ReplyTo> = object("reply_to"),
        /// The cart that was sent with it. Present where one stands in the message rather than beside it.
        pub order: Option<Box<Order>> = object("order"),
        /// The ad or shop product that the customer came from. Present in the first message from there.
        pub referral: Option<Box<Referral>> = object("referral"),
        /// Whether the account sent it, from whatever tool. Present in echoes, but Instagram Login does not set it
        /// on all of them.
        pub is_echo: bool = flag("is_echo"),
        /// Whether it was unsent; `mid` is that of the message as it was. Present in unsent messages only.
        pub is_deleted: bool = flag("is_deleted"),
        /// Whether it is of a type that Meta does not deliver: a poll, a shared profile, … Present in such
        /// messages only.
        pub is_unsupported: bool = flag("is_unsupported"),
        /// Whether the account talks to itself. Present together with `is_echo`, in such messages only. Source:
        /// Instagram's page on self messaging.
        pub is_self: bool = flag("is_self"),
        /// The app that sent it; a number. Present in echoes of pages only. Source: Messenger platform.
        pub app_id: Option<String> = id("app_id"),
        /// What the sending app put on it. Present in echoes of pages only, where the app put something. Source:
        /// Messenger platform.
        pub metadata: Option<String> = words("metadata"),
        /// The slash commands in the text, in order. Present where there are some. Source: Messenger platform.
        pub commands: Vec<Command> = list("commands"),
        /// The sticker, beside the attachment that shows it; a number. Present in old deliveries of pages only.
        pub sticker_id: Option<String> = id("sticker_id"),
        /// A sequence number, without a unit. Present in old versions of the API, on pages.
        pub seq: Option<u64> = count("seq"),
        /// What Meta's language processing made of the text. Present for pages that have it switched on. Source:
        /// Messenger platform.
        pub nlp: Option<Box<RawValue>> = raw("nlp"),
        /// The entities that language processing found. Present in old deliveries of pages that had it switched
        /// on.
        pub entities: Option<Box<RawValue>> = raw("entities"),
    }
}

model! {
    /// A slash command in a message.
    pub struct Command {
        /// Its name, without the slash. Always present.
        pub name: Option<String> = words("name"),
    }
}

model! {
    /// A tapped quick reply.
    pub struct QuickReply {
        /// What the app that offered it chose to get back. Always present.
        pub payload: Option<String> = words("payload"),
    }
}

model! {
    /// What a message answers: a message or a story.
    pub struct ReplyTo {
        /// The message that is answered inline. Absent where a story is answered.
        pub mid: Option<String> = filled("mid"),
        /// The story that is answered. Absent where a message is answered.
        pub story: Option<Story> = object("story"),
        /// Whether the answered message is by the one who answers. Present with `mid`, since 2026. Source:
        /// Messenger platform.
        pub is_self_reply: bool = flag("is_self_reply"),
    }
}

model! {
    /// A story, of the account's where it is answered, of the customer's where it mentions the account.
    pub struct Story {
        /// Meta's id of the story. Always present.
        pub id: Option<String> = id("id"),
        /// Where its media is, on Meta's CDN; works for about a day. Always present.
        pub url: Option<String> = filled("url"),
        /// Whom it mentions. Present in a referral that is a story's mention.
        pub mention: Option<StoryMentioned> = object("mention"),
    }
}

model! {
    /// Whom a story mentions.
    pub struct StoryMentioned {
        /// The account. Always present.
        pub page_id: Option<String> = id("page_id"),
    }
}

model! {
    /// A message's new text. Source: `message_edits` of the Messenger platform, `message_edit` of Instagram.
    pub struct MessageEdit {
        /// The edited message. Always present.
        pub mid: Option<String> = filled("mid"),
        /// The text after the edit. Absent where Instagram announces a new message (`num_edit` 0).
        pub text: Option<String> = words("text"),
        /// How often it was edited, up to 5; a number or a string of digits. Instagram sends 0 for new messages,
        /// without text and sender. Always present.
        pub num_edit: Option<u64> = count("num_edit"),
    }
}

model! {
    /// A customer's reaction to a message, or its removal. Source: Instagram messaging and Messenger platform,
    /// `message_reactions`.
    pub struct Reaction {
        /// The message reacted to. Always present.
        pub mid: Option<String> = filled("mid"),
        /// Whether it was made or taken back. Always present.
        pub action: Option<String> = text("action") in ["react", "unreact"],
        /// Its name, or the emoji itself. Absent where it was taken back, mostly.
        pub reaction: Option<String> = words("reaction") in [
            "love", "angry", "sad", "wow", "like", "laugh", "smile", "dislike", "other",
        ],
        /// The emoji. Absent where it was taken back, mostly.
        pub emoji: Option<String> = words("emoji"),
    }
}
