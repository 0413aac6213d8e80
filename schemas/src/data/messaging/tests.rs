//! Messaging data is read as leniently as it is promised.

use super::*;

fn read(json: &str) -> Messaging {
    serde_json::from_str(json).unwrap()
}

fn attachment(json: &str) -> Attachment {
    serde_json::from_str(json).unwrap()
}

#[test]
fn a_message_is_read_with_its_parties() {
    let item = read(
        r#"{"sender":{"id":"12","username":"ann"},"recipient":{"id":34},"timestamp":1569262485349,
            "message":{"mid":"aWdf/+=","text":"caf\u00e9"},"hop_context":[1]}"#,
    );
    let message = item.message.as_ref().unwrap();
    assert_eq!(message.mid.as_deref(), Some("aWdf/+="));
    assert_eq!(message.text.as_deref(), Some("café"));
    assert_eq!((item.sender_id(), item.recipient_id()), (Some("12"), Some("34")));
    assert_eq!(item.timestamp.map(Millis::as_millis), Some(1_569_262_485_349));
    assert_eq!(item.customer(Some("34"), false), Some("12"));
}

#[test]
fn members_of_other_types_count_as_absent() {
    let item = read(
        r#"{"sender":"12","recipient":{"id":[1]},"timestamp":"soon","is_self":"yes","reaction":null,
            "message":{"mid":{},"text":["a"],"attachments":{"type":"image"},"is_echo":1,"reply_to":"m"}}"#,
    );
    let message = item.message.as_ref().unwrap();
    assert_eq!((item.sender_id(), item.recipient_id()), (None, None));
    assert!(item.timestamp.is_none() && item.reaction.is_none() && !item.is_self);
    assert!(
        message.mid.is_none() && message.text.is_none() && message.reply_to.is_none() && !message.is_echo
    );
    assert!(message.attachments.is_empty());
}

#[test]
fn of_a_name_given_twice_the_last_counts() {
    let item = read(r#"{"message":{"mid":"first"},"message":{"mid":"m","text":"a","mid":"last"}}"#);
    assert_eq!(item.message.unwrap().mid.as_deref(), Some("last"));
}

#[test]
fn half_a_character_does_not_lose_the_rest() {
    let item = read(r#"{"message":{"text":"so good \ud83d","\ud83d":1}}"#);
    assert_eq!(item.message.unwrap().text.as_deref(), Some("so good \u{FFFD}"));
    let item = read(r#"{"message":{"text":"\ufffd\ufffd\ufffd\ud83d"}}"#);
    assert_eq!(item.message.unwrap().text.as_deref(), Some("\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"));
}

#[test]
fn an_item_must_be_an_object() {
    assert!(serde_json::from_str::<Messaging>(r#""hello""#).is_err());
}

#[test]
fn an_attachment_of_an_unknown_type_is_kept() {
    let hologram = attachment(r#"{"type":"hologram","payload":{"depth":[1, 2]}}"#);
    assert_eq!(hologram.kind.as_deref(), Some("hologram"));
    assert_eq!(hologram.payload.unwrap().get(), r#"{"depth":[1, 2]}"#);
}

#[test]
fn what_is_shared_has_an_id_under_many_names() {
    let id = |json| attachment(json).content().shared_id().map(str::to_owned);
    assert_eq!(id(r#"{"payload":{"ig_post_media_id":"18"}}"#).as_deref(), Some("18"));
    assert_eq!(id(r#"{"payload":{"reel_video_id":1092384756102938}}"#).as_deref(), Some("1092384756102938"));
    assert_eq!(id(r#"{"payload":{"story_media_id":"18"}}"#).as_deref(), Some("18"));
    assert_eq!(id(r#"{"payload":{"id":722113890104377}}"#).as_deref(), Some("722113890104377"));
    assert_eq!(id(r#"{"payload":"giftcard:2208"}"#), None);
}

#[test]
fn a_place_is_read_in_degrees() {
    let place =
        attachment(r#"{"type":"location","payload":{"coordinates":{"lat":38.7223,"long":"-9.1393"}}}"#);
    let coordinates = place.content().coordinates.unwrap();
    assert_eq!((coordinates.lat, coordinates.long), (Some(38.7223), Some(-9.1393)));
}

#[test]
fn numbers_and_strings_of_digits_are_the_same_count() {
    for json in [r#"{"message_edit":{"num_edit":"37"}}"#, r#"{"message_edit":{"num_edit":37}}"#] {
        assert_eq!(read(json).message_edit.unwrap().num_edit, Some(37));
    }
}

#[test]
fn a_web_site_may_call_its_visitor_anything() {
    let optin = |user_ref: &str| read(&format!(r#"{{"optin":{{"user_ref":{user_ref}}}}}"#)).optin.unwrap();
    assert_eq!(optin(r#""cart:47\/12+a=""#).user_ref.as_deref(), Some("cart:47/12+a="));
    assert_eq!(optin("9120384756102938").user_ref.as_deref(), Some("9120384756102938"));
    assert_eq!(optin(r#""""#).user_ref, None);
}

#[test]
fn an_ad_is_told_with_what_it_showed() {
    let item = read(
        r#"{"referral":{"ref":null,"ad_id":120212345678901234,"source":"ADS","type":"OPEN_THREAD",
            "ads_context_data":{"ad_title":"Sale","product_id":"48"}}}"#,
    );
    let referral = item.referral.unwrap();
    assert_eq!(referral.ad_id.as_deref(), Some("120212345678901234"));
    assert_eq!(referral.reference, None);
    assert_eq!(referral.ads_context_data.unwrap().product_id.as_deref(), Some("48"));
}
