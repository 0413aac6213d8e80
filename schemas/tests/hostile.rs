//! Bodies made to hurt: none may panic, overflow a small stack, or come to anything but what the event reference says.
//!
//! Each is as large as the cap of a body lets it be, where size is what hurts.

#[path = "properties/invariants.rs"]
mod invariants;
#[path = "properties/items.rs"]
mod items;

use invariants::MAX_EVENTS;
use schemas::{Kind, Refusal, split};
use std::thread;

/// The default cap of a body.
const CAP: usize = 4 * 1024 * 1024;
/// An eighth of what the threads have that split in production.
const STACK: usize = 256 * 1024;

/// Below this, what is expected of a body is counted too, which takes many passes over it.
const SMALL: usize = 64 * 1024;

type Outcome = (Option<Refusal>, Vec<Kind>);

/// Splits `body` on a small stack and checks what must hold for every body.
fn outcome(name: &str, body: &[u8]) -> Outcome {
    assert!(body.len() <= CAP, "{name} is larger than any body that is split");
    let on_small_stack = || {
        let split = split(body, MAX_EVENTS);
        if body.len() < SMALL {
            invariants::hold_for(body);
        }
        (split.refusal, split.events.iter().map(|event| event.kind.kind).collect())
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, on_small_stack);
        let outcome = thread.expect("a thread starts").join();
        assert!(outcome.is_ok(), "{name} panics");
        outcome.unwrap_or_default()
    })
}

fn refused(refusal: Refusal) -> Outcome {
    (Some(refusal), Vec::new())
}

fn events(kinds: &[Kind]) -> Outcome {
    (None, kinds.to_vec())
}

