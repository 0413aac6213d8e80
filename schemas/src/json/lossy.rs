//! Reads JSON whose texts may end in half a character, as cutting them at a length leaves it.

use super::end_of_string;
use serde_json::Value;

/// What stands for half a character: U+FFFD.
const HALF: &str = r"\ufffd";

/// Reads any JSON. Half of a surrogate pair, which is no text to `serde_json`, becomes U+FFFD, so that all else is not lost.
///
/// # Errors
///
/// Where it is no JSON.
pub fn read_any(json: &str) -> serde_json::Result<Value> {
    serde_json::from_str(json).or_else(|_| serde_json::from_str(&whole(json)))
}

/// Valid JSON without white space between its parts, in which each half of a surrogate pair is replaced; all else, numbers too,
/// stands as it did.
pub fn one_line(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    let whole = whole(json);
    let mut rest = &*whole;
    while let Some((between, string)) = rest.find('"').map(|at| rest.split_at(at)) {
        let end = end_of_string(string.as_bytes(), 0).unwrap_or(string.len());
        let (string, behind) = string.split_at_checked(end).unwrap_or((string, ""));
        line.extend(between.split_ascii_whitespace().chain([string]));
        rest = behind;
    }
    line.extend(rest.split_ascii_whitespace());
    line
}

/// JSON in which each half of a surrogate pair is replaced.
fn whole(json: &str) -> String {
    let mut whole = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escapes)) = rest.find('\\').map(|at| rest.split_at(at)) {
        let (written, length) = first(escapes);
        whole.extend([before, written]);
        rest = escapes.get(length..).unwrap_or_default();
    }
    whole + rest
}

/// The escape that `escapes` begin with, or what stands for it, and its length in bytes.
fn first(escapes: &str) -> (&str, usize) {
    let unit = |at: usize| {
        let digits = escapes.get(at..at + 6)?.strip_prefix(r"\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let length = match (unit(0), unit(6)) {
        (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
        (Some(0xD800..=0xDFFF), _) => return (HALF, 6),
        (Some(_), _) => 6,
        (None, _) => 2,
    };
    (escapes.get(..length).unwrap_or(escapes), length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn half_a_character_is_replaced_wherever_it_stands() {
        let read =
            read_any(r#"{"\ud83d":["so good \ud83d","\ude00\ud83d","\ud83d\ud83d\ude00","\udbff\u0041"]}"#);
        assert_eq!(
            read.unwrap(),
            json!({"\u{FFFD}": ["so good \u{FFFD}", "\u{FFFD}\u{FFFD}", "\u{FFFD}😀", "\u{FFFD}A"]})
        );
    }

    #[test]
    fn all_else_is_read_as_it_stands() {
        let read =
            read_any(r#"{"a":"\ud83d\ude00\\ud83d\"\n\u00e9é\ud83d","id":18029384756473830,"b":[0.5,null]}"#);
        assert_eq!(
            read.unwrap(),
            json!({"a": "😀\\ud83d\"\néé\u{FFFD}", "id": 18_029_384_756_473_830_u64, "b": [0.5, null]})
        );
    }

    #[test]
    fn on_one_line_all_stands_as_it_did() {
        let json = "{ \"a b\" : [1.50 ,\t1e400, \"\\\"  \\n\\ud83d \"],\r\n \"id\":123456789012345678901 }\n";
        let line = r#"{"a b":[1.50,1e400,"\"  \n\ufffd "],"id":123456789012345678901}"#;
        assert_eq!(one_line(json), line);
        assert_eq!(one_line(" null "), "null");
        for broken in ["\"a", "\"\\", "{\"a\"", ""] {
            assert_eq!(one_line(broken), broken);
        }
    }

    #[test]
    fn what_is_no_json_is_none_after_all() {
        for json in ["", "\\", r"\ud83", r#""\ud83d"#, r#""\ud83ä""#, r#""\"#, "\\é", r#"{"a":"\ud83d",}"#]
        {
            assert!(read_any(json).is_err(), "{json}");
        }
    }
}
