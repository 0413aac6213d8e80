//! How links end.

use super::*;
use crate::fetch::{HostRule, LastAnswer};
use prometheus::Registry;
use reqwest::Url;
use runtime::mutex::lock;
use schemas::Topic;
use schemas::media::MediaRecord;
use serde_json::json;

/// One that saves in a folder, and follows to this machine.
fn saver() -> (tempfile::TempDir, Saver) {
    let place = tempfile::tempdir().unwrap();
    let mut settings = MediaSettings::of(&format!("file://{}", place.path().display()));
    settings.fetch.media_hosts.push(HostRule::parse("localhost").unwrap());
    settings.media_patience = Duration::from_millis(1);
    let store = Store::open(&settings.store).unwrap();
    let fetcher = Fetcher::new(settings.fetch.clone()).unwrap();
    (place, Saver::new(fetcher, store, &settings, MediaMetrics::new(&Registry::new())))
}

/// What a customer's picture is saved of.
fn source(link: &str) -> Source {
    let at = "2025-07-18T10:35:12.000Z";
    let profile = json!({"account": "1784", "user": "99", "platform": "instagram", "status": "found", "at": at, "profile": {"profile_pic": link}});
    Source::read(Topic::Profiles, Some(profile.to_string().as_bytes())).unwrap().unwrap()
}

/// The first link of a record.
fn link(source: &Source) -> LinkRef<'_> {
    source.each().next().unwrap()
}

#[tokio::test]
async fn what_was_saved_stays_saved_when_its_link_has_died() {
    let (_place, saver) = saver();
    let source = source("https://a.fbcdn.net/a.jpg");
    let (link, gone) = (link(&source), NotFetched::of_status(403));
    assert_eq!(saver.record_unsaved(link, &gone).await.unwrap().status, MediaStatus::Gone);
    let mut upload = saver.store.begin(link.folder(), &link.record_id());
    upload.write(b"a picture").await.unwrap();
    let mut value = Vec::new();
    let record = |stored: &Stored| {
        value = record::saved(link, stored, None);
        value.clone()
    };
    upload.finish(record).await.unwrap();
    let outcome = saver.record_unsaved(link, &gone).await.unwrap();
    assert_eq!(outcome, LinkOutcome::saved(link, value));
}

#[tokio::test]
async fn a_link_that_died_long_ago_by_its_own_words_is_gone_and_nobody_is_asked() {
    let (_place, saver) = saver();
    // A host that is asked and has no address would be asked again, for ever where nobody answers.
    let outcome = saver.save(&source("https://none.fbcdn.net/a.jpg?oe=687DB1A0")).await;
    let record: MediaRecord<'_> = serde_json::from_slice(&outcome[0].value).unwrap();
    assert_eq!((outcome[0].status, record.reason.as_deref()), (MediaStatus::Gone, Some("expired")));
    assert_eq!(*lock(&saver.fetcher.last_answer), None);
}

#[test]
fn every_end_has_a_status_and_a_word() {
    for (not_fetched, status, word) in [
        (NotFetched::of_status(403), MediaStatus::Gone, "http_403"),
        (NotFetched::TOO_LARGE, MediaStatus::TooLarge, "too_large"),
        (NotFetched::for_now("timed_out"), MediaStatus::Failed, "timed_out"),
    ] {
        assert_eq!((not_fetched.status, not_fetched.to_string()), (status, word.to_owned()));
    }
}

#[tokio::test]
async fn a_name_at_a_private_address_is_refused_where_others_are_answered() {
    let (_place, saver) = saver();
    let source = source("https://localhost/a.jpg");
    // Later than anything fails here.
    let url = Url::parse("https://a.fbcdn.net/").unwrap();
    let at = Instant::now() + Duration::from_hours(1);
    *lock(&saver.fetcher.last_answer) = Some(LastAnswer { url, at });
    let outcome = tokio::time::timeout(Duration::from_mins(3), saver.save(&source)).await;
    let outcome = outcome.expect("it is followed without end").remove(0);
    let record: MediaRecord<'_> = serde_json::from_slice(&outcome.value).unwrap();
    assert_eq!((outcome.status, record.reason.as_deref()), (MediaStatus::Refused, Some("address")));
}

