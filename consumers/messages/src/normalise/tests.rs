//! Which inbox record an event becomes.

mod golden;

use super::*;
use schemas::inbox::{Direction, MessageType};
use serde_json::{Value, json};

const ACCOUNT: &str = "17841405726653026";

/// A typed event of `kind`, with `data`.
fn event(kind: &str, data: &Value) -> String {
    json!({
        "id": "0123456789abcdef0123456789abcdef",
        "source": format!("/meta/instagram/{ACCOUNT}"),
        "type": format!("com.meta.instagram.{kind}.v1"),
        "time": "2025-07-18T10:35:10.447Z",
        "recordedtime": "2025-07-18T10:35:12.000Z",
        "metaobject": "instagram",
        "metaaccount": ACCOUNT,
        "metacarrier": "messaging",
        "deliveryid": "delivery",
        "data": data,
    })
    .to_string()
}

fn record_of(event: &str) -> Record {
    let event = TypedEvent::read(Some(event.as_bytes())).unwrap();
    *normalise(&event).unwrap().expect("it has a place").1
}

fn record(kind: &str, data: &Value) -> Record {
    record_of(&event(kind, data))
}

fn message(sender: &str, recipient: &str, message: &Value) -> Value {
    json!({"sender": {"id": sender}, "recipient": {"id": recipient}, "message": message})
}

fn attached(attachments: &Value) -> Vec<Value> {
    let data = message("1", ACCOUNT, &json!({"mid": "m", "attachments": attachments}));
    let record = serde_json::to_value(record("message", &data)).unwrap();
    record["message"]["attachments"].as_array().unwrap().clone()
}

#[test]
fn an_own_message_is_never_a_customers() {
    let own = [
        ("message.echo", message(ACCOUNT, "1", &json!({"mid": "m", "text": "a", "is_echo": true}))),
        ("message.echo", message(ACCOUNT, "1", &json!({"mid": "m", "text": "a"}))),
        ("message.echo", message("1", ACCOUNT, &json!({"mid": "m", "text": "swapped", "is_echo": true}))),
        ("message", message(ACCOUNT, ACCOUNT, &json!({"mid": "m", "text": "to itself, without a flag"}))),
        ("message", message("1", ACCOUNT, &json!({"mid": "m", "text": "a", "is_self": true}))),
        ("message.unsupported", message(ACCOUNT, "1", &json!({"mid": "m", "is_unsupported": true}))),
        ("story_mention", message(ACCOUNT, ACCOUNT, &json!({"mid": "m"}))),
    ];
    for (kind, data) in own {
        let record = record(kind, &data);
        assert_eq!(record.event, EventName::MessageSent.into(), "{data}");
        assert_eq!(record.direction, Some(Direction::Outgoing.into()), "{data}");
        assert_eq!(record.from.as_deref(), Some(ACCOUNT), "{data}");
    }
}

#[test]
fn the_parties_are_the_account_and_the_customer() {
    let text = json!({"mid": "m", "text": "a"});
    let parties = |kind, data: &Value| {
        let record = record(kind, data);
        (record.from, record.to)
    };
    let (account, ann) = (Some(ACCOUNT.to_owned()), Some("1".to_owned()));
    assert_eq!(parties("message", &message("1", ACCOUNT, &text)), (ann.clone(), account.clone()));
    assert_eq!(parties("message", &message("1", "another account", &text)), (ann.clone(), account.clone()));
    assert_eq!(parties("message.echo", &message(ACCOUNT, "1", &text)), (account.clone(), ann.clone()));
    assert_eq!(parties("message.echo", &message("another id of it", "1", &text)), (account, ann));
}

#[test]
fn an_edit_without_sender_names_nobody() {
    let edit = json!({"message_edit": {"mid": "m", "text": "b", "num_edit": 1}});
    let record = record("message.edited", &edit);
    assert_eq!((record.from, record.to, record.direction), (None, None, None));
    let message = record.message.unwrap();
    assert_eq!((message.body.as_deref(), message.num_edit), (Some("b"), Some(1)));
}

