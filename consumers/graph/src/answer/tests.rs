//! The table of answers, row by row.

use super::*;

fn error(code: i64, rest: &str) -> String {
    format!(
        r#"{{"error":{{"message":"Malformed access token EAAG","type":"OAuthException","code":{code}{rest}}}}}"#
    )
}

/// The class's word, or `found` and `gone`.
fn class(status: u16, body: &str) -> &'static str {
    match Answer::read(status, body.as_bytes()) {
        Answer::Found(_) => "found",
        Answer::Gone(_) => "gone",
        Answer::Done(_) => "done",
        Answer::Refused(refusal) => refusal.class.as_str(),
    }
}

#[test]
fn an_object_without_error_is_what_was_asked_for_verbatim() {
    let body = "{ \"id\": \"17\",\n \"text\": \"\\u00e4\" }";
    let sent = format!("\n{body} \n");
    let Answer::Found(found) = Answer::read(200, sent.as_bytes()) else { panic!("not found") };
    assert_eq!(found.get(), body);
}

#[test]
fn every_code_has_its_class() {
    for (class_of_codes, codes) in [
        ("token", &[190, 102][..]),
        ("not_reachable", &[551]),
        ("permission", &[3, 10, 200, 230, 299]),
        ("throttled", &[4, 9, 17, 32, 341, 613, 80_001, 80_002, 80_006]),
        ("blocked", &[368, 2_022]),
        ("transient", &[-2, -1, 1, 2, 1_200]),
        ("try_later", &[2_018_321]),
        ("thread_control", &[2_018_300]),
        ("gone", &[33, 803, 9_000_001]),
        ("invalid_call", &[100, 506, 10_303, 2_071_010]),
        ("unknown_code", &[-7, 0, 300, 9_999]),
    ] {
        for code in codes {
            assert_eq!(class(400, &error(*code, "")), class_of_codes, "{code}");
        }
    }
}

