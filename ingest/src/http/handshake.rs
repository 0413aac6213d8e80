//! Meta's verification handshake: a pure decision from the query of a GET to the challenge to echo.
//!
//! Meta sends `hub.mode=subscribe`, `hub.verify_token` and `hub.challenge` when the webhook is saved in its dashboard,
//! and expects 200 with the challenge alone.

use crate::signature::Secret;
use percent_encoding::percent_decode_str;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use subtle::ConstantTimeEq as _;

const NOT_ONCE: &str = "hub.mode, hub.verify_token and hub.challenge are needed, each once";
const NO_TEXT: &str = "the query has to be percent-encoded UTF-8";
const OTHER_MODE: &str = "hub.mode has to be subscribe";
const NO_CHALLENGE: &str = "hub.challenge has to be 1 to 128 of A-Z a-z 0-9 _ -";
const UNKNOWN_TOKEN: &str = "hub.verify_token is none that is configured";

/// The challenge to echo, for a known verify token; else what is wrong.
pub(crate) fn challenge(query: Option<&str>, verify_tokens: &[Secret]) -> Result<String, &'static str> {
    let query = query.unwrap_or_default();
    if parameter(query, "hub.mode")?.as_ref() != "subscribe" {
        return Err(OTHER_MODE);
    }
    let token = parameter(query, "hub.verify_token")?;
    let challenge = parameter(query, "hub.challenge")?;
    if !is_challenge(&challenge) {
        return Err(NO_CHALLENGE);
    }
    if !is_known(&token, verify_tokens) {
        return Err(UNKNOWN_TOKEN);
    }
    Ok(challenge.into_owned())
}

/// The decoded value of the one parameter of this name. A bare name without `=` counts as one with an empty value.
fn parameter<'q>(query: &'q str, name: &str) -> Result<Cow<'q, str>, &'static str> {
    let mut values = query.split('&').filter_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decode_str(key).decode_utf8().ok()? == name).then_some(value)
    });
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(NOT_ONCE);
    };
    percent_decode_str(value).decode_utf8().map_err(|_| NO_TEXT)
}

fn is_challenge(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=128).contains(&text.len()) && text.bytes().all(allowed)
}

/// Compares in constant time with every token. A form-encoding client sends a space as `+`, so both readings count;
/// blanks around it do not, as they do not in the files.
fn is_known(token: &str, verify_tokens: &[Secret]) -> bool {
    let spaced = token.replace('+', " ");
    let readings = [token.trim_ascii(), spaced.trim_ascii()].map(Sha256::digest);
    verify_tokens.iter().fold(false, |known, secret| {
        let expected = Sha256::digest(secret.bytes());
        readings.iter().fold(known, |known, reading| known | bool::from(reading.ct_eq(&expected)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(query: &str) -> Result<String, &'static str> {
        challenge(Some(query), &[Secret::new("default", "meaty ham+hock")])
    }

    #[test]
    fn a_known_token_gets_its_challenge_in_any_order() {
        let expected = Ok("1158201444".to_owned());
        assert_eq!(
            ask("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meaty%20ham%2Bhock"),
            expected
        );
        assert_eq!(
            ask("hub.verify_token=meaty%20ham%2Bhock&x=1&hub.challenge=1158201444&hub%2Emode=subscribe"),
            expected
        );
    }

    #[test]
    fn everything_else_is_refused() {
        for query in [
            "",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
            "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=meaty%20ham%2Bhock",
            "hub.mode=subscribe&hub.challenge=&hub.verify_token=meaty%20ham%2Bhock",
            "hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=meaty%20ham%2Bhock",
            "hub.mode=subscribe&hub.challenge=1&hub.challenge=2&hub.verify_token=meaty%20ham%2Bhock",
            "hub.mode=subscribe&hub.challenge=1&hub.challenge&hub.verify_token=meaty%20ham%2Bhock",
            "hub.challenge&hub.mode=subscribe&hub.challenge=1&hub.verify_token=meaty%20ham%2Bhock",
            "hub.mode&hub.mode=subscribe&hub.challenge=1&hub.verify_token=meaty%20ham%2Bhock",
            "hub.mode=subscribe&hub.challenge&hub.verify_token=meaty%20ham%2Bhock",
            "hub.mode=subscribe&hub.verify_token=meaty%20ham%2Bhock",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=%FF",
        ] {
            assert!(ask(query).is_err(), "{query}");
        }
        let long = format!(
            "hub.mode=subscribe&hub.challenge={}&hub.verify_token=meaty%20ham%2Bhock",
            "1".repeat(129)
        );
        assert_eq!(ask(&long), Err(NO_CHALLENGE));
    }

    #[test]
    fn without_a_configured_token_nothing_is_known() {
        let query = "hub.mode=subscribe&hub.challenge=1&hub.verify_token=";
        assert_eq!(challenge(Some(query), &[]), Err(UNKNOWN_TOKEN));
    }
}
