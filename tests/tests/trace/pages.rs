//! The way of a comment on a page's post ends at its event where nobody reads the feed for the inbox, else in the inbox, once.

use schemas::{Topic, split};
use weir_tests::pipeline::{Ground, PATIENCE};

use super::traced::{Traced, has, places, post, spool, trace};

const COMMENT: &[u8] = include_bytes!("../../../schemas/fixtures/feed/comment-add.json");
const FEED: [(&str, &str); 1] = [("WEIR_INPUT", "feed")];

#[tokio::test]
async fn a_comment_on_a_page_is_in_the_inbox_once_where_the_feed_is_read() {
    let ground = Ground::prepare().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (ingest, sender) = ground.ingest(&spool(&folder)).await.unwrap();
    let id = split(COMMENT, 10).events[0].id.to_string();
    post(&ingest, &sender, COMMENT).await.unwrap();
    let Traced { code, events, .. } = trace(&ground, &[&id]).await.unwrap();
    assert_eq!((code, places(&events[0])), (Some(0), vec!["raw", "typed"]), "{events:?}");

    let mut first = ground.consumer_with("weir-messages", &FEED).await.unwrap();
    ground.records(Topic::InboxComments, "the comment in the inbox", has(&id)).await.unwrap();
    let Traced { code, events, .. } = trace(&ground, &[&id]).await.unwrap();
    assert_eq!((code, places(&events[0])), (Some(0), vec!["raw", "typed", "inbox"]), "{events:?}");
    assert!(first.process.terminate(PATIENCE).await.unwrap().success());

    post(&ingest, &sender, COMMENT).await.unwrap();
    let second = ground.consumer_with("weir-messages", &FEED).await.unwrap();
    let duplicates = "weir_messages_duplicates_total";
    second.until_metric(duplicates, "", PATIENCE, |count| count > 0.5).await.unwrap();
    let inbox = ground.records(Topic::InboxComments, "the comment", |all| !all.is_empty()).await.unwrap();
    assert_eq!(inbox.len(), 1, "it is there once");
}
