//! What is asked of the Graph API: the calls, and the fields that each asks for.
//!
//! Sources: Meta's Instagram webhook guide (the two edges of mentions), the Instagram Graph API's reference (comment and
//! media). A field that a node does not have fails the whole call with code 100, so only documented ones are here.

use crate::profiles::Customer;
use serde::Deserialize;
use serde_json::value::RawValue;
use weir_graph::GraphId;

/// One read of the Graph API in the name of an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    /// The comment of somebody else that mentions the account, with the media below which it stands.
    MentionedComment(GraphId),
    /// The media of somebody else whose caption mentions the account.
    MentionedMedia(GraphId),
    /// A comment on the account's own media, with that media, which webhooks do not name for albums.
    Comment(GraphId),
}

/// How much of a comment's media is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// All that is documented.
    Whole,
    /// Its id, since the rest is known.
    Id,
}

/// Fields of a media. One that does not apply is left out of the answer: reels have no `media_url`.
const MEDIA: &str =
    "id,caption,media_type,media_product_type,permalink,media_url,thumbnail_url,username,timestamp";
/// Fields of a mentioning comment beside its media. The author comes as `username` alone, never with an id.
const MENTIONING: &str = "id,text,timestamp,username,like_count";
/// Fields of a comment on own media, beside that media.
const COMMENT: &str = "id,text,timestamp,from{id,username},username,hidden,like_count,parent_id";

/// The parts of an answer that tell what it is, or hold media.
#[derive(Default, Deserialize)]
struct Parts<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    media: Option<&'a RawValue>,
    #[serde(borrow, default)]
    mentioned_comment: Option<&'a RawValue>,
    #[serde(borrow, default)]
    mentioned_media: Option<&'a RawValue>,
}

impl<'a> Parts<'a> {
    fn of(value: &'a RawValue) -> Self {
        serde_json::from_str(value.get()).unwrap_or_default()
    }
}

/// What is asked for, by which Meta's answer is told from what anything else says in its place, such as a gateway or a firewall.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    Call(Call),
    Profile(Customer),
}

impl Wanted {
    /// Whether an object with a 2xx is the answer.
    pub(crate) fn is_answered_by(&self, answer: &RawValue) -> bool {
        match self {
            Self::Call(call) => call.is_answered_by(answer),
            Self::Profile(customer) => customer.is_answered_by(answer),
        }
    }
}

/// Whether an id of an answer is the one that was asked for.
pub(crate) fn is_id(id: &RawValue, asked: &GraphId) -> bool {
    id.get().trim_matches('"') == asked.as_str()
}

impl Call {
    /// Path and query under the host, readable, as Meta's batch calls take it as `relative_url`: no token, not percent-encoded.
    pub(crate) fn relative_url(&self, account: &GraphId, version: &str, detail: Detail) -> String {
        let media = if detail == Detail::Whole { MEDIA } else { "id" };
        match self {
            Self::MentionedComment(comment) => format!(
                "{version}/{account}?fields=mentioned_comment.comment_id({comment}){{{MENTIONING},media{{{media}}}}}"
            ),
            Self::MentionedMedia(media) => {
                format!("{version}/{account}?fields=mentioned_media.media_id({media}){{{MEDIA}}}")
            }
            Self::Comment(comment) => format!("{version}/{comment}?fields={COMMENT},media{{{media}}}"),
        }
    }

    /// Whether an object is Meta's answer to this call: it names the comment that was asked for, or the account that was asked, of which
    /// Meta may know another id, and within it no other mention than this one.
    ///
    /// A comment has one id here: `legacy_instagram_comment_id` is that of the Marketing API's endpoints up to v21.0, of which no webhook
    /// tells (Meta's references of IG Comment and of Instagram's webhooks, November 2026).
    fn is_answered_by(&self, answer: &RawValue) -> bool {
        let parts = Parts::of(answer);
        let names_no_other = |part: Option<&RawValue>, asked| {
            part.and_then(|part| Parts::of(part).id).is_none_or(|id| is_id(id, asked))
        };
        match self {
            Self::MentionedComment(comment) => {
                parts.id.is_some() && names_no_other(parts.mentioned_comment, comment)
            }
            Self::MentionedMedia(media) => parts.id.is_some() && names_no_other(parts.mentioned_media, media),
            Self::Comment(comment) => parts.id.is_some_and(|id| is_id(id, comment)),
        }
    }

