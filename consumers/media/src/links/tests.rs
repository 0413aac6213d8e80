//! Which links the records of the fixtures have.

use super::*;
use schemas::{Reception, split};
use std::fs;
use std::path::Path;

const RECEPTION: Reception<'static> =
    Reception { delivery_id: "01981d1a-2f00-7000-8000-000000000000", received: "2025-07-18T10:35:12.000Z" };

/// What the first event of a fixture has of links.
fn of(fixture: &str) -> Option<Source> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/fixtures").join(fixture);
    let body = fs::read(path).unwrap();
    let split = split(&body, 100);
    let event = split.events.first()?;
    let mut value = Vec::new();
    event.write_json(RECEPTION, &mut value);
    Source::read(event.topic(), Some(&value)).unwrap()
}

fn golden(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/golden/v1").join(file);
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

/// `HALF` stands for half a character, which no value holds.
fn enriched(lookup: &str) -> Option<Source> {
    let event = &golden("enriched.jsonl")[0];
    let mut event: Value = serde_json::from_str(event).unwrap();
    event["lookup"] = serde_json::from_str(lookup).unwrap();
    let event = event.to_string().replace("HALF", r"\ud83d");
    Source::read(Topic::CommentsEnriched, Some(event.as_bytes())).unwrap()
}

#[test]
fn no_fixture_has_a_link_twice_and_every_one_with_links_says_whose_they_are() {
    let mut origins = Vec::new();
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/fixtures")).unwrap();
    for folder in folders.map(|folder| folder.unwrap().path()).filter(|path| path.is_dir()) {
        for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
            let name = file.to_string_lossy().into_owned();
            if file.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let body = fs::read(&file).unwrap();
            for event in split(&body, 10_000).events {
                if ![Topic::Messages, Topic::Standby].contains(&event.topic()) {
                    continue;
                }
                let mut value = Vec::new();
                event.write_json(RECEPTION, &mut value);
                let source = Source::read(event.topic(), Some(&value));
                let Some(source) = source.unwrap_or_else(|error| panic!("{name}: {error}")) else { continue };
                assert_eq!(source.event, Some(event.id.to_string()), "{name}");
                for (index, link) in source.links.iter().enumerate() {
                    assert!(source.links[..index].iter().all(|other| other.url != link.url), "{name}");
                    origins.push(link.origin);
                }
            }
        }
    }
    for origin in [Origin::Attachment, Origin::Story, Origin::Share] {
        assert!(origins.contains(&origin), "no fixture has {origin:?}");
    }
}

#[test]
fn a_story_that_is_answered_is_a_link_of_the_answer() {
    let source = of("message/story-reply.json").unwrap();
    assert_eq!(source.links.len(), 1);
    assert_eq!(source.links[0].origin, Origin::Story);
    assert!(source.owner().is_some());
}

#[test]
fn a_link_without_its_host_is_that_of_the_inbox() {
    let source = of("message/attachment-reel-relative-url.json").unwrap();
    assert_eq!(source.links[0].url, "https://www.facebook.com/reel/1092384756102938/?s=ifu");
}

#[test]
fn what_was_unsent_has_no_links_whatever_is_still_said_of_it() {
    for channel in ["", "standby."] {
        let event = |kind: &str| {
            let event = serde_json::json!({
                "id": "0123456789abcdef0123456789abcdef", "source": "/meta/instagram/1", "metaobject": "instagram",
                "type": format!("com.meta.instagram.{channel}{kind}.v1"), "metaaccount": "1", "metacarrier": "messaging",
                "deliveryid": "delivery", "data": {"message": {"mid": "m", "is_deleted": true, "attachments":
                    [{"type": "image", "payload": {"url": "https://a.fbcdn.net/1"}}],
                    "reply_to": {"story": {"url": "https://a.fbcdn.net/2"}}}},
            });
            Source::read(Topic::Messages, Some(event.to_string().as_bytes())).unwrap()
        };
        assert_eq!(event("message").unwrap().links.len(), 2);
        assert_eq!(event("message.deleted"), None);
    }
}

#[test]
fn a_message_of_text_has_no_links() {
    assert_eq!(of("message/text.json"), None);
}

