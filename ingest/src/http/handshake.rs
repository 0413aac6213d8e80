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
    if decoded(parameter(query, "hub.mode")?)? != "subscribe" {
        return Err(OTHER_MODE);
    }
    let token = parameter(query, "hub.verify_token")?;
    // A form-encoding client sends a space as `+`, and a plus as `%2B`: both readings count.
    let spaced = token.replace('+', " ");
    let readings = [decoded(token)?, decoded(&spaced)?];
    let challenge = decoded(parameter(query, "hub.challenge")?)?;
    if !is_challenge(&challenge) {
        return Err(NO_CHALLENGE);
    }
    if !is_known(&readings, verify_tokens) {
        return Err(UNKNOWN_TOKEN);
    }
    Ok(challenge.into_owned())
}

/// The value of the one parameter of this name, as it was sent. A bare name without `=` counts as one with an empty value.
fn parameter<'q>(query: &'q str, name: &str) -> Result<&'q str, &'static str> {
    let mut values = query.split('&').filter_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decode_str(key).decode_utf8().ok()? == name).then_some(value)
    });
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        _ => Err(NOT_ONCE),
    }
}

fn decoded(value: &str) -> Result<Cow<'_, str>, &'static str> {
    percent_decode_str(value).decode_utf8().map_err(|_| NO_TEXT)
}

fn is_challenge(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=128).contains(&text.len()) && text.bytes().all(allowed)
}

/// Compares in constant time with every token. Blanks around it do not count, as they do not in the files.
fn is_known(readings: &[Cow<'_, str>; 2], verify_tokens: &[Secret]) -> bool {
    let readings = readings.each_ref().map(|token| Sha256::digest(token.trim_ascii()));
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
    fn a_token_with_a_space_and_a_plus_is_known_however_it_is_encoded() {
        for token in ["meaty%20ham%2Bhock", "meaty+ham%2Bhock", "meaty%20ham+hock", "+meaty+ham%2bhock+"] {
            let query = format!("hub.mode=subscribe&hub.challenge=1&hub.verify_token={token}");
            assert_eq!(ask(&query), Ok("1".to_owned()), "{token}");
        }
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
