//! Any bytes as an answer of the Graph API: what is published of it is bounded, and what is logged of it quotes nothing.

#![no_main]

#[path = "../../../consumers/graph/src"]
#[allow(dead_code, unused_imports, reason = "not all of it is used here")]
mod graph {
    pub mod answer;
    pub mod usage;

    pub mod batch {
        mod answered_item;

        /// Status, headers and body of each item that was answered.
        pub fn items(body: &[u8]) -> Vec<(u16, Vec<(String, String)>, String)> {
            let items = answered_item::AnsweredItem::all(body).unwrap_or_default();
            let owned = items.into_iter().flatten().map(|item| {
                let headers =
                    item.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
                (item.code, headers, item.body.unwrap_or_default().into_owned())
            });
            owned.collect()
        }
    }
}

use graph::answer::{Answer, MAX_DEPTH};
use graph::usage::Usage;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::time::Duration;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [high, low, body @ ..] = input else { return };
    let status = 100 + u16::from_be_bytes([*high, *low]) % 500;
    answer(status, body);
    if let Ok(text) = std::str::from_utf8(body) {
        usage([("x-app-usage", text), ("x-business-use-case-usage", text)]);
    }
    for (status, headers, body) in graph::batch::items(body) {
        answer(status, body.as_bytes());
        usage(headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    }
});

fn answer(status: u16, body: &[u8]) {
    match Answer::read(status, body) {
        Answer::Found(found) => is_bounded(found),
        Answer::Gone(error) => error.into_iter().for_each(is_bounded),
        Answer::Done(refusal) | Answer::Refused(refusal) => {
            let said = refusal.to_string();
            assert!(said.len() < 600 && !said.contains(char::is_control), "{said}");
        }
    }
}

fn usage<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) {
    let usage = Usage::read(headers);
    let budgets = usage.business.values();
    assert!(budgets.clone().all(|budget| budget.regain <= Duration::from_hours(24)), "{usage:?}");
    let mut shares = usage.app.into_iter().chain(budgets.map(|budget| budget.share));
    assert!(shares.all(|share| share.highest().is_finite()), "{usage:?}");
}

/// As deep as every reader's parser goes. A number that no double holds and half of a surrogate pair are JSON too, and
/// passed on as they came, so that the brackets are counted instead of having a value made of it.
fn is_bounded(published: &RawValue) {
    let text = published.get();
    assert!(serde_json::from_str::<IgnoredAny>(text).is_ok(), "{text}");
    assert!(depth(text) <= MAX_DEPTH, "{text}");
}

fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !quoted => depth -= 1,
            _ => {}
        }
    }
    deepest
}
