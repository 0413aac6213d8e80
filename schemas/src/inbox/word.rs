//! The words of the inbox's sets.

use crate::topic::Topic;
use crate::word::words;

words! {
    /// The channel of a conversation.
    pub enum Platform {
        /// Instagram: Meta's object `instagram`.
        Instagram = "instagram",
        /// Messenger: Meta's object `page`.
        Facebook = "facebook",
    }
}

words! {
    /// What happened.
    pub enum EventName {
        /// A customer sent a message: kinds `message` and `message.unsupported`.
        MessageReceived = "message.received",
        /// The account sent a message, from whatever tool: kind `message.echo`, and all else that the account sent.
        MessageSent = "message.sent",
        /// A message was edited: kind `message.edited`, but for those with `num_edit` 0, which Instagram sends for new messages.
        MessageEdited = "message.edited",
        /// A message was unsent: kind `message.deleted`.
        MessageDeleted = "message.deleted",
        /// A reaction to a message: kind `reaction.added`.
        ReactionAdded = "reaction.added",
        /// A reaction was taken back: kind `reaction.removed`.
        ReactionRemoved = "reaction.removed",
        /// A customer tapped an icebreaker, a menu item or a template's button: kind `postback`. Its direction is
        /// `outgoing` where the account tests itself.
        PostbackReceived = "postback.received",
        /// A customer came through a link or an ad: kind `referral`.
        ReferralReceived = "referral.received",
        /// A customer mentioned the account in a story, however it came: kind `story_mention`, and a `message` to which a story's
        /// mention is attached.
        StoryMentioned = "story.mentioned",
        /// A customer sent a cart: kind `order`, and a `message` that has one in it or beside it.
        OrderReceived = "order.received",
        /// Control of the thread passed to another app: kind `thread.passed`.
        ThreadPassed = "thread.passed",
        /// An app took control of the thread: kind `thread.taken`.
        ThreadTaken = "thread.taken",
        /// An app asks for control of the thread: kind `thread.requested`.
        ThreadRequested = "thread.requested",
        /// A customer opted in to messages, or out again: kind `optin`.
        OptinReceived = "optin.received",
        /// A customer read messages: kind `receipt.read`.
        MessageRead = "message.read",
        /// Messages reached a customer's device: kind `receipt.delivered`.
        MessageDelivered = "message.delivered",
        /// Somebody commented on the account's media, live broadcast or post: kinds `comment` and `comment.live`, and of a page
        /// the kind `feed` where its `item` is `comment` and its `verb` `add`. Its direction is `outgoing` where the account
        /// itself did.
        CommentReceived = "comment.received",
        /// Somebody mentioned the account on media of others: kinds `mention.comment` and `mention.caption`, and of a page the kind
        /// `page_mention` where its `verb` is `add`.
        MentionReceived = "mention.received",
    }
}

impl Platform {
    /// The channel of Meta's `object`; `None` for one whose items have no kinds.
    pub fn of_object(object: &str) -> Option<Self> {
        match object {
            "instagram" => Some(Self::Instagram),
            "page" => Some(Self::Facebook),
            _ => None,
        }
    }
}

impl EventName {
    /// The topic of the records of that name.
    pub const fn topic(self) -> Topic {
        match self {
            Self::MessageRead | Self::MessageDelivered => Topic::InboxReceipts,
            Self::CommentReceived | Self::MentionReceived => Topic::InboxComments,
            _ => Topic::Inbox,
        }
    }
}

words! {
    /// Who did it.
    pub enum Direction {
        /// The customer.
        Incoming = "incoming",
        /// The account.
        Outgoing = "outgoing",
    }
}

words! {
    /// What a message, or an attachment of one, is.
    pub enum MessageType {
        /// Text alone.
        Text = "text",
        /// A picture; Meta's `image`.
        Image = "image",
        /// Meta's `video`.
        Video = "video",
        /// Meta's `audio`.
        Audio = "audio",
        /// Meta's `file`.
        File = "file",
        /// Something shared: Meta's `share`, `media`, `story`, `ig_story`.
        Share = "share",
        /// Meta's `sticker`, and an `image` with a `sticker_id`.
        Sticker = "sticker",
        /// An answer to a story.
        StoryReply = "story_reply",
        /// A story that mentions the account.
        StoryMention = "story_mention",
        /// A shared reel: Meta's `reel`, `ig_reel`.
        Reel = "reel",
        /// A shared post: Meta's `post`, `ig_post`.
        Post = "post",
        /// A heart: Meta's `like_heart`.
        Like = "like",
        /// Media to be seen once, which Meta does not deliver.
        Ephemeral = "ephemeral",
        /// A place.
        Location = "location",
        /// Structured content: a template, a shared product or comment.
        Template = "template",
        /// What the channel shows as a link.
        Fallback = "fallback",
        /// What Meta does not deliver, and attachments of types that have no word here; these keep `meta_type` and
        /// `payload`.
        Unsupported = "unsupported",
    }
}
