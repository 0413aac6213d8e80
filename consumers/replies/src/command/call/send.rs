//! Calls of the Send API: messages, private replies, sender actions, reactions.
//!
//! Sources: Meta's reference of the Send API and its guides to Instagram messaging.

use super::{Call, words};
use crate::command::members::Members;
use crate::outcome::Cause;
use schemas::reply::{Action, SENDER_ACTIONS};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use weir_graph::{Account, Body};

const CAPITALS: &str = "a word in capitals";
const INNER_TEXT: &str = "message.text";
const OBJECT: &str = "an object of Meta's Send API, beside which there is no text";
/// Longer than any id of a message, and than any reaction, which is counted in characters, as its schema does.
const LONGEST_MID: usize = 512;
const LONGEST_REACTION: usize = 64;
/// Meta's limits to the text of a message: bytes on Instagram, characters on Messenger.
const INSTAGRAM_BYTES: usize = 1_000;
const MESSENGER_CHARACTERS: usize = 2_000;

/// The body of a call.
#[derive(Default, Serialize)]
struct Send {
    recipient: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    messaging_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_action: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Value>,
}

/// The call of an action of the Send API.
pub(super) fn of(action: Action, account: &Account, members: &Members<'_>) -> Result<Call, Cause> {
    let recipient = if action == Action::PrivateReply {
        json!({"comment_id": members.graph_id("comment")?.as_str()})
    } else {
        json!({"id": members.graph_id("to")?.as_str()})
    };
    let nothing = Send { recipient, ..Send::default() };
    let send = match action {
        Action::SenderAction => Send { sender_action: Some(sender_action(members)?), ..nothing },
        Action::Reaction => reaction(members, nothing)?,
        _ => {
            let (messaging_type, tag) = messaging_type(account, members)?;
            let (message, reply_to) = (message(account, members)?, reply_to(members)?);
            Send { messaging_type, tag, message: Some(message), reply_to, ..nothing }
        }
    };
    Ok(Call::post(format!("{}/messages", account.messaging_node()), Body::Json(send.to_json())))
}

impl Send {
    fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a call is made of strings and JSON")
    }
}

/// The message object as it is, or one of the text.
fn message(account: &Account, members: &Members<'_>) -> Result<Box<RawValue>, Cause> {
    let Some(message) = members.get("message") else {
        let text = words(members)?;
        check_text(account, "text", &text)?;
        return Ok(of_text(&text));
    };
    let wrong = || Cause::wrong("message", OBJECT);
    let inner = Members::read(message.get().as_bytes()).map_err(|_| wrong())?;
    inner.once()?;
    if members.get("text").is_some() || inner.named.is_empty() {
        return Err(wrong());
    }
    let within = |cause: Cause| Cause { error: format!("message.{}", cause.error), ..cause };
    if let Some(text) = inner.text("text", "a string").map_err(within)? {
        check_text(account, INNER_TEXT, &text)?;
    }
    Ok(message.to_owned())
}

fn of_text(text: &str) -> Box<RawValue> {
    to_raw_value(&json!({ "text": text })).expect("a string is JSON")
}

/// Meta would refuse a longer text.
fn check_text(account: &Account, member: &'static str, text: &str) -> Result<(), Cause> {
    let (is_too_long, form) = if account.is_instagram() {
        (text.len() > INSTAGRAM_BYTES, "at most 1,000 bytes of UTF-8, as Instagram allows")
    } else {
        (text.chars().count() > MESSENGER_CHARACTERS, "at most 2,000 characters, as Messenger allows")
    };
    if is_too_long { Err(Cause::wrong(member, form)) } else { Ok(()) }
}

fn messaging_type(
    account: &Account,
    members: &Members<'_>,
) -> Result<(Option<String>, Option<String>), Cause> {
    let (named, tag) = (capitals("messaging_type", members)?, capitals("tag", members)?);
    match (named.as_deref(), &tag) {
        (Some("MESSAGE_TAG"), None) => Err(Cause::missing("tag", "a word in capitals, such as HUMAN_AGENT")),
        (Some(named), Some(_)) if named != "MESSAGE_TAG" => {
            Err(Cause::wrong("messaging_type", "MESSAGE_TAG where there is a tag"))
        }
        (Some(_), _) => Ok((named, tag)),
        (None, Some(_)) => Ok((Some(String::from("MESSAGE_TAG")), tag)),
        (None, None) if !account.is_instagram() => Ok((Some(String::from("RESPONSE")), None)),
        (None, None) => Ok((None, None)),
    }
}

fn capitals(member: &'static str, members: &Members<'_>) -> Result<Option<String>, Cause> {
    let is_word = |text: &str| {
        (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    let text = members.text(member, CAPITALS)?;
    if text.as_deref().is_none_or(is_word) { Ok(text) } else { Err(Cause::wrong(member, CAPITALS)) }
}

fn reply_to(members: &Members<'_>) -> Result<Option<Value>, Cause> {
    const FORM: &str = "an object with the mid of a message, and nothing else";
    let Some(reply_to) = members.get("reply_to") else { return Ok(None) };
    let wrong = || Cause::wrong("reply_to", FORM);
    let inner = Members::read(reply_to.get().as_bytes()).map_err(|_| wrong())?;
    inner.once()?;
    let mid = inner.text("mid", FORM).ok().flatten();
    let mid = mid.filter(|mid| is_mid(mid) && inner.named.len() == 1).ok_or_else(wrong)?;
    Ok(Some(json!({ "mid": mid })))
}

fn sender_action(members: &Members<'_>) -> Result<&'static str, Cause> {
    const FORM: &str = "one of typing_on, typing_off, mark_seen";
    let named = members.needed("sender_action", FORM)?;
    let known = SENDER_ACTIONS.into_iter().find(|known| *known == named);
    known.ok_or_else(|| Cause::wrong("sender_action", FORM))
}

fn reaction(members: &Members<'_>, nothing: Send) -> Result<Send, Cause> {
    const MID: &str = "the mid of a message, a string";
    const WORD: &str = "a word such as love, or an emoji";
    let mid = members.needed("message_id", MID)?;
    if !is_mid(&mid) {
        return Err(Cause::wrong("message_id", MID));
    }
    let reaction = members.text("reaction", WORD)?;
    Ok(match reaction {
        None => Send { sender_action: Some("unreact"), payload: Some(json!({"message_id": mid})), ..nothing },
        Some(reaction) if (1..=LONGEST_REACTION).contains(&reaction.chars().count()) => {
            let payload = Some(json!({"message_id": mid, "reaction": reaction}));
            Send { sender_action: Some("react"), payload, ..nothing }
        }
        Some(_) => return Err(Cause::wrong("reaction", WORD)),
    })
}

fn is_mid(mid: &str) -> bool {
    (1..=LONGEST_MID).contains(&mid.len()) && mid.bytes().all(|byte| byte.is_ascii_graphic())
}