#[test]
fn what_instagram_sends_for_new_messages_is_no_edit() {
    for number in [json!(0), json!("0")] {
        let edit = json!({"message_edit": {"mid": "m", "num_edit": number}});
        let edit = event("message.edited", &edit);
        assert!(normalise(&TypedEvent::read(Some(edit.as_bytes())).unwrap()).unwrap().is_none(), "{edit}");
    }
}

#[test]
fn an_edit_may_name_its_recipient_alone() {
    let edit = |recipient| json!({"recipient": {"id": recipient}, "message_edit": {"mid": "m"}});
    let received = record("message.edited", &edit(ACCOUNT));
    assert_eq!((received.from, received.to.as_deref()), (None, Some(ACCOUNT)));
    assert_eq!(received.direction, Some(Direction::Incoming.into()));
    let sent = record("message.edited", &edit("1"));
    assert_eq!((sent.from.as_deref(), sent.to.as_deref()), (Some(ACCOUNT), Some("1")));
    assert_eq!(sent.direction, Some(Direction::Outgoing.into()));
}

#[test]
fn without_an_account_the_parties_are_as_sent() {
    let mut event: Value =
        serde_json::from_str(&event("message", &message("1", "2", &json!({"mid": "m", "text": "a"}))))
            .unwrap();
    event["metaaccount"] = Value::Null;
    let record = record_of(&event.to_string());
    assert_eq!(record.account, None);
    assert_eq!((record.from.as_deref(), record.to.as_deref()), (Some("1"), Some("2")));
}

#[test]
fn an_unsent_messages_words_are_not_repeated() {
    let data = message("1", ACCOUNT, &json!({"mid": "m", "is_deleted": true, "text": "forget it"}));
    let record = record("message.deleted", &data);
    assert_eq!(record.event, EventName::MessageDeleted.into());
    let message = record.message.unwrap();
    assert_eq!((message.id.as_deref(), message.body, message.kind), (Some("m"), None, None));
}

#[test]
fn a_story_is_mentioned_in_one_shape() {
    let attachment = json!({"type": "story_mention", "payload": {"url": "https://cdn/1"}});
    let attached = message("1", ACCOUNT, &json!({"mid": "m", "attachments": [attachment]}));
    let mut referred = message("1", ACCOUNT, &json!({"mid": "m"}));
    let story = json!({"url": "https://cdn/1", "mention": {"page_id": ACCOUNT}});
    referred["referral"] = json!({"source": "STORY_MENTION", "ref": "r", "story": story});
    let mut record_of_referral = record("story_mention", &referred);
    let message = record_of_referral.message.as_mut().unwrap();
    let referral = message.referral.take().unwrap();
    assert_eq!(
        (referral.reference.as_deref(), referral.source.as_deref()),
        (Some("r"), Some("STORY_MENTION"))
    );
    assert_eq!(message.mentioned_id.take().as_deref(), Some(ACCOUNT));
    assert_eq!(record("story_mention", &attached), record_of_referral);
    let mut from_an_ad = attached;
    from_an_ad["referral"] = json!({"source": "ADS", "ref": "r"});
    let referral = record("story_mention", &from_an_ad).message.unwrap().referral.unwrap();
    assert_eq!(referral.source.as_deref(), Some("ADS"), "nothing beside it is lost");
}

#[test]
fn the_answers_of_a_form_come_with_the_referral_whatever_it_stands_beside() {
    let with_form = |mut item: Value| {
        item["referral"] = json!({"source": "ADS", "type": "LEAD_COMPLETE"});
        item["lead"] = json!({"data": [{"question": "Your city?", "answer": "Lisbon"}]});
        item
    };
    let text = with_form(message("1", ACCOUNT, &json!({"mid": "m", "text": "Summary of your answers"})));
    let tap = with_form(json!({"sender": {"id": "1"}, "postback": {"title": "Start"}}));
    for referral in [
        record("message", &text).message.unwrap().referral,
        record("postback", &tap).referral,
        record("referral", &with_form(json!({"sender": {"id": "1"}}))).referral,
    ] {
        assert_eq!(referral.unwrap().lead[0].answer.as_deref(), Some("Lisbon"));
    }
}

