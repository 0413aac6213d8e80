//! What is to be asked about an event, if anything: pure.

use crate::call::Call;
use runtime::consumer::Failure;
use schemas::data::comment::Comment;
use schemas::data::mention::Mention;
use schemas::{Kind, Topic, TypedEvent};
use weir_graph::GraphId;

/// What an event needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// A call.
    Ask(Ask),
    /// Nothing: it goes on as it is, with the reason in a word.
    Skip(&'static str),
}

/// A call, with the token of `account`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    /// Whom the event concerns.
    pub(crate) account: GraphId,
    /// What to ask.
    pub(crate) call: Call,
    /// The media that it is about, where the event names it.
    pub(crate) media: Option<GraphId>,
}

/// An event with what it needs and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What to ask.
    pub(crate) question: Question,
    /// The topic of the enriched event.
    pub(crate) topic: Topic,
}

impl Plan {
    /// Reads an event.
    pub(crate) fn of(event: &TypedEvent<'_>) -> Result<Self, Failure> {
        let unexpected =
            || Failure::reject("unexpected_kind", &"the event is neither a comment nor a mention");
        let kind = event.kind().filter(|kind| !kind.standby).ok_or_else(unexpected)?;
        let (topic, question) = match kind.kind {
            Kind::Comment | Kind::CommentLive => (Topic::CommentsEnriched, comment(event)?),
            Kind::MentionComment | Kind::MentionCaption => {
                (Topic::MentionsEnriched, mention(event, kind.kind == Kind::MentionComment)?)
            }
            _ => return Err(unexpected()),
        };
        Ok(Self { question, topic })
    }
}

fn comment(event: &TypedEvent<'_>) -> Result<Question, Failure> {
    let comment: Comment = event.data().map_err(|error| Failure::reject("unreadable", &error))?;
    if let Some(reason) = skip_reason(event) {
        return Ok(Question::Skip(reason));
    }
    if comment.is_own(event.metaaccount.as_deref()) {
        return Ok(Question::Skip("own_comment"));
    }
    let call = Call::Comment(id(comment.any_id(), "comment id")?);
    let media = comment.any_media_id().and_then(GraphId::parse);
    Ok(Question::Ask(Ask { account: account(event)?, call, media }))
}

fn mention(event: &TypedEvent<'_>, is_comment: bool) -> Result<Question, Failure> {
    let mention: Mention = event.data().map_err(|error| Failure::reject("unreadable", &error))?;
    if let Some(reason) = skip_reason(event) {
        return Ok(Question::Skip(reason));
    }
    let account = account(event)?;
    let media = mention.media_id.as_deref().and_then(GraphId::parse);
    let call = if is_comment {
        Call::MentionedComment(id(mention.comment_id.as_deref(), "comment id")?)
    } else {
        Call::MentionedMedia(id(mention.media_id.as_deref(), "media id")?)
    };
    Ok(Question::Ask(Ask { account, call, media }))
}

/// The dashboard's test button sends ids of nothing, and the calls are Instagram's.
fn skip_reason(event: &TypedEvent<'_>) -> Option<&'static str> {
    if event.metatest {
        return Some("test_event");
    }
    (event.metaobject != "instagram").then_some("not_instagram")
}

fn account(event: &TypedEvent<'_>) -> Result<GraphId, Failure> {
    id(event.metaaccount.as_deref(), "account id")
}

/// An id that the call needs may be missing, or could not stand in a URL.
fn id(text: Option<&str>, what: &str) -> Result<GraphId, Failure> {
    let no_id = || Failure::reject("bad_id", &format!("the event has no {what} of digits to ask for"));
    text.and_then(GraphId::parse).ok_or_else(no_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(object: &str, kind: &str, account: &str, data: &str) -> Result<Plan, String> {
        let value = format!(
            r#"{{"id":"0","source":"/meta","type":"com.meta.{object}.{kind}.v1","metaobject":"{object}",
                "metaaccount":"{account}","metacarrier":"changes","metatest":{},"deliveryid":"d","data":{data}}}"#,
            account == "0"
        );
        let event = TypedEvent::read(Some(value.as_bytes())).map_err(|error| error.to_string())?;
        Plan::of(&event).map_err(|failure| match failure {
            Failure::Reject { error, .. } => error,
            other => panic!("{other:?}"),
        })
    }

    fn question(kind: &str, data: &str) -> Question {
        plan("instagram", kind, "1784", data).unwrap().question
    }

    fn graph_id(text: &str) -> GraphId {
        GraphId::parse(text).unwrap()
    }

    fn ask(call: Call, media: Option<&str>) -> Question {
        Question::Ask(Ask { account: graph_id("1784"), call, media: media.map(graph_id) })
    }

    #[test]
    fn each_kind_has_its_call() {
        let (comment, media) = (graph_id("17"), graph_id("18"));
        for kind in ["comment", "comment.live"] {
            let call = Call::Comment(comment.clone());
            assert_eq!(question(kind, r#"{"id":"17","from":{"id":"9"}}"#), ask(call.clone(), None));
            let data = r#"{"id":"17","media":{"id":"18"}}"#;
            assert_eq!(question(kind, data), ask(call, Some("18")));
        }
        assert_eq!(
            question("mention.comment", r#"{"comment_id":17,"media_id":"18"}"#),
            ask(Call::MentionedComment(comment), Some("18"))
        );
        assert_eq!(
            question("mention.caption", r#"{"media_id":"18"}"#),
            ask(Call::MentionedMedia(media), Some("18"))
        );
    }

    #[test]
    fn comments_and_mentions_go_to_topics_of_their_own() {
        let comment = plan("instagram", "comment", "1784", r#"{"id":"17"}"#).unwrap();
        let mention = plan("instagram", "mention.caption", "1784", r#"{"media_id":"17"}"#).unwrap();
        assert_eq!((comment.topic, mention.topic), (Topic::CommentsEnriched, Topic::MentionsEnriched));
    }

    #[test]
    fn dashboard_tests_own_comments_and_other_objects_are_not_looked_up() {
        let skipped = |plan: Result<Plan, String>| match plan.unwrap().question {
            Question::Skip(reason) => reason,
            Question::Ask(_) => panic!("it is asked"),
        };
        let own = r#"{"id":"17","from":{"id":"1784"}}"#;
        assert_eq!(skipped(plan("instagram", "comment", "1784", own)), "own_comment");
        assert_eq!(skipped(plan("instagram", "comment", "0", own)), "test_event");
        assert_eq!(skipped(plan("instagram", "mention.comment", "0", "{}")), "test_event");
        assert_eq!(skipped(plan("page", "comment", "1784", "{}")), "not_instagram");
    }

    #[test]
    fn ids_that_are_no_ids_are_refused() {
        for (kind, account, data) in [
            ("comment", "1784", "{}"),
            ("comment", "1784", r#"{"id":"../1784"}"#),
            ("comment", "1784", r#"{"id":"a.b-c"}"#),
            ("comment", "me", r#"{"id":"17"}"#),
            ("mention.comment", "1784", r#"{"comment_id":"17){id}","media_id":"18"}"#),
            ("mention.caption", "1784", r#"{"media_id":-18}"#),
        ] {
            let error = plan("instagram", kind, account, data).unwrap_err();
            assert!(error.contains("of digits to ask for"), "{error}");
        }
    }

    #[test]
    fn other_kinds_are_refused() {
        for kind in ["message", "standby.comment", "telepathy"] {
            assert!(plan("instagram", kind, "1784", "{}").is_err(), "{kind}");
        }
    }
}