#[tokio::test]
async fn a_link_is_told_of_once_the_store_is_back() {
    let (place, saver) = saver();
    let in_the_way = place.path().join("1784");
    std::fs::write(&in_the_way, "").unwrap();
    let source = source("http://a.fbcdn.net/a.jpg");
    let mut saving = std::pin::pin!(saver.save(&source));
    let early = tokio::time::timeout(Duration::from_millis(50), &mut saving).await;
    assert!(early.is_err(), "there is no store");
    std::fs::remove_file(in_the_way).unwrap();
    assert_eq!(saving.await[0].status, MediaStatus::Refused);
}

/// A comment on a post whose picture is at this link.
fn comment(id: &str, link: &str) -> Source {
    let lookup = json!({"asked": "x", "answer": {"media": {"media_url": link}}, "at": "2025-07-18T10:35:12.000Z", "status": "found", "cached": false});
    let event = json!({"specversion": "1.0", "id": id, "source": "meta", "type": "com.meta.instagram.comment.v1", "subject": "1784:55", "metaobject": "instagram", "metaaccount": "1784", "metacarrier": "changes", "deliveryid": "d", "partindex": 0, "data": {}, "lookup": lookup});
    Source::read(Topic::CommentsEnriched, Some(event.to_string().as_bytes())).unwrap().unwrap()
}

#[tokio::test]
async fn what_a_post_shows_is_fetched_once_and_each_comment_on_it_has_its_record() {
    let (_place, saver) = saver();
    let url = "https://none.fbcdn.net/a.jpg";
    let [first, second] = ["1", "2"].map(|id| comment(id, url));
    let [first, of_second] = [link(&first), link(&second)];
    let (lead, known) = saver.known.enter(first).await;
    let mut lead = lead.expect("nobody else follows it");
    assert_eq!(known, None);
    let mut saving = std::pin::pin!(saver.save(&second));
    assert!(futures_util::poll!(&mut saving).is_pending(), "the first one is not done");
    let mut upload = saver.store.begin(first.folder(), &first.record_id());
    upload.write(b"a picture").await.unwrap();
    let (stored, _) = upload.finish(|stored| record::saved(first, stored, None)).await.unwrap();
    *lead = Some(first.record_id());
    drop(lead);
    // A host without an address would be asked without end.
    let outcome = saving.await.remove(0);
    let record: MediaRecord<'_> = serde_json::from_slice(&outcome.value).unwrap();
    assert_eq!((outcome.status, record.key.as_deref()), (MediaStatus::Saved, Some(stored.key.as_ref())));
    assert_eq!((record.event.as_deref(), &*record.id), (Some("2"), &*of_second.record_id()));
    assert_eq!(saver.saved_before(of_second).await.unwrap(), Some(outcome.value.clone()));
    let third = comment("3", url);
    assert_eq!(saver.save(&third).await[0].status, MediaStatus::Saved);
    let (_, known) = saver.known.enter(link(&third)).await;
    assert_eq!(known, Some(first.record_id()), "the record that came with the object");
    assert_eq!(saver.saved_with(first, known).await.unwrap(), None, "it is put with its object alone");
}

#[tokio::test]
async fn what_was_erased_is_neither_taken_for_saved_nor_waited_for() {
    let (_place, saver) = saver();
    let [first, second] = ["1", "2"].map(|id| comment(id, "https://none.fbcdn.net/a.jpg"));
    let [first, second] = [link(&first), link(&second)];
    let (lead, _) = saver.known.enter(first).await;
    let mut waits = std::pin::pin!(saver.known.enter(second));
    assert!(futures_util::poll!(&mut waits).is_pending());
    drop(lead);
    assert!(matches!(waits.await, (None, None)));
    let erased = Some(first.record_id());
    assert_eq!(saver.saved_with(second, erased).await.unwrap(), None);
}
