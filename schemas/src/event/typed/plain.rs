//! Reads a typed record as ingest lays it out, for less than it takes to read any JSON.
//!
//! All else is for [`serde_json`], which also says what is wrong with it; what is read here it would read alike.

use super::TypedEvent;
use memchr::memchr;
use std::borrow::Cow;

/// Reads a record whose members are those that [`Event::write_json`](crate::Event::write_json) writes, in its order, without white space
/// and escapes outside of `data`; `None` for any other.
pub(super) fn read(record: &str) -> Option<TypedEvent<'_>> {
    let mut rest = record.strip_prefix(r#"{"specversion":"1.0","#)?;
    let id = text(&mut rest, r#""id":""#)?;
    let source = text(&mut rest, r#""source":""#)?;
    let event_type = text(&mut rest, r#""type":""#)?;
    let subject = text(&mut rest, r#""subject":""#);
    let time = text(&mut rest, r#""time":""#);
    rest = rest.strip_prefix(r#""datacontenttype":"application/json","#)?;
    let recordedtime = text(&mut rest, r#""recordedtime":""#);
    let metaobject = text(&mut rest, r#""metaobject":""#)?;
    let metaaccount = text(&mut rest, r#""metaaccount":""#);
    let metacarrier = text(&mut rest, r#""metacarrier":""#)?;
    let metafield = text(&mut rest, r#""metafield":""#);
    rest = rest.strip_prefix(r#""metatest":"#)?;
    let metatest = rest.starts_with('t');
    rest = rest.strip_prefix(if metatest { "true," } else { "false," })?;
    let deliveryid = text(&mut rest, r#""deliveryid":""#)?;
    rest = rest.strip_prefix(r#""data":"#)?;
    let envelope = &record.as_bytes()[..record.len() - rest.len()];
    // All of it, as that can be done for many bytes at once.
    if envelope.iter().fold(0, |seen, byte| seen | u8::from(*byte < b' ' || *byte == b'\\')) != 0 {
        return None;
    }
    Some(TypedEvent {
        id,
        source,
        event_type,
        subject,
        time,
        recordedtime,
        metaobject,
        metaaccount,
        metacarrier,
        metafield,
        metatest,
        deliveryid,
        data: serde_json::from_str(rest.strip_suffix('}')?).ok()?,
    })
}

/// The text of the member that begins with `name`, up to its quote, where `rest` goes on with it; escapes are not looked for. Where it
/// does not, the member is absent, or in another place, where nobody expects it.
fn text<'a>(rest: &mut &'a str, name: &str) -> Option<Cow<'a, str>> {
    let inside = rest.strip_prefix(name)?;
    let end = memchr(b'"', inside.as_bytes())?;
    *rest = inside.get(end + 1..)?.strip_prefix(',')?;
    inside.get(..end).map(Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = concat!(
        r#"{"specversion":"1.0","id":"0","source":"/meta/page/1","type":"com.meta.page.message.v1","subject":"1:2","#,
        r#""time":"2025-07-18T10:35:10.447Z","datacontenttype":"application/json","recordedtime":"2025-07-18T10:35:11.447Z","#,
        r#""metaobject":"page","metaaccount":"1","metacarrier":"messaging","metatest":true,"deliveryid":"0","#,
        r#""data":{ "a" : ["\"}"] } }"#
    );

    /// What is read here, and what `serde_json` reads; that is refused by both where one of them refuses it.
    fn both(record: &str) -> [Option<String>; 2] {
        let text = |event: &TypedEvent<'_>| format!("{event:?}");
        [read(record).as_ref().map(text), serde_json::from_str(record).as_ref().ok().map(text)]
    }

    #[test]
    fn what_ingest_lays_out_is_read_as_serde_json_reads_it() {
        for without in
            ["", r#""subject":"1:2","#, r#""time":"2025-07-18T10:35:10.447Z","#, r#""metaaccount":"1","#]
        {
            let [plain, any] = both(&RECORD.replace(without, ""));
            assert!(plain.is_some() && plain == any, "{without}: {plain:?}");
        }
        let body = r#"{"object":"page","entry":[{"id":"1","time":1,"changes":[{"field":"feed","value":{}}],
            "messaging":[{"sender":{"id":"2"},"message":{}}]},{"messaging":[1]},{"changed_fields":["a"]}]}"#;
        let (delivery_id, received) = ("0", "2025-07-18T10:35:11.447Z");
        for event in crate::split(body.as_bytes(), 10).events {
            let mut record = Vec::new();
            event.write_json(crate::Reception { delivery_id, received }, &mut record);
            let [plain, any] = both(str::from_utf8(&record).unwrap());
            assert!(plain.is_some() && plain == any, "{event:?}");
        }
    }

    #[test]
    fn what_is_laid_out_otherwise_is_left_to_serde_json() {
        for (from, to) in [
            (r#""id":"#, r#""id": "#),
            (r#""1:2""#, "null"),
            (r#""1:2""#, r#""1:\u0032""#),
            (r#""specversion":"1.0""#, r#""later":7"#),
            (r#""specversion":"1.0""#, r#""spec\u0076ersion":"1.0""#),
            (r#""specversion":"1.0","#, ""),
            (r#""metatest":true,"#, ""),
            (r#""metaobject""#, r#""later":"1","metaobject""#),
        ] {
            let [plain, any] = both(&RECORD.replace(from, to));
            assert!(plain.is_none() && any.is_some(), "{to}: {any:?}");
        }
        let last = RECORD.replace(" }", r#","later":"1"}"#);
        assert!(read(&last).is_none() && serde_json::from_str::<TypedEvent<'_>>(&last).is_ok());
    }

    #[test]
    fn what_serde_json_refuses_is_not_read() {
        for (from, to) in [
            (r#""specversion":"1.0""#, r#""id":"1""#),
            (r#""specversion":"1.0""#, r#""metatest":false"#),
            (r#""id":"0","#, ""),
            (r#""id":"0""#, r#""id":0"#),
            (r#""id":"0""#, "\"id\":\"\n\""),
            (r#""id":"0""#, "\"id\":\"0\",\"\t\":\"\""),
            ("true", "truth"),
            (r#"["\"}"]"#, "[1,]"),
            (r#"["\"}"]"#, r#"["\"}"]}"#),
            ("} }", "}"),
            ("} }", "} }}"),
            (r#"0","data""#, r#"0",,"data""#),
            (r#"0","data""#, r#"0""data""#),
        ] {
            assert_eq!(both(&RECORD.replace(from, to)), [None, None], "{to}");
        }
    }
}
