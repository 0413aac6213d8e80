//! Any bytes as an answer of the Graph API: what is published of it is bounded, and what is logged of it quotes nothing.

#![no_main]

#[path = "../../../consumers/graph/src"]
#[allow(dead_code, reason = "not all of it is used here")]
mod graph {
    pub mod answer;
    pub mod usage;
}

use graph::answer::{Answer, MAX_DEPTH};
use graph::usage::Usage;
use serde_json::value::RawValue;
use std::time::Duration;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [high, low, body @ ..] = input else { return };
    let status = 100 + u16::from_be_bytes([*high, *low]) % 500;
    match Answer::read(status, body) {
        Answer::Found(found) => is_bounded(found),
        Answer::Gone(error) => error.into_iter().for_each(is_bounded),
        Answer::Refused(refusal) => {
            let said = refusal.to_string();
            assert!(said.len() < 600 && !said.contains(char::is_control), "{said}");
        }
    }
    if let Ok(text) = std::str::from_utf8(body) {
        let usage = Usage::read([("x-app-usage", text), ("x-business-use-case-usage", text)]);
        assert!(usage.regain <= Duration::from_hours(24), "{usage:?}");
        let shares = [usage.app, usage.business].into_iter().flatten();
        shares.for_each(|share| assert!(share.highest().is_finite(), "{share:?}"));
    }
});

/// As deep as every reader's parser goes. A number that no double holds is JSON too, and passed on as it came.
fn is_bounded(published: &RawValue) {
    match serde_json::from_str::<serde_json::Value>(published.get()) {
        Ok(value) => assert!(depth(&value) <= MAX_DEPTH),
        Err(error) => assert!(error.to_string().starts_with("number out of range"), "{error}"),
    }
}

fn depth(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        serde_json::Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}
