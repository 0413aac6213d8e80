//! Messages: received, sent, edited, unsent, and the mentions in stories.

use super::attachment;
use super::part;
use schemas::data::messaging::{self, Lead, Referral, Story};
use schemas::inbox::{Attachment, Message, MessageType, Open, Platform, QuickReply, ReplyTo};

/// `source` of a story's mention that comes as a referral.
const STORY_MENTION: &str = "STORY_MENTION";

/// A message that was received or sent, of whatever type, with the referral and the answers of a form beside it.
pub(super) fn message(
    mut message: messaging::Message,
    beside: Option<Box<Referral>>,
    lead: Option<Box<Lead>>,
    platform: Platform,
) -> Message {
    let is_unsupported = message.is_unsupported;
    let story = message.reply_to.as_mut().and_then(|reply| reply.story.take());
    let referral = message.referral.take().or(beside);
    let mut normalised = base_message(message, platform);
    normalised.referral = referral.map(|referral| part::referral(*referral, lead));
    let kind = if is_unsupported {
        MessageType::Unsupported
    } else if story.is_some() {
        MessageType::StoryReply
    } else {
        message_type(&normalised)
    };
    normalised.kind = Some(kind.into());
    if kind == MessageType::StoryMention {
        normalised.story_url = mention_url(&normalised.attachments);
    }
    if let Some(story) = story {
        set_story(&mut normalised, story);
    }
    normalised
}

/// A story that mentions the account: as an attachment, or as a referral beside it of which the same is made.
pub(super) fn story_mention(
    mut message: messaging::Message,
    mut beside: Option<Box<Referral>>,
    lead: Option<Box<Lead>>,
    platform: Platform,
) -> Message {
    let own = message.referral.take();
    let mut normalised = base_message(message, platform);
    normalised.kind = Some(MessageType::StoryMention.into());
    normalised.story_url = mention_url(&normalised.attachments);
    let mut referred = beside.take_if(|referral| referral.source.as_deref() == Some(STORY_MENTION));
    if let Some(story) = referred.as_mut().and_then(|referral| referral.story.take()) {
        if normalised.attachments.is_empty() {
            normalised.attachments.push(attachment::of_story(&story));
        }
        set_story(&mut normalised, story);
    }
    let referral = referred.or(own).or(beside);
    normalised.referral = referral.map(|referral| part::referral(*referral, lead));
    normalised
}

/// What a message says whatever it is, but for its story and its referral.
fn base_message(message: messaging::Message, platform: Platform) -> Message {
    let reply = message.reply_to.unwrap_or_default();
    Message {
        id: message.mid,
        body: not_empty(message.text),
        attachments: attachment::all(message.attachments, platform),
        // An inline answer; that to a story is told by the story.
        reply_to: reply.mid.map(|mid| ReplyTo { message_id: Some(mid), is_self_reply: reply.is_self_reply }),
        quick_reply: message.quick_reply.map(|tapped| QuickReply { payload: tapped.payload }),
        app_id: message.app_id,
        metadata: not_empty(message.metadata),
        ..Message::default()
    }
}

/// An edit: the message with its new text.
pub(super) fn edited(edit: messaging::MessageEdit) -> Message {
    let body = not_empty(edit.text);
    Message {
        kind: body.as_ref().map(|_| MessageType::Text.into()),
        id: edit.mid,
        body,
        num_edit: edit.num_edit,
        ..Message::default()
    }
}

/// An unsent message: its id, whatever else Meta may still say of it.
pub(super) fn deleted(message: messaging::Message) -> Message {
    Message { id: message.mid, ..Message::default() }
}

/// What a message is that Meta passes on and that answers no story: what it carries before its text.
fn message_type(normalised: &Message) -> MessageType {
    let story_mention = MessageType::StoryMention.into();
    if normalised.attachments.iter().any(|attachment| attachment.kind == story_mention) {
        return MessageType::StoryMention;
    }
    let known = normalised.attachments.iter().find_map(|attachment| match attachment.kind {
        Open::Known(MessageType::Unsupported) | Open::Other(_) => None,
        Open::Known(kind) => Some(kind),
    });
    let text = normalised.body.as_ref().map(|_| MessageType::Text);
    known.or(text).unwrap_or(MessageType::Unsupported)
}

fn set_story(message: &mut Message, story: Story) {
    message.story_id = story.id;
    message.story_url = story.url;
    message.mentioned_id = story.mention.and_then(|mention| mention.page_id);
}

fn mention_url(attachments: &[Attachment]) -> Option<String> {
    let mention =
        attachments.iter().find(|attachment| attachment.kind == MessageType::StoryMention.into())?;
    mention.url.clone()
}

pub(super) fn not_empty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}
