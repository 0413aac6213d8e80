//! Deliveries of all carriers, kinds and forms, usual and odd ones, as strategies.

use crate::json::Json;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use schemas::Kind;
use std::collections::BTreeSet;
use std::sync::LazyLock;

const ACCOUNT: &str = "17841405726653026";
const USER: &str = "6837251906428371";

/// Members that tell the kind of a messaging item, and one that is in no table.
static MAIN: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let members: BTreeSet<_> = Kind::ALL.into_iter().flat_map(|kind| kind.spec().members).copied().collect();
    members.into_iter().chain(["poll_vote"]).collect()
});

/// Fields of changes, one that is in no table last.
const FIELDS: [&str; 14] = [
    "comments",
    "live_comments",
    "mentions",
    "story_insights",
    "feed",
    "mention",
    "ratings",
    "leadgen",
    "messenger_template_status_update",
    "message_template_status_update",
    "standby",
    "messages",
    "é",
    "photos",
];

/// A body: a delivery, or an array of deliveries and, rarely, of other things.
pub(crate) fn body() -> impl Strategy<Value = Json> {
    prop_oneof![
        8 => delivery(),
        2 => prop::collection::vec(or_odd(delivery()), 0..4).prop_map(Json::Array),
    ]
}

/// A delivery; rarely of a form that is none.
pub(crate) fn delivery() -> BoxedStrategy<Json> {
    let object = prop_oneof![5 => string("instagram"), 4 => string("page"), 1 => string("whatsapp_business_account"), 1 => string("Ä \\u0000")];
    let entries = prop::collection::vec(or_odd(entry()), 0..4).prop_map(Json::Array);
    members([("object", 0.99, or_odd(object)), ("entry", 0.99, or_odd(entries))])
}

/// An entry with any of the carriers.
pub(crate) fn entry() -> BoxedStrategy<Json> {
    let array = |item: BoxedStrategy<Json>| or_odd(prop::collection::vec(item, 0..4).prop_map(Json::Array));
    members([
        ("id", 0.95, id(ACCOUNT)),
        ("time", 0.9, time()),
        ("uid", 0.1, id(ACCOUNT)),
        ("messaging", 0.5, array(item())),
        ("standby", 0.15, array(item())),
        ("changes", 0.4, array(change())),
        ("changed_fields", 0.05, array(string("picture"))),
        ("field", 0.05, field()),
        ("value", 0.05, value()),
        ("hop_context", 0.05, odd()),
    ])
}

/// A messaging item: mostly with one main member.
fn item() -> BoxedStrategy<Json> {
    let mains = prop_oneof![
        1 => Just(Vec::new()),
        8 => select(&MAIN[..]).prop_map(|name| vec![name]),
        1 => prop::collection::vec(select(&MAIN[..]), 2..4),
    ];
    let item = mains.prop_flat_map(|mains| {
        let shared = [
            ("sender", 0.9, party()),
            ("recipient", 0.9, party()),
            ("timestamp", 0.9, time()),
            ("created_time", 0.1, time()),
        ];
        members(shared.into_iter().chain(mains.into_iter().map(|name| (name, 0.99, or_odd(main_member())))))
    });
    or_odd(item)
}

fn main_member() -> BoxedStrategy<Json> {
    let flag = || select(vec!["true", "true", "false", "1", "null"]).prop_map(Json::scalar).boxed();
    let kind = select(vec!["story_mention", "story_mention", "image", "hologram"]).prop_flat_map(string);
    let attachment = or_odd(members([("type", 0.99, or_odd(kind)), ("payload", 0.5, odd())]));
    let attachments = prop::collection::vec(attachment, 0..3).prop_map(Json::Array);
    members([
        ("mid", 0.8, key_part()),
        ("text", 0.4, key_part()),
        ("attachments", 0.3, or_odd(attachments)),
        ("is_deleted", 0.1, flag()),
        ("is_unsupported", 0.1, flag()),
        ("is_echo", 0.2, flag()),
        ("num_edit", 0.3, key_part()),
        ("action", 0.5, select(vec!["react", "unreact", "wave"]).prop_flat_map(string).boxed()),
        ("source", 0.2, select(vec!["STORY_MENTION", "ADS"]).prop_flat_map(string).boxed()),
        ("watermark", 0.4, time()),
    ])
}

fn change() -> BoxedStrategy<Json> {
    or_odd(members([("field", 0.95, field()), ("value", 0.95, value()), ("verb", 0.1, odd())]))
}

fn field() -> BoxedStrategy<Json> {
    or_odd(select(&FIELDS[..]).prop_flat_map(string))
}

/// The value of a change, or a messaging item in its place.
fn value() -> BoxedStrategy<Json> {
    let media = or_odd(members([("id", 0.9, id("17918195224117851"))]));
    let of_change = members([
        ("id", 0.6, key_part()),
        ("comment_id", 0.5, key_part()),
        ("media", 0.5, media),
        ("media_id", 0.5, key_part()),
        ("post_id", 0.5, id("17841405726653026_1")),
        ("timestamp", 0.2, time()),
        ("created_time", 0.3, time()),
        ("from", 0.5, party()),
        ("event_data", 0.2, or_odd(members([("message_id", 0.9, key_part())]))),
    ]);
    prop_oneof![5 => of_change, 2 => item()].boxed()
}