#[test]
fn a_gone_object_is_told_by_its_subcode() {
    assert_eq!(class(400, &error(100, r#","error_subcode":33"#)), "gone");
    assert_eq!(class(400, &error(100, r#","error_subcode":2207006"#)), "invalid_call");
    assert_eq!(class(400, r#"{"error":{"code":"100","error_subcode":"33"}}"#), "gone");
}

#[test]
fn a_code_of_messenger_counts_as_a_subcode_too() {
    assert_eq!(class(400, &error(10, r#","error_subcode":2018300"#)), "thread_control");
    assert_eq!(class(400, &error(100, r#","error_subcode":2018218"#)), "not_reachable");
    assert_eq!(class(400, &error(10, r#","error_subcode":2018999"#)), "permission");
}

#[test]
fn an_error_counts_whatever_the_status() {
    assert_eq!(class(200, &error(190, "")), "token");
    assert_eq!(class(200, &error(80_002, "")), "throttled");
    assert_eq!(class(200, r#"{"error":"no"}"#), "unknown_code");
    assert_eq!(class(500, &error(190, r#","error_subcode":463"#)), "token");
    assert_eq!(class(500, &error(9_999, "")), "transient");
    // What no table knows is not final by its status: it may be the word of something in between, or be new.
    for status in [401, 403, 404, 410] {
        for body in [&*error(9_999, ""), r#"{"error":"Forbidden"}"#] {
            assert_eq!(class(status, body), "unknown_code", "{status} {body}");
        }
    }
    assert_eq!(class(200, r#"{"id":"17","error":null}"#), "found");
}

#[test]
fn a_transient_error_is_tried_again_unless_it_throttles() {
    assert_eq!(class(400, &error(10, r#","is_transient":true"#)), "transient");
    assert_eq!(class(404, &error(9_999, r#","is_transient":true"#)), "transient");
    assert_eq!(class(400, &error(100, r#","error_subcode":33,"is_transient":true"#)), "transient");
    assert_eq!(class(400, &error(4, r#","is_transient":true"#)), "throttled");
    assert_eq!(class(400, &error(190, r#","is_transient":false"#)), "token");
}

#[test]
fn the_status_decides_where_the_body_says_nothing() {
    for (status, expected) in [
        (301, "redirected"),
        (302, "redirected"),
        (307, "redirected"),
        (308, "redirected"),
        (300, "malformed_answer"),
        (303, "malformed_answer"),
        (304, "malformed_answer"),
        (400, "malformed_answer"),
        // Without an error of Meta's it is a proxy's or a firewall's, and says nothing of tokens and permissions.
        (401, "malformed_answer"),
        (403, "malformed_answer"),
        (404, "malformed_answer"),
        (408, "transient"),
        (410, "malformed_answer"),
        (429, "throttled"),
        (500, "transient"),
        (503, "transient"),
    ] {
        for body in ["<html>", r#"{"message":"Forbidden"}"#] {
            assert_eq!(class(status, body), expected, "{status} {body}");
        }
    }
}

#[test]
fn what_is_no_object_is_malformed() {
    for body in ["", "<html>", "[]", "false", "null", "\"x\"", r#"{"id":"#, "\u{feff}{}"] {
        assert_eq!(class(200, body), "malformed_answer", "{body}");
    }
    assert!(matches!(Answer::read(200, b"{\"id\":\"\xff\"}"), Answer::Refused(_)));
}

#[test]
fn a_refusal_says_codes_and_trace_and_none_of_metas_words() {
    let body = error(190, r#","error_subcode":463,"fbtrace_id":"AbC-12_x""#);
    let Answer::Refused(refusal) = Answer::read(400, body.as_bytes()) else { panic!("not refused") };
    assert_eq!(
        refusal.to_string(),
        "the Graph API answered 400 with error 190/463 (fbtrace_id AbC-12_x): the access token is not valid (any \
         more): put a new one into its file"
    );
    let odd = error(190, r#","fbtrace_id":"a person said""#);
    let Answer::Refused(refusal) = Answer::read(400, odd.as_bytes()) else { panic!("not refused") };
    assert_eq!(refusal.trace, None);
}

#[test]
fn a_secret_that_is_refused_is_told_from_a_token_that_is_and_from_people_who_say_so() {
    let read = |code: i64, message: &str| {
        let body = format!(r#"{{"error":{{"message":"{message}","code":{code},"is_transient":true}}}}"#);
        let Answer::Refused(refusal) = Answer::read(400, body.as_bytes()) else { panic!("{message}") };
        refusal
    };
    for (code, message) in [
        (100, "Invalid appsecret_proof provided in the API argument"),
        (100, "(#100) API calls from the server require an appsecret_proof argument"),
        (1, "Error validating client secret."),
    ] {
        let refusal = read(code, message);
        assert!(refusal.is_of_app_secret && refusal.class == RefusalClass::Token, "{refusal:?}");
        let said = refusal.to_string();
        assert!(said.contains("--graph-app-secret") && !said.contains("appsecret_proof"), "{said}");
    }
    let quoted = read(100, "Param text is too long: Invalid appsecret_proof provided");
    assert!(!quoted.is_of_app_secret && quoted.class == RefusalClass::Transient, "{quoted:?}");
}

#[test]
fn a_gone_object_keeps_what_the_graph_said() {
    let body = error(803, "");
    let Answer::Gone(Some(said)) = Answer::read(404, body.as_bytes()) else { panic!("not gone") };
    assert_eq!(said.get(), body);
    // A page of something in between is no word of the Graph API's.
    assert_eq!(class(404, "not here"), "malformed_answer");
}

#[test]
fn subcodes_tell_apart_what_their_code_does_not() {
    for (code, subcode, expected) in [
        (1, 99, "transient"),
        (1, 1_357_046, "done"),
        (-1, 2_207_001, "transient"),
        (10, 2_018_065, "window_closed"),
        (10, 2_018_278, "window_closed"),
        (10, 2_534_022, "window_closed"),
        (10, 2_018_108, "not_reachable"),
        (10, 1_893_063, "blocked"),
        (10, 2_534_077, "permission"),
        (10, 2_069_007, "permission"),
        (100, 2_018_001, "not_reachable"),
        (100, 2_534_037, "thread_control"),
        (100, 2_534_025, "invalid_call"),
        (200, 1_545_041, "not_reachable"),
        (200, 2_018_028, "permission"),
        (200, 2_534_041, "permission"),
        (551, 1_545_041, "not_reachable"),
        (613, 2_534_040, "throttled"),
        (9_999, 2_018_321, "try_later"),
    ] {
        assert_eq!(
            class(400, &error(code, &format!(r#","error_subcode":{subcode}"#))),
            expected,
            "{code}/{subcode}"
        );
    }
}

#[test]
fn what_was_refused_was_not_done_and_of_metas_own_trouble_nobody_knows() {
    let undone = |status, body: &str| match Answer::read(status, body.as_bytes()) {
        Answer::Refused(refusal) => refusal.class.is_undone(),
        Answer::Found(_) | Answer::Gone(_) | Answer::Done(_) => panic!("{body}"),
    };
    for code in [4, 10, 100, 190, 200, 368, 551, 2_018_321] {
        assert!(undone(400, &error(code, "")), "{code}");
    }
    for (status, body) in [
        (500, ""),
        (503, "<html>"),
        (200, "<html>"),
        (401, "<html>"),
        (403, "<html>"),
        (400, &*error(1, "")),
        (500, &error(2, "")),
        (400, &error(-1, "")),
        (400, &error(1_200, "")),
        (400, &error(9_999, "")),
    ] {
        assert!(!undone(status, body), "{status} {body}");
    }
}

#[test]
fn an_answer_that_nests_too_deep_for_readers_is_none() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        format!(r#"{{"a":"[[\"{{","b":{open}{close}}}"#)
    };
    assert!(matches!(Answer::read(200, nested(MAX_DEPTH).as_bytes()), Answer::Found(_)));
    let Answer::Refused(refusal) = Answer::read(200, nested(MAX_DEPTH + 1).as_bytes()) else { panic!() };
    assert_eq!(refusal.class, RefusalClass::Malformed);
    assert!(matches!(Answer::read(200, nested(100_000).as_bytes()), Answer::Refused(_)));
}