/// A delivery with one entry that has these members beside its id.
fn entry(members: &str) -> String {
    format!(r#"{{"object":"instagram","entry":[{{"id":"17","time":1752834910447,{members}}}]}}"#)
}

/// A delivery with one message that has these members beside its `mid`.
fn message(members: &str) -> String {
    entry(&format!(
        r#""messaging":[{{"sender":{{"id":"68"}},"recipient":{{"id":"17"}},"message":{{"mid":"m_1",{members}}}}}]"#
    ))
}

/// As much of `piece`, between commas, as fits the cap beside a delivery around it.
fn many(piece: &str) -> String {
    let times = (CAP - 4096) / (piece.len() + 1);
    let mut list = format!("{piece},").repeat(times);
    list.pop();
    list
}

fn nested(depth: usize, open: &str, close: &str) -> String {
    format!("{}{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn deep_nesting_is_refused_wherever_it_stands() {
    for depth in [129, 100_000, CAP / 2] {
        let arrays = nested(depth, "[", "]");
        assert_eq!(outcome("nested arrays", arrays.as_bytes()), refused(Refusal::TooDeep), "{depth}");
    }
    let objects = format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    assert_eq!(outcome("nested objects", objects.as_bytes()), refused(Refusal::TooDeep));
    let both = format!("{}1{}", r#"[{"a":"#.repeat(100_000), "}]".repeat(100_000));
    assert_eq!(outcome("nested arrays and objects", both.as_bytes()), refused(Refusal::TooDeep));
    let inside = message(&format!(r#""attachments":{}"#, nested(100_000, "[", "]")));
    assert_eq!(outcome("nested arrays in a message", inside.as_bytes()), refused(Refusal::TooDeep));
    let open = "[".repeat(CAP);
    assert_eq!(outcome("arrays that do not close", open.as_bytes()), refused(Refusal::NotJson));
    let open = r#"{"a":"#.repeat(CAP / 5);
    assert_eq!(outcome("objects that do not close", open.as_bytes()), refused(Refusal::NotJson));
}

#[test]
fn nesting_of_128_is_read() {
    // The delivery, its entries, an entry, its items, an item and its message are six.
    let deepest = message(&format!(r#""text":"a","x":{}"#, nested(122, "[", "]")));
    assert_eq!(outcome("nesting of 128", deepest.as_bytes()), events(&[Kind::Message]));
    let deeper = message(&format!(r#""text":"a","x":{}"#, nested(123, "[", "]")));
    assert_eq!(outcome("nesting of 129", deeper.as_bytes()), refused(Refusal::TooDeep));
    let in_text = message(&format!(r#""text":"{}""#, "[{".repeat(1_000_000)));
    assert_eq!(outcome("brackets in a text", in_text.as_bytes()), events(&[Kind::Message]));
}

#[test]
fn a_million_empty_values_are_bounded() {
    let bodies = [("empty arrays", "[]"), ("empty objects", "{}")];
    for (name, piece) in bodies {
        let array = format!("[{}]", many(piece));
        assert_eq!(outcome(name, array.as_bytes()), refused(Refusal::NotADelivery));
        for carrier in ["messaging", "standby", "changes", "changed_fields"] {
            let items = entry(&format!(r#""{carrier}":[{}]"#, many(piece)));
            let name = format!("{name} as {carrier}");
            assert_eq!(outcome(&name, items.as_bytes()), refused(Refusal::TooManyEvents), "{name}");
        }
        let attachments = message(&format!(r#""attachments":[{}]"#, many(piece)));
        let name = format!("{name} as attachments");
        assert_eq!(outcome(&name, attachments.as_bytes()), events(&[Kind::Message]), "{name}");
    }
    let entries = format!(r#"{{"object":"page","entry":[{}]}}"#, many("{}"));
    assert_eq!(outcome("empty entries", entries.as_bytes()), events(&[]));
    let entries = format!(r#"{{"object":"page","entry":[{}]}}"#, many("[]"));
    assert_eq!(outcome("entries that are none", entries.as_bytes()), refused(Refusal::TooManyEvents));
    let deliveries = format!("[{}]", many(r#"{"object":"page","entry":[]}"#));
    assert_eq!(outcome("empty deliveries", deliveries.as_bytes()), events(&[]));
    let mentions = message(&format!(r#""attachments":[{}]"#, many(r#"{"type":"story_mention"}"#)));
    assert_eq!(outcome("story mentions in one", mentions.as_bytes()), events(&[Kind::StoryMention]));
}

#[test]
fn as_many_items_as_the_limit_are_read() {
    let item = r#"{"sender":{"id":"68"},"recipient":{"id":"17"},"message":{"mid":"m_1","text":"hello"}}"#;
    let items = |count: usize| entry(&format!(r#""messaging":[{}]"#, vec![item; count].join(",")));
    let (refusal, kinds) = outcome("10,000 messages", items(MAX_EVENTS).as_bytes());
    assert_eq!((refusal, kinds.len()), (None, MAX_EVENTS));
    let one_more = items(MAX_EVENTS + 1);
    assert_eq!(outcome("10,001 messages", one_more.as_bytes()), refused(Refusal::TooManyEvents));
}

#[test]
fn lone_surrogates_and_nul_are_read_as_any_other_character() {
    for odd in [r"\ud83d", r"\udc00", r"\ud83d\ud83d", r"\ude00\ud83d", r"\u0000", r"\ud83d\u0041"] {
        let text = message(&format!(r#""text":"{odd}""#));
        assert_eq!(outcome("an odd text", text.as_bytes()), events(&[Kind::Message]), "{odd}");
        let name = message(&format!(r#""{odd}":1"#));
        assert_eq!(outcome("an odd name", name.as_bytes()), events(&[Kind::Message]), "{odd}");
        let mid = message(r#""text":"a""#).replace("m_1", odd);
        assert_eq!(outcome("an odd mid", mid.as_bytes()), events(&[Kind::Message]), "{odd}");
        let ids = message(r#""text":"a""#).replace(r#""17""#, &format!(r#""{odd}""#));
        assert_eq!(outcome("an odd account", ids.as_bytes()), events(&[Kind::Message]), "{odd}");
        let event = &split(ids.as_bytes(), 1).events[0];
        assert_eq!((event.account.as_deref(), event.key.as_deref()), (None, None), "{odd}");
        let field = entry(&format!(r#""changes":[{{"field":"{odd}","value":{{}}}}]"#));
        assert_eq!(outcome("an odd field", field.as_bytes()), events(&[Kind::Unknown]), "{odd}");
        let item = r#"{"sender":{"id":"1"},"message":{"mid":"m"}}"#;
        let flat = entry(&format!(r#""field":"{odd}","value":{item}"#));
        assert_eq!(outcome("an odd field alone", flat.as_bytes()), events(&[Kind::Message]), "{odd}");
        assert_eq!(split(field.as_bytes(), 1).events[0].field, None, "{odd}");
        let object = format!(r#"{{"object":"{odd}","entry":[{{"id":"1","messaging":[{{}}]}}]}}"#);
        assert_eq!(outcome("an odd object", object.as_bytes()), events(&[Kind::Unknown]), "{odd}");
        assert_eq!(split(object.as_bytes(), 1).events[0].object, "other", "{odd}");
    }
    let surrogates = message(&format!(r#""text":"{}""#, r"\ud83d".repeat(CAP / 7)));
    assert_eq!(outcome("surrogates", surrogates.as_bytes()), events(&[Kind::Message]));
}

#[test]
fn what_is_no_json_in_utf_8_is_refused() {
    let text = message(r#""text":"hello""#);
    let bodies: [(&str, Vec<u8>); 9] = [
        ("nothing", Vec::new()),
        ("a byte order mark", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("a byte order mark of UTF-16", [b"\xff\xfe", text.as_bytes()].concat()),
        ("UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("NUL in a text", text.replace("hello", "\0").into_bytes()),
        ("NUL after the end", format!("{text}\0").into_bytes()),
        ("NULs", vec![0; CAP]),
        ("white space", vec![b' '; CAP]),
        ("bytes of no character", vec![0xff; CAP]),
    ];
    for (name, body) in bodies {
        assert_eq!(outcome(name, &body), refused(Refusal::NotJson), "{name}");
    }
    for broken in [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\xbd", b"\xf4\x90\x80\x80", b"\xe2\x82"] {
        let at = text.find("hello").expect("the text is there");
        let body = [&text.as_bytes()[..at], broken, &text.as_bytes()[at..]].concat();
        assert_eq!(outcome("no UTF-8 in a text", &body), refused(Refusal::NotJson), "{broken:x?}");
    }
}

#[test]
fn members_given_twice_are_typed_or_refused_at_every_level() {
    let twice = |whole: &str, member: &str| whole.replacen(member, &format!("{member},{member}"), 1);
    let whole = entry(
        r#""changes":[{"field":"comments","value":{"id":"1","from":{"id":"2"},"media":{"id":"3"},"text":"a"}}]"#,
    );
    let carried = whole.get(whole.find(r#""changes":"#).expect("the carrier is there")..whole.len() - 3);
    for member in [
        r#""object":"instagram""#,
        r#""id":"17""#,
        r#""time":1752834910447"#,
        r#""field":"comments""#,
        carried.expect("the carrier ends before the brackets of the entry"),
    ] {
        let body = twice(&whole, member);
        assert_ne!(body, whole, "{member}");
        assert_eq!(outcome("a member twice", body.as_bytes()), refused(Refusal::NotADelivery), "{member}");
    }
    for member in [r#""id":"1""#, r#""id":"2""#, r#""id":"3""#, r#""text":"a""#, r#""media":{"id":"3"}"#] {
        let body = twice(&whole, member);
        assert_eq!(outcome("a member twice", body.as_bytes()), events(&[Kind::Comment]), "{member}");
    }
    let unread = entry(&format!(r#""messaging":[],{}"#, many(r#""a":1"#)));
    assert_eq!(outcome("one unread member", unread.as_bytes()), events(&[]));
    let read = entry(&many(r#""messaging":[]"#));
    assert_eq!(outcome("one carrier", read.as_bytes()), refused(Refusal::NotADelivery));
    let main = entry(&format!(r#""messaging":[{{{}}}]"#, many(r#""message":{"mid":"1"}"#)));
    assert_eq!(outcome("one main member", main.as_bytes()), events(&[Kind::Message]));
    let mid = message(&many(r#""mid":"m_2""#));
    assert_eq!(outcome("one mid", mid.as_bytes()), events(&[Kind::Message]));
}

#[test]
fn numbers_of_any_size_are_read_digit_for_digit() {
    let long = "9".repeat(400);
    for number in
        [&*long, "1e999", "-1e999", "1e-999", "-0", "0.1e1000000000000000000000", &format!("0.{long}")]
    {
        let whole = message(r#""text":"a""#);
        let everywhere = whole.replace(r#""68""#, number).replace("1752834910447", number);
        let everywhere = everywhere.replace(r#""m_1""#, number);
        assert_eq!(outcome("an odd number", everywhere.as_bytes()), events(&[Kind::Message]), "{number}");
        assert_eq!(split(everywhere.as_bytes(), 1).events[0].time, None, "{number}");
        let account = whole.replace(r#""17""#, number);
        let account = split(account.as_bytes(), 1).events.remove(0).account.map(String::from);
        assert_eq!(account, (number.len() <= 128).then(|| number.to_owned()));
    }
    let huge = message(&format!(r#""num":{}"#, "9".repeat(CAP - 4096)));
    assert_eq!(outcome("a huge number", huge.as_bytes()), events(&[Kind::Message]));
    for broken in ["01", "1.", ".5", "1e", "+1", "-", "NaN", "Infinity", "0x1"] {
        let body = message(&format!(r#""num":{broken}"#));
        assert_eq!(outcome("no number", body.as_bytes()), refused(Refusal::NotJson), "{broken}");
    }
}

#[test]
fn huge_strings_and_many_small_values_are_read() {
    let fill = CAP - 4096;
    let texts = [
        ("a huge text", "a".repeat(fill)),
        ("a huge text of escapes", r"\n".repeat(fill / 2)),
        ("a huge text of quotes", r#"\""#.repeat(fill / 2)),
        ("a huge text of backslashes", r"\\".repeat(fill / 2)),
        ("a huge text of four-byte characters", "\u{1f600}".repeat(fill / 4)),
    ];
    for (name, text) in texts {
        let body = message(&format!(r#""text":"{text}""#));
        assert_eq!(outcome(name, body.as_bytes()), events(&[Kind::Message]), "{name}");
    }
    let (name, text) = ("a huge string of escapes", r"\n".repeat(fill / 2));
    let body = message(&format!(r#""{text}":1"#));
    assert_eq!(outcome(&format!("{name} as a name"), body.as_bytes()), events(&[Kind::Message]));
    for (part, place) in [("mid", "m_1"), ("user", "68"), ("account", "17")] {
        let body = message(r#""text":"a""#).replacen(place, &text, 1);
        assert_eq!(outcome(&format!("{name} as {part}"), body.as_bytes()), events(&[Kind::Message]));
    }
    for piece in ["0", "null", r#""""#, "-1.5e+3", "[[[[]]]]", r#"{"a":{"b":{}}}"#] {
        let body = message(&format!(r#""values":[{}]"#, many(piece)));
        let name = format!("values {piece}");
        assert_eq!(outcome(&name, body.as_bytes()), events(&[Kind::Message]), "{name}");
    }
    let spaces = message(&format!("{}\"text\":\"a\"", " \t\r\n".repeat(fill / 4)));
    assert_eq!(outcome("white space within", spaces.as_bytes()), events(&[Kind::Message]));
}