fn party() -> BoxedStrategy<Json> {
    let who = select(vec![ACCOUNT, USER, USER, "25340118847203956", "12334", "23245"]).prop_flat_map(id);
    or_odd(members([("id", 0.9, who.boxed()), ("user_ref", 0.1, id(USER)), ("username", 0.1, odd())]))
}

/// An id: as documented, as a number, with escapes, or something that is none.
fn id(usual: &'static str) -> BoxedStrategy<Json> {
    let odd_ids = vec!["0", "\"0\"", "-7", "1E+5", "1e5", "\"a b\"", "\"\\u0061\"", "\"\"", "\"1\\n\""];
    let long = (127..130_usize).prop_map(|length| Json::Scalar(format!("\"{}\"", "9".repeat(length))));
    prop_oneof![
        12 => string(usual),
        2 => "[1-9][0-9]{0,24}".prop_map(Json::Scalar),
        1 => select(odd_ids).prop_map(Json::scalar),
        1 => long,
        1 => odd(),
    ]
    .boxed()
}

fn time() -> BoxedStrategy<Json> {
    prop_oneof![
        5 => (1_752_834_910_447..1_752_834_999_999_u64).prop_map(|millis| Json::Scalar(millis.to_string())),
        3 => (1_752_834_910..1_752_839_999_u64).prop_map(|seconds| Json::Scalar(seconds.to_string())),
        1 => "\"[0-9]{9,14}\"".prop_map(Json::Scalar),
        1 => any::<i128>().prop_map(|number| Json::Scalar(number.to_string())),
        1 => odd(),
    ]
    .boxed()
}

/// What a natural key may be made of: strings with and without escapes, numbers.
fn key_part() -> BoxedStrategy<Json> {
    prop_oneof![
        6 => "\"m_[a-zA-Z0-9]{1,12}\"".prop_map(Json::Scalar),
        1 => "\"[ -!#-\\[\\]-~]{0,8}\"".prop_map(Json::Scalar),
        1 => any::<String>().prop_map(|text| Json::Scalar(serde_json::Value::String(text).to_string())),
        1 => (0..9_u8).prop_map(|number| Json::Scalar(number.to_string())),
        1 => odd(),
    ]
    .boxed()
}

fn string(text: &'static str) -> BoxedStrategy<Json> {
    Just(Json::Scalar(format!("\"{text}\""))).boxed()
}

/// An object of the members that chance lets in, in any order; rarely with an escaped name or one given twice.
fn members(
    members: impl IntoIterator<Item = (&'static str, f64, BoxedStrategy<Json>)>,
) -> BoxedStrategy<Json> {
    let each: Vec<_> = members
        .into_iter()
        .map(|(name, chance, value)| weighted(chance, value.prop_map(move |value| (name.to_owned(), value))))
        .collect();
    let given = each.prop_map(|members| members.into_iter().flatten().collect::<Vec<_>>());
    let twist = prop_oneof![
        40 => Just(Twist::None),
        1 => any::<prop::sample::Index>().prop_map(Twist::Escape),
        1 => (any::<prop::sample::Index>(), odd()).prop_map(|(which, value)| Twist::Double(which, value)),
    ];
    (given, twist)
        .prop_map(|(members, twist)| twist.apply(members))
        .prop_shuffle()
        .prop_map(Json::Object)
        .boxed()
}

/// What is unusual about an object.
#[derive(Clone, Debug)]
enum Twist {
    None,
    Escape(prop::sample::Index),
    Double(prop::sample::Index, Json),
}

impl Twist {
    fn apply(self, mut members: Vec<(String, Json)>) -> Vec<(String, Json)> {
        match self {
            Self::Escape(which) if !members.is_empty() => {
                let name = &mut which.get_mut(&mut members).0;
                let first = name.remove(0);
                *name = format!("\\u{:04x}{name}", u32::from(first));
            }
            Self::Double(which, value) if !members.is_empty() => {
                let name = which.get(&members).0.clone();
                members.push((name, value));
            }
            _ => {}
        }
        members
    }
}

/// Rarely null, which is absent, or something else in place of what is expected.
fn or_odd(usual: impl Strategy<Value = Json> + 'static) -> BoxedStrategy<Json> {
    prop_oneof![40 => usual, 1 => Just(Json::scalar("null")), 1 => odd()].boxed()
}

/// A value of any type and form.
fn odd() -> BoxedStrategy<Json> {
    let scalars = vec![
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1.50",
        "1e999",
        "-1E-999",
        "\"\"",
        "\"\\ud83d\"",
        "\"\\ud83d\\ude00\"",
        "\"\\u0000\"",
        "\"\\\"]}\"",
        "\"\\\\\"",
        "\"ä €\u{2028}\u{1f600}\"",
    ];
    let scalar = select(scalars).prop_map(Json::scalar);
    let name = select(vec!["id", "mid", "", "field", "\\ud83d", "é", "\\\"", "0"]).prop_map(str::to_owned);
    scalar
        .prop_recursive(3, 8, 3, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Json::Array),
                prop::collection::vec((name.clone(), inner), 0..3).prop_map(Json::Object),
            ]
        })
        .boxed()
}