#[test]
fn what_the_graph_api_found_has_the_links_of_its_media_each_once() {
    let source = enriched(
        r#"{"asked":"v","at":"","status":"found","cached":false,
            "answer":{"media":{"media_url":"https://a.fbcdn.net/1","children":[{"thumbnail_url":"https://a.fbcdn.net/2"}]}},
            "media":{"answer":{"media_url":"https://a.fbcdn.net/1"},"at":""}}"#,
    );
    let urls: Vec<_> = source.unwrap().links.into_iter().map(|link| link.url).collect();
    assert_eq!(
        urls,
        ["https://a.fbcdn.net/2", "https://a.fbcdn.net/1"],
        "in the order of the members' names"
    );
    let gone = r#"{"asked":"v","at":"","status":"gone","cached":false,"answer":{"media_url":"https://a.fbcdn.net/1"}}"#;
    assert_eq!(enriched(gone), None);
}

#[test]
fn a_profile_has_its_picture_and_one_that_was_erased_has_nothing() {
    let profiles = golden("profiles.jsonl");
    let found = Source::read(Topic::Profiles, Some(profiles[0].as_bytes())).unwrap().unwrap();
    assert_eq!((found.links[0].origin, found.event.clone()), (Origin::ProfilePicture, None));
    assert_eq!(found.owner(), Some("12345678901234567"));
    assert_eq!(Source::read(Topic::Profiles, Some(profiles[1].as_bytes())).unwrap(), None);
    assert_eq!(Source::read(Topic::Profiles, None).unwrap(), None);
}

#[test]
fn half_a_character_of_what_people_wrote_loses_no_link() {
    let of_comment = enriched(
        r#"{"asked":"v","at":"","status":"found","cached":false,
            "answer":{"text":"so good HALF","media":{"media_url":"https://a.fbcdn.net/1"}}}"#,
    );
    assert_eq!(of_comment.unwrap().links[0].url, "https://a.fbcdn.net/1");
    let profile = golden("profiles.jsonl")[0].replace(r#""name":""#, r#""name":"\ud83d"#);
    let found = Source::read(Topic::Profiles, Some(profile.as_bytes())).unwrap().unwrap();
    assert!(profile.contains(r"\ud83d") && found.links[0].origin == Origin::ProfilePicture);
}

#[test]
fn the_id_is_that_of_event_and_index_and_of_nothing_else() {
    let source = of("message/story-reply.json").unwrap();
    let link = source.each().next().unwrap();
    let again = Source { received: None, links: Vec::new(), ..source.clone() };
    assert_eq!(link.record_id(), LinkRef { source: &again, ..link }.record_id());
    assert_ne!(link.record_id(), LinkRef { index: 1, ..link }.record_id());
    assert_eq!(link.record_id().len(), 32);
}

#[test]
fn what_is_no_record_of_its_topic_is_unreadable() {
    for (topic, value) in [
        (Topic::Messages, Some(&b"nothing"[..])),
        (Topic::Messages, None),
        (Topic::Profiles, Some(b"{}")),
        (Topic::CommentsEnriched, Some(golden("events/comment.jsonl")[0].as_bytes())),
    ] {
        assert!(matches!(Source::read(topic, value), Err(SourceError::Unreadable(_))), "{topic:?}");
    }
}

#[test]
fn only_a_file_and_what_has_no_name_yet_may_be_a_text() {
    let attachment = |kind: &str| {
        let event = serde_json::json!({
            "id": "0123456789abcdef0123456789abcdef", "source": "/meta/instagram/1", "metaobject": "instagram",
            "type": "com.meta.instagram.message.v1", "metaaccount": "1", "metacarrier": "messaging", "deliveryid": "delivery",
            "data": {"message": {"mid": "m", "attachments": [{"type": kind, "payload": {"url": "https://a.fbcdn.net/1"}}]}},
        });
        Source::read(Topic::Messages, Some(event.to_string().as_bytes())).unwrap().unwrap().links[0]
            .may_be_text
    };
    for kind in ["image", "video", "audio", "sticker", "ig_reel", "share", "story_mention"] {
        assert!(!attachment(kind), "{kind}");
    }
    for kind in ["file", "hologram"] {
        assert!(attachment(kind), "{kind}");
    }
}
