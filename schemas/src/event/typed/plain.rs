//! Reads a typed record as ingest lays it out, for less than it takes to read any JSON.
//!
//! All else is for [`serde_json`], which also says what is wrong with it; what is read here it would read alike.

use super::TypedEvent;
use memchr::memchr;
use std::borrow::Cow;

/// Reads a record without white space and escapes outside of `data`, which comes last; `None` for any other.
pub(super) fn read(record: &str) -> Option<TypedEvent<'_>> {
    let (mut id, mut source, mut event_type, mut metaobject, mut metacarrier, mut deliveryid) =
        Default::default();
    let (mut subject, mut time, mut recordedtime, mut metaaccount, mut metafield) = Default::default();
    let mut metatest = None;
    let mut rest = record.strip_prefix('{')?;
    loop {
        let (name, value) = string(rest)?;
        let value = value.strip_prefix(':')?;
        let place = match name {
            "id" => &mut id,
            "source" => &mut source,
            "type" => &mut event_type,
            "subject" => &mut subject,
            "time" => &mut time,
            "recordedtime" => &mut recordedtime,
            "metaobject" => &mut metaobject,
            "metaaccount" => &mut metaaccount,
            "metacarrier" => &mut metacarrier,
            "metafield" => &mut metafield,
            "deliveryid" => &mut deliveryid,
            "metatest" => {
                let is_test = value.starts_with('t');
                rest = value.strip_prefix(if is_test { "true," } else { "false," })?;
                if metatest.replace(is_test).is_some() {
                    return None;
                }
                continue;
            }
            "data" => {
                rest = value;
                break;
            }
            _ => &mut None,
        };
        let (text, behind) = string(value)?;
        // A name given twice is refused.
        if place.replace(Cow::Borrowed(text)).is_some() {
            return None;
        }
        rest = behind.strip_prefix(',')?;
    }
    let envelope = &record.as_bytes()[..record.len() - rest.len()];
    // All of it, as that can be done for many bytes at once.
    if envelope.iter().fold(0, |seen, byte| seen | u8::from(*byte < b' ' || *byte == b'\\')) != 0 {
        return None;
    }
    Some(TypedEvent {
        id: id?,
        source: source?,
        event_type: event_type?,
        subject,
        time,
        recordedtime,
        metaobject: metaobject?,
        metaaccount,
        metacarrier: metacarrier?,
        metafield,
        metatest: metatest.unwrap_or_default(),
        deliveryid: deliveryid?,
        data: serde_json::from_str(rest.strip_suffix('}')?).ok()?,
    })
}

/// What stands between two quotes at the beginning of `text`, and what is behind them; escapes are not looked for.
fn string(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('"')?;
    let end = memchr(b'"', inside.as_bytes())?;
    Some((inside.get(..end)?, inside.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = concat!(
        r#"{"specversion":"1.0","id":"0","source":"/meta/page/1","type":"com.meta.page.message.v1","subject":"1:2","#,
        r#""time":"2025-07-18T10:35:10.447Z","metaobject":"page","metaaccount":"1","metacarrier":"messaging","#,
        r#""metatest":true,"deliveryid":"0","data":{ "a" : ["\"}"] } }"#
    );

    /// What is read here, and what `serde_json` reads; that is refused by both where one of them refuses it.
    fn both(record: &str) -> [Option<String>; 2] {
        let text = |event: &TypedEvent<'_>| format!("{event:?}");
        [read(record).as_ref().map(text), serde_json::from_str(record).as_ref().ok().map(text)]
    }

    #[test]
    fn what_ingest_lays_out_is_read_as_serde_json_reads_it() {
        for without in ["", r#""subject":"1:2","#, r#""metatest":true,"#, r#""specversion":"1.0","#] {
            let [plain, any] = both(&RECORD.replace(without, ""));
            assert!(plain.is_some() && plain == any, "{without}: {plain:?}");
        }
        assert_eq!(both(RECORD)[0], both(RECORD)[1]);
    }

    #[test]
    fn what_is_laid_out_otherwise_is_left_to_serde_json() {
        for (from, to) in [
            (r#""id":"#, r#""id": "#),
            (r#""1:2""#, "null"),
            (r#""1:2""#, r#""1:\u0032""#),
            (r#""specversion":"1.0""#, r#""later":7"#),
            (r#""specversion":"1.0""#, r#""spec\u0076ersion":"1.0""#),
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