#[test]
fn what_a_message_is_goes_by_its_story_then_its_attachments_then_its_text() {
    let kind = |content: Value| {
        let message = record("message", &message("1", ACCOUNT, &content)).message.unwrap();
        message.kind
    };
    let image = json!({"type": "image", "payload": {"url": "https://cdn/1"}});
    let hologram = json!({"type": "hologram"});
    let story = json!({"story": {"id": "1"}});
    assert_eq!(
        kind(json!({"text": "a", "attachments": [image], "reply_to": story})),
        Some(MessageType::StoryReply.into())
    );
    assert_eq!(kind(json!({"text": "a", "attachments": [hologram, image]})), Some(MessageType::Image.into()));
    assert_eq!(kind(json!({"text": "a", "attachments": [hologram]})), Some(MessageType::Text.into()));
    assert_eq!(kind(json!({"attachments": [hologram]})), Some(MessageType::Unsupported.into()));
    assert_eq!(kind(json!({"text": ""})), Some(MessageType::Unsupported.into()));
}

#[test]
fn what_meta_describes_twice_is_attached_once() {
    let share = json!({"type": "share", "payload": {"url": "https://cdn/1"}});
    let post = json!({"type": "ig_post", "payload": {"url": "https://cdn/1", "ig_post_media_id": "18"}});
    let normalised = json!({"type": "post", "meta_type": "ig_post", "url": "https://cdn/1", "id": "18"});
    assert_eq!(attached(&json!([share, post])), std::slice::from_ref(&normalised));
    assert_eq!(attached(&json!([post, share])), [normalised]);
    let hearts = json!([{"type": "like_heart"}, {"type": "like_heart"}]);
    assert_eq!(attached(&hearts).len(), 2, "what has no link is never taken for the same");
}

#[test]
fn of_two_descriptions_the_richer_word_stays_with_what_either_says() {
    let of = |kind: &str, more: Value| {
        let mut payload = json!({"url": "https://cdn/1"});
        payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"type": kind, "payload": payload})
    };
    let cases = [
        (
            of("image", json!({})),
            of("sticker", json!({"sticker_id": "5"})),
            json!({"type": "sticker", "sticker_id": "5"}),
        ),
        (
            of("ig_post", json!({})),
            of("ig_post", json!({"title": "T", "id": "18"})),
            json!({"type": "post", "title": "T", "id": "18"}),
        ),
        (of("share", json!({"title": "T"})), of("ig_reel", json!({})), json!({"type": "reel", "title": "T"})),
        (
            of("video", json!({})),
            of("reel", json!({"reel_video_id": "1"})),
            json!({"type": "reel", "id": "1"}),
        ),
    ];
    for (one, other, expected) in cases {
        for both in [json!([one, other]), json!([other, one])] {
            let found = attached(&both);
            assert_eq!(found.len(), 1, "{both}");
            for (name, value) in expected.as_object().unwrap() {
                assert_eq!(found[0][name], *value, "{both}");
            }
        }
    }
    assert_eq!(attached(&json!([of("image", json!({})), of("audio", json!({}))])).len(), 2);
}

#[test]
fn a_storys_mention_answers_and_taps_as_any_message() {
    let content = json!({
        "mid": "m",
        "reply_to": {"mid": "q"},
        "quick_reply": {"payload": "X"},
        "attachments": [{"type": "story_mention", "payload": {"url": "https://cdn/1"}}],
    });
    let message = record("story_mention", &message("1", ACCOUNT, &content)).message.unwrap();
    assert_eq!(message.kind, Some(MessageType::StoryMention.into()));
    assert_eq!(message.reply_to.unwrap().message_id.as_deref(), Some("q"));
    assert_eq!(message.quick_reply.unwrap().payload.as_deref(), Some("X"));
}

