//! Many reads in one HTTP request, as Meta's page on batch requests describes: pure.
//!
//! Items go as a JSON array in the parameter `batch`; the answer is an array in the same order, an item that Meta did not
//! get to is null. Item headers are asked for, since Meta puts the usage of an item's account there.

mod answered_item;

use crate::client::{Outcome, Reply};
use crate::{AccessToken, Answer, CallError, Refusal, Usage};
use answered_item::AnsweredItem;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use std::borrow::Cow;

/// Meta answers no batch of more items.
pub const LARGEST_BATCH: usize = 50;

/// One read of a batch.
#[derive(Clone, Copy, Debug)]
pub struct BatchItem<'a> {
    /// Path and query under the host, without token.
    pub relative_url: &'a str,
    /// The token that it is read with.
    pub token: &'a AccessToken,
}

#[derive(Serialize)]
struct Asked<'a> {
    method: &'static str,
    relative_url: Cow<'a, str>,
}

/// The value of the parameter `batch`.
///
/// The batch is sent in the name of the first item's token, which stands in for items without one; an item with another
/// token has it, and the proof of its use, in the query of its own.
pub(crate) fn encode(items: &[BatchItem<'_>]) -> String {
    let own = items.first().map(|first| first.token);
    let asked: Vec<_> = items
        .iter()
        .map(|item| {
            let relative_url = if Some(item.token) == own {
                item.relative_url.into()
            } else {
                let separator = if item.relative_url.contains('?') { '&' } else { '?' };
                format!("{}{separator}{}", item.relative_url, item.token.parameters()).into()
            };
            Asked { method: "GET", relative_url }
        })
        .collect();
    serde_json::to_string(&asked).expect("strings are JSON")
}

/// Parameters as a form.
pub(crate) fn form(parameters: &[(&'static str, String)]) -> String {
    let pair =
        |(name, value): &(&str, String)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
    parameters.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The replies of an answered batch, one for each of `count` items whose bodies may have `max_bytes`.
pub(crate) fn decode(
    status: u16,
    body: &[u8],
    count: usize,
    max_bytes: usize,
) -> Result<Vec<Reply<Outcome>>, CallError> {
    match AnsweredItem::all(body) {
        Ok(answered) if answered.len() == count && (200..=299).contains(&status) => {
            Ok(answered.into_iter().map(|item| reply(item, max_bytes)).collect())
        }
        Ok(_) => Err(malformed(status)),
        Err(_) => match Answer::read(status, body) {
            Answer::Refused(refusal) | Answer::Done(refusal) => Err(CallError::Refused(refusal)),
            Answer::Found(_) | Answer::Gone(_) => Err(malformed(status)),
        },
    }
}

fn reply(answered: Option<AnsweredItem<'_>>, max_bytes: usize) -> Reply<Outcome> {
    let Some(item) = answered else {
        return Reply { result: Err(CallError::Unanswered), usage: Usage::default() };
    };
    let usage = Usage::read(item.headers());
    let body = item.body.unwrap_or_default();
    let result = if body.len() > max_bytes {
        Err(CallError::TooLarge { limit: max_bytes })
    } else {
        Outcome::of_read(Answer::read(item.code, body.as_bytes()))
    };
    Reply { result, usage }
}

fn malformed(status: u16) -> CallError {
    CallError::Refused(Refusal { status, ..Refusal::malformed() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(name: &str, secret: &str) -> AccessToken {
        AccessToken::parse(name, secret, None).unwrap()
    }

    fn classes(body: &str, count: usize) -> Result<Vec<&'static str>, &'static str> {
        let class = |reply: Reply<Outcome>| match reply.result {
            Ok(Outcome::Found(_)) => "found",
            Ok(Outcome::Gone(_)) => "gone",
            Err(error) => error.class(),
        };
        let replies = decode(200, body.as_bytes(), count, 40).map_err(|error| error.class())?;
        Ok(replies.into_iter().map(class).collect())
    }

    #[test]
    fn items_of_another_token_have_it_in_their_own_query() {
        let (one, other) = (token("1", "EAAone"), token("2", "EAA&two"));
        let item = |relative_url, token| BatchItem { relative_url, token };
        let items =
            [item("v26.0/1?fields=id{x}", &one), item("v26.0/2?fields=id", &other), item("v26.0/3", &other)];
        assert_eq!(
            encode(&items),
            r#"[{"method":"GET","relative_url":"v26.0/1?fields=id{x}"},{"method":"GET","relative_url":"v26.0/2?fields=id&access_token=EAA%26two"},{"method":"GET","relative_url":"v26.0/3?access_token=EAA%26two"}]"#
        );
    }

    #[test]
    fn every_item_has_its_own_outcome() {
        let body = r#"[{"code":200,"body":"{\"id\":\"1\"}"},null,{"code":400,"body":"{\"error\":{\"code\":190}}"},
            {"code":404,"headers":null,"body":"{\"error\":{\"code\":100,\"error_subcode\":33}}"},
            {"code":200,"body":"{\"id\":"},{"code":200},{"code":500,"body":""},{"code":302,"body":""},
            {"code":200,"body":"{\"success\":false}"}]"#;
        let expected = [
            "found",
            "timed_out_in_batch",
            "token",
            "answer_too_large",
            "malformed_answer",
            "malformed_answer",
            "transient",
            "redirected",
            "malformed_answer",
        ];
        assert_eq!(classes(body, 9).unwrap(), expected);
    }

    #[test]
    fn the_usage_of_an_item_is_that_of_its_headers() {
        let body =
            r#"[{"code":200,"headers":[{"name":"X-App-Usage","value":"{\"call_count\":77}"}],"body":"{}"}]"#;
        let replies = decode(200, body.as_bytes(), 1, 40).unwrap();
        assert_eq!(replies[0].usage.app.map(crate::Share::highest), Some(77.0));
    }

    #[test]
    fn an_answer_of_another_length_or_form_is_about_the_whole_batch() {
        assert_eq!(classes("[null]", 2), Err("malformed_answer"));
        assert_eq!(classes("{}", 1), Err("malformed_answer"));
        assert_eq!(classes("<html>", 1), Err("malformed_answer"));
        assert_eq!(classes(r#"{"error":{"code":190}}"#, 1), Err("token"));
        assert_eq!(classes(r#"{"error":{"code":4}}"#, 1), Err("throttled"));
        assert_eq!(classes(r#"{"error":{"code":100,"error_subcode":33}}"#, 1), Err("malformed_answer"));
    }
}