    /// Whether an answer has what was asked for: Meta leaves out what is not there, or not for this token.
    pub(crate) fn is_found_in(&self, answer: &RawValue) -> bool {
        match self {
            Self::MentionedComment(_) => Parts::of(answer).mentioned_comment.is_some(),
            Self::MentionedMedia(_) => Parts::of(answer).mentioned_media.is_some(),
            Self::Comment(_) => true,
        }
    }

    /// What the answer to this call says of media, verbatim, where that was asked for as a whole; of a mention in a caption all that it
    /// says.
    pub(crate) fn media_of<'a>(&self, answer: &'a RawValue) -> Option<&'a RawValue> {
        match self {
            Self::MentionedComment(_) => Parts::of(Parts::of(answer).mentioned_comment?).media,
            Self::MentionedMedia(_) => Some(answer),
            Self::Comment(_) => Parts::of(answer).media,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> GraphId {
        GraphId::parse(text).unwrap()
    }

    #[test]
    fn a_mention_in_a_comment_is_asked_of_the_account() {
        let call = Call::MentionedComment(id("1789"));
        assert_eq!(
            call.relative_url(&id("1784"), "v26.0", Detail::Whole),
            "v26.0/1784?fields=mentioned_comment.comment_id(1789){id,text,timestamp,username,like_count,\
             media{id,caption,media_type,media_product_type,permalink,media_url,thumbnail_url,username,timestamp}}"
        );
    }

    #[test]
    fn a_mention_in_a_caption_is_asked_of_the_account() {
        let call = Call::MentionedMedia(id("1791"));
        assert_eq!(
            call.relative_url(&id("1784"), "v25.0", Detail::Whole),
            "v25.0/1784?fields=mentioned_media.media_id(1791){id,caption,media_type,media_product_type,permalink,\
             media_url,thumbnail_url,username,timestamp}"
        );
    }

    #[test]
    fn a_comment_is_asked_with_its_media_or_with_the_media_s_id_alone() {
        let (call, account) = (Call::Comment(id("1786")), id("1784"));
        let asked = call.relative_url(&account, "v26.0", Detail::Whole);
        assert!(asked.starts_with("v26.0/1786?fields=id,text,timestamp,from{id,username},"), "{asked}");
        assert!(asked.ends_with(&format!(",media{{{MEDIA}}}")), "{asked}");
        assert!(call.relative_url(&account, "v26.0", Detail::Id).ends_with(",parent_id,media{id}"));
    }

    #[test]
    fn the_media_of_an_answer_is_found_where_each_call_has_it() {
        let media = |call: &Call, answer: &str| {
            let answer: Box<RawValue> = serde_json::from_str(answer).unwrap();
            call.media_of(&answer).map(|media| media.get().to_owned())
        };
        let expected = Some(String::from(r#"{"id": "18"}"#));
        let call = Call::Comment(id("17"));
        assert_eq!(media(&call, r#"{"id":"17","media":{"id": "18"}}"#), expected);
        assert_eq!(media(&call, r#"{"id":"17"}"#), None);
        assert_eq!(media(&call, "[]"), None);
        let call = Call::MentionedComment(id("17"));
        assert_eq!(media(&call, r#"{"mentioned_comment":{"media":{"id": "18"}},"id":"1784"}"#), expected);
        let call = Call::MentionedMedia(id("18"));
        let answer = r#"{"mentioned_media":{"id": "18"},"id":"1784"}"#;
        assert_eq!(media(&call, answer).as_deref(), Some(answer));
    }
}
