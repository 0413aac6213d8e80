//! Samples: events that fixtures become, as the records that are published.

use crate::layout::lay_out;
use schemas::{Reception, Topic, split};
use std::fs;
use std::path::Path;

/// What the receipt of a delivery says, in every sample.
const RECEPTION: Reception<'static> =
    Reception { delivery_id: "01981e56-7bb4-7b1f-9a53-2f6c1d0e8b47", received: "2025-07-18T16:20:41.012Z" };

/// When inbox records of fixtures were received.
const RECEIVED_IN_FIXTURES: &str = "2025-07-18T10:35:12.000Z";

/// The value of the first record that a fixture becomes, laid out.
pub(crate) fn event(fixture: &str) -> String {
    lay_out(&value(fixture))
}

/// What the lookups add to an event of a topic, beside `data`.
pub(crate) fn lookup(topic: Topic) -> String {
    lay_out(if topic == Topic::Comments { OF_A_COMMENT } else { OF_A_MENTION })
}

const OF_A_COMMENT: &str = r#"{"lookup":{"asked":"v26.0/17865799348089039?fields=id,text,username,media{id,permalink}","answer":{"id":"17865799348089039","text":"Do you ship to Canada?","username":"ana.makes","media":{"id":"17918195224117851","permalink":"https://www.instagram.com/p/C9a1b2c3d4e/"}},"at":"2025-07-18T16:20:41.240Z","status":"found","cached":false}}"#;

const OF_A_MENTION: &str = r#"{"lookup":{"asked":"v26.0/17841405726653026?fields=mentioned_media.media_id(17918195224117852){id,caption,username}","answer":{"mentioned_media":{"id":"17918195224117852","caption":"Coffee with @bellavista","username":"ana.makes"},"id":"17841405726653026"},"at":"2025-07-18T16:20:41.240Z","status":"found","cached":false}}"#;

/// Who a customer is.
pub(crate) const PROFILE: &str = r#"{"account":"17841405726653026","user":"12345678901234567","platform":"instagram","status":"found","at":"2025-07-18T16:20:41.240Z","profile":{"name":"Ana","username":"ana.makes","profile_pic":"https://scontent.cdninstagram.com/v/ana.jpg","follower_count":417,"is_user_follow_business":true,"is_business_follow_user":false,"is_verified_user":false,"id":"12345678901234567"}}"#;

/// What became of links: saved, and gone.
pub(crate) const MEDIA: [&str; 2] = [
    r#"{"id":"0d1e7b6a4f2c49d8a1b3c5d7e9f00112","event":"5b8c3a1f0e2d4c6b8a9f7e6d5c4b3a29","index":0,"account":"17841405726653026","subject":"17841405726653026:12345678901234567","origin":"attachment","url":"https://scontent.cdninstagram.com/v/t1.jpg?oe=687DB1A0","expires":"2025-07-21T03:18:56.000Z","status":"saved","at":"2025-07-18T16:20:41.912Z","key":"17841405726653026/12345678901234567/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","bytes":184320,"declared":"image/jpeg","sniffed":"image/jpeg","width":1080,"height":1350}"#,
    r#"{"id":"1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f","event":"6c9d4b2a1f3e5d7c9b0a8f7e6d5c4b3a","index":0,"account":"17841405726653026","subject":"17841405726653026:12345678901234567","origin":"story","url":"https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=17","status":"gone","at":"2025-07-18T16:20:42.040Z","reason":"http_404"}"#,
];

/// Reply commands.
pub(crate) const REPLIES: [&str; 3] = [
    r#"{"id":"order-4711-shipped","account":"17841405726653026","action":"message","text":"It is on its way!","to":"12345678901234567","not_after":"2025-07-19T16:00:00.000Z"}"#,
    r#"{"id":"mention-17894227972186120","account":"17841405726653026","action":"mention_reply","text":"Challenge accepted!","media":"17918195224117851","comment":"17894227972186120"}"#,
    r#"{"id":"order-4711-picture","account":"17841405726653026","action":"message","to":"12345678901234567","message":{"attachment":{"type":"image","payload":{"url":"https://example.com/4711.jpg"}}},"tag":"HUMAN_AGENT"}"#,
];

/// What became of commands.
pub(crate) const REPLY_RESULTS: [&str; 2] = [
    r#"{"id":"order-4711-shipped","account":"17841405726653026","action":"message","status":"done","at":"2025-07-18T16:20:41.240Z","attempt":1,"answer":{"recipient_id":"12345678901234567","message_id":"aWdfZAG1faXRlbTox"},"partition":3,"offset":42}"#,
    r#"{"id":"order-4712-shipped","account":"17841405726653026","action":"message","status":"refused","at":"2025-07-18T16:20:41.560Z","attempt":1,"reason":"window_closed","error":"the Graph API answered 400 with error 10/2534022 (fbtrace_id AbC12): the time in which this person may be written to is over","partition":3,"offset":43}"#,
];

/// The delivery itself, laid out.
pub(crate) fn delivery(fixture: &str) -> String {
    lay_out(&read(&format!("{fixture}.json")))
}

/// The first inbox record of a fixture, laid out; received as the other samples, after what fixtures tell happened.
pub(crate) fn inbox(fixture: &str) -> String {
    let records = read(&format!("{fixture}.inbox.jsonl"));
    let first = records.lines().next().unwrap_or_default();
    let received = |at: &str| format!(r#""received_at":"{at}""#);
    lay_out(&first.replace(&received(RECEIVED_IN_FIXTURES), &received(RECEPTION.received)))
}

fn value(fixture: &str) -> String {
    let body = read(&format!("{fixture}.json"));
    let split = split(body.as_bytes(), 100);
    let event = split.events.first().expect("every sample becomes an event");
    let mut value = Vec::new();
    event.write_json(RECEPTION, &mut value);
    String::from_utf8(value).expect("JSON is UTF-8")
}

/// A fixture that is not there fails whoever generates, with its name.
fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| unreachable!("{}: {error}", path.display()))
}
