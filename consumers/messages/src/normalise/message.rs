//! Messages: received, sent, edited, unsent, and the mentions in stories.

use super::attachment;
use super::part;
use schemas::data::messaging::{self, Messaging, Story};
use schemas::inbox::{Attachment, Message, MessageType, Open, Platform, QuickReply, ReplyTo};

/// `source` of a story's mention that comes as a referral.
const STORY_MENTION: &str = "STORY_MENTION";

/// A message that was received or sent, of whatever type.
pub(super) fn message(item: &Messaging, message: &messaging::Message, platform: Platform) -> Message {
    let story = message.reply_to.as_ref().and_then(|reply| reply.story.as_ref());
    let referral = message.referral.as_ref().or(item.referral.as_ref());
    let mut normalised = Message {
        id: message.mid.clone(),
        body: not_empty(message.text.as_ref()),
        attachments: attachment::all(&message.attachments, platform),
        reply_to: message.reply_to.as_ref().and_then(reply_to),
        quick_reply: message
            .quick_reply
            .as_ref()
            .map(|tapped| QuickReply { payload: tapped.payload.clone() }),
        referral: referral.map(|referral| part::referral(referral, item.lead.as_ref())),
        app_id: message.app_id.clone(),
        metadata: not_empty(message.metadata.as_ref()),
        ..Message::default()
    };
    let kind = message_type(message, &normalised);
    normalised.kind = Some(kind.into());
    if kind == MessageType::StoryMention {
        normalised.story_url = mention_url(&normalised.attachments);
    }
    if let Some(story) = story {
        set_story(&mut normalised, story);
    }
    normalised
}

/// A story that mentions the account: as an attachment, or as a referral of which the same is made.
pub(super) fn story_mention(item: &Messaging, platform: Platform) -> Message {
    let message = item.message.clone().unwrap_or_default();
    let mut normalised = Message {
        kind: Some(MessageType::StoryMention.into()),
        id: message.mid,
        body: not_empty(message.text.as_ref()),
        attachments: attachment::all(&message.attachments, platform),
        ..Message::default()
    };
    normalised.story_url = mention_url(&normalised.attachments);
    let beside = item.referral.as_ref();
    let referred = beside.filter(|referral| referral.source.as_deref() == Some(STORY_MENTION));
    let referral = referred.or(message.referral.as_ref()).or(beside);
    normalised.referral = referral.map(|referral| part::referral(referral, item.lead.as_ref()));
    if let Some(story) = referred.and_then(|referral| referral.story.as_ref()) {
        set_story(&mut normalised, story);
        if normalised.attachments.is_empty() {
            normalised.attachments.push(attachment::of_story(story));
        }
    }
    normalised
}

/// An edit: the message with its new text.
pub(super) fn edited(edit: &messaging::MessageEdit) -> Message {
    let body = not_empty(edit.text.as_ref());
    Message {
        kind: body.as_ref().map(|_| MessageType::Text.into()),
        id: edit.mid.clone(),
        body,
        num_edit: edit.num_edit,
        ..Message::default()
    }
}

/// An unsent message: its id, whatever else Meta may still say of it.
pub(super) fn deleted(message: &messaging::Message) -> Message {
    Message { id: message.mid.clone(), ..Message::default() }
}

/// What a message is: the answer to a story before what it carries, and that before its text.
fn message_type(message: &messaging::Message, normalised: &Message) -> MessageType {
    if message.is_unsupported {
        return MessageType::Unsupported;
    }
    if message.reply_to.as_ref().is_some_and(|reply| reply.story.is_some()) {
        return MessageType::StoryReply;
    }
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

fn set_story(message: &mut Message, story: &Story) {
    message.story_id.clone_from(&story.id);
    message.story_url.clone_from(&story.url);
    message.mentioned_id = story.mention.as_ref().and_then(|mention| mention.page_id.clone());
}

fn mention_url(attachments: &[Attachment]) -> Option<String> {
    let mention =
        attachments.iter().find(|attachment| attachment.kind == MessageType::StoryMention.into())?;
    mention.url.clone()
}

/// An inline answer; that to a story is told by the story.
fn reply_to(reply: &messaging::ReplyTo) -> Option<ReplyTo> {
    let message_id = Some(reply.mid.clone()?);
    Some(ReplyTo { message_id, is_self_reply: reply.is_self_reply })
}

fn not_empty(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}