#[test]
fn an_attachment_keeps_what_has_no_word() {
    let payload = json!({"hologram_id": 18_029_384_756_473_830_u64, "url": "https://cdn/1"});
    assert_eq!(
        attached(&json!([{"type": "hologram", "payload": payload}])),
        [json!({"type": "unsupported", "meta_type": "hologram", "url": "https://cdn/1", "payload": payload})]
    );
}

#[test]
fn half_a_character_in_a_payload_loses_none_of_the_rest() {
    let payload = json!({"template_type": "generic", "elements": [{"title": "Summer sale HALF"}]});
    let data = message(
        "1",
        ACCOUNT,
        &json!({"mid": "m", "attachments": [{"type": "template", "payload": payload}]}),
    );
    let record = record_of(&event("message", &data).replace("HALF", r"\ud83d"));
    let record = serde_json::to_value(record).unwrap();
    let payload = &record["message"]["attachments"][0]["payload"];
    assert_eq!(payload["elements"][0]["title"], "Summer sale \u{FFFD}");
}

#[test]
fn a_payload_stands_in_the_record_as_it_came() {
    let payload = r#"{"template_type":"generic","id":123456789012345678901,"buttons":[1.50,1e400]}"#;
    let data = message(
        "1",
        ACCOUNT,
        &json!({"mid": "m", "attachments": [{"type": "template", "payload": "PAYLOAD"}]}),
    );
    let record = record_of(&event("message", &data).replace(r#""PAYLOAD""#, payload));
    assert_eq!(record.message.unwrap().attachments[0].payload.as_ref().unwrap().0.get(), payload);
}

#[test]
fn the_link_of_a_reel_gets_its_host() {
    let reel = |url| attached(&json!([{"type": "ig_reel", "payload": {"url": url}}]))[0]["url"].clone();
    assert_eq!(reel("/reel/1/"), "https://www.instagram.com/reel/1/");
    assert_eq!(reel("//cdn/1"), "//cdn/1");
}

#[test]
fn what_has_no_place_in_an_inbox_is_none() {
    let none = |event: &str| normalise(&TypedEvent::read(Some(event.as_bytes())).unwrap()).unwrap().is_none();
    for kind in
        ["account_linking", "game_play", "thread.metadata", "story_insights", "standby.unknown", "telepathy"]
    {
        assert!(none(&event(kind, &json!("no object"))), "{kind}");
    }
    let message = event("message", &message("1", ACCOUNT, &json!({})));
    assert!(none(&message.replace("instagram", "whatsapp_business_account")));
}

#[test]
fn an_event_of_the_wrong_data_is_explained() {
    let unfit = |event: &str| normalise(&TypedEvent::read(Some(event.as_bytes())).unwrap()).unwrap_err();
    assert_eq!(unfit(&event("message", &json!({"reaction": {}}))).reason(), "not_of_its_kind");
    assert_eq!(unfit(&event("message", &json!("hello"))).reason(), "not_an_event");
    let timeless = event("message", &message("1", "2", &json!({}))).replace("2025-07-18T", "yesterday ");
    assert_eq!(unfit(&timeless).reason(), "not_an_event");
}

#[test]
fn the_time_of_receipt_stands_in_for_metas() {
    let mut event: Value =
        serde_json::from_str(&event("message", &message("1", ACCOUNT, &json!({})))).unwrap();
    event.as_object_mut().unwrap().remove("time");
    let record = record_of(&event.to_string());
    assert_eq!(record.occurred_at, "2025-07-18T10:35:12.000Z");
    assert_eq!(record.timestamp, 1_752_834_912);
}

#[test]
fn a_record_says_when_it_was_received_as_links_expire_from_then() {
    let text = event("message", &message("1", ACCOUNT, &json!({})));
    assert_eq!(record_of(&text).received_at.as_deref(), Some("2025-07-18T10:35:12.000Z"));
    assert_eq!(record_of(&text.replace("recordedtime", "another")).received_at, None);
}

#[test]
fn a_story_is_mentioned_however_much_is_beside_it() {
    let attachment = |kind| json!({"type": kind, "payload": {"url": format!("https://cdn/{kind}")}});
    let attachments = json!([attachment("image"), attachment("story_mention")]);
    let data = message("1", ACCOUNT, &json!({"mid": "m", "text": "Look", "attachments": attachments}));
    let record = record("message", &data);
    assert_eq!(record.event, EventName::StoryMentioned.into());
    let message = record.message.unwrap();
    assert_eq!(message.kind, Some(MessageType::StoryMention.into()));
    assert_eq!(message.story_url.as_deref(), Some("https://cdn/story_mention"));
    assert_eq!((message.body.as_deref(), message.attachments.len()), (Some("Look"), 2));
}

#[test]
fn a_customer_may_be_answered_for_a_day_after_what_opens_the_window() {
    let text = json!({"mid": "m", "text": "a"});
    let ends = |kind, data: &Value| record(kind, data).window_ends_at;
    let next_day = Some("2025-07-19T10:35:10.447Z".to_owned());
    assert_eq!(ends("message", &message("1", ACCOUNT, &text)), next_day);
    let mut tapped = message("1", ACCOUNT, &json!({}));
    tapped["postback"] = json!({"title": "Start"});
    assert_eq!(ends("postback", &tapped), next_day);
    assert_eq!(ends("message.echo", &message(ACCOUNT, "1", &text)), None);
    let unsent = json!({"mid": "m", "is_deleted": true});
    assert_eq!(ends("message.deleted", &message("1", ACCOUNT, &unsent)), None);
    let mut edited = message("1", ACCOUNT, &json!({}));
    edited["message_edit"] = json!({"mid": "m", "text": "b", "num_edit": 1});
    assert_eq!(ends("message.edited", &edited), None, "an edit is of a message of before");
}

#[test]
fn a_customers_tap_is_never_the_accounts_unless_it_tests_itself() {
    let tap = |sender, recipient, is_self| {
        let data = json!({"sender": {"id": sender}, "recipient": {"id": recipient}, "is_self": is_self,
            "postback": {"title": "Start"}});
        let record = record("postback", &data);
        (record.direction, record.from, record.to)
    };
    let (account, ann) = (Some(ACCOUNT.to_owned()), Some("1".to_owned()));
    let (incoming, outgoing) = (Some(Direction::Incoming.into()), Some(Direction::Outgoing.into()));
    assert_eq!(tap("1", ACCOUNT, false), (incoming.clone(), ann.clone(), account.clone()));
    assert_eq!(
        tap(ACCOUNT, "1", false),
        (incoming, account.clone(), ann.clone()),
        "the entry is the customer's"
    );
    assert_eq!(tap(ACCOUNT, "1", true), (outgoing, account, ann));
}

#[test]
fn a_cart_is_an_order_wherever_it_stands() {
    let cart = json!({"products": [{"id": 7, "quantity": 2}], "note": "Gift wrap"});
    let mut beside = message("1", ACCOUNT, &json!({"mid": "m", "text": "This one"}));
    beside["order"] = cart.clone();
    let inside = message("1", ACCOUNT, &json!({"mid": "m", "order": cart}));
    let mut alone = json!({"sender": {"id": "1"}, "recipient": {"id": ACCOUNT}, "order": cart});
    alone["timestamp"] = json!(1_752_834_910_447_u64);
    let records = [record("message", &beside), record("message", &inside), record("order", &alone)];
    for record in &records {
        assert_eq!(record.event, EventName::OrderReceived.into());
        let order = record.order.as_ref().unwrap();
        assert_eq!(order.note.as_deref(), Some("Gift wrap"));
        assert_eq!((order.products[0].id.as_deref(), order.products[0].quantity), (Some("7"), Some(2)));
    }
    let kinds = records.map(|record| record.message.map(|message| message.kind));
    assert_eq!(kinds, [Some(Some(MessageType::Text.into())), Some(None), None]);
}
