//! What the public address answers, judged as Meta would, and what to do about each answer. Pure.

use super::check::CheckResult;
use crate::delivery::poster::Answer;
use crate::screen::one_line;
use std::net::IpAddr;
use std::time::Duration;

/// Meta's deadline for messages (docs/meta.md, How Meta delivers).
const DEADLINE: Duration = Duration::from_secs(5);
/// As much of an answer as is shown, in characters.
const MAX_SHOWN_CHARS: usize = 160;

const PUBLIC_DNS: &str = "\
Meta reaches public addresses alone: correct the record. If DNS answers otherwise inside (split horizon), ask from outside, or give \
--connect-to with the public address.";
const NOT_INGEST: &str = "\
Something else answers in the place of ingest: a landing page, a login, a CDN, another service. Route this very path to ingest, \
unchanged.";
const VERIFY_TOKEN: &str = "\
If these words are about hub.verify_token, ingest does not have this token: put what \"verify_token_file\" holds among its \
--verify-tokens. Other words are not ingest's: an edge (firewall, bot check, list of allowed addresses) refuses; let GET and POST through.";
const SECRET: &str = "\
Ingest has another secret for this app: put what \"secret_file\" holds among its --app-secrets (Instagram Login has a secret of its \
own). If it has it, something in front changes bodies: `weir verify`.";
const LATE_ANSWER: &str = "\
Meta gives up after 5 s and unsubscribes in the end. Look at Kafka and the disk of the spool: docs/operations.md, WeirAnswersLate.";

/// What a name leads to.
pub(super) fn dns(addresses: &[IpAddr]) -> CheckResult {
    let shown =
        |addresses: &[IpAddr]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match addresses.iter().filter(|address| !is_public(address)).copied().collect::<Vec<_>>().as_slice() {
        [] => CheckResult::pass(shown(addresses)),
        inside => CheckResult::fail(format!("not public: {}", shown(inside)), PUBLIC_DNS),
    }
}

/// The handshake with the app's verify token.
pub(super) fn handshake(answer: &Answer, challenge: &str) -> CheckResult {
    match answer.status {
        200 if answer.text == challenge => CheckResult::pass(after("the challenge came back", answer)),
        200 => CheckResult::fail(with_answer("answered 200 without the challenge", answer), NOT_INGEST),
        403 => CheckResult::fail(with_answer("answered 403", answer), VERIFY_TOKEN),
        _ => unexpected(answer),
    }
}

/// The handshake with a verify token that nobody has.
pub(super) fn wrong_verify_token(answer: &Answer) -> CheckResult {
    refused(answer, 403, "a verify token that nobody has was answered 200")
}

/// A delivery that is signed with the app's secret.
pub(super) fn delivery(answer: &Answer) -> CheckResult {
    match answer.status {
        200 if answer.took >= DEADLINE => CheckResult::fail(after("answered 200, late", answer), LATE_ANSWER),
        200 => CheckResult::pass(after("answered 200", answer)),
        401 => CheckResult::fail(with_answer("answered 401", answer), SECRET),
        _ => unexpected(answer),
    }
}

/// A delivery with a signature that no secret gives.
pub(super) fn wrong_signature(answer: &Answer) -> CheckResult {
    refused(answer, 401, "a delivery with a wrong signature was answered 200")
}

fn refused(answer: &Answer, by: u16, taken: &str) -> CheckResult {
    match answer.status {
        200 => CheckResult::fail(taken, NOT_INGEST),
        status if status == by => CheckResult::pass(format!("refused by {by}")),
        _ => unexpected(answer),
    }
}

/// An answer that nothing of ingest gives to what was asked, or that says why it cannot.
fn unexpected(answer: &Answer) -> CheckResult {
    let advice = match answer.status {
        300..=399 => {
            "A redirect: Meta is to call the address itself. Declare the one that it leads to, or take the redirect away."
        }
        403 => {
            "An edge refuses (firewall, bot check, list of allowed addresses): let GET and POST through to ingest."
        }
        404 => {
            "No such path: \"callback_url\", the route of the edge and --path of ingest must have the same one. /webhook/NAME needs a secret of that name."
        }
        413 | 429 => "The edge limits what comes in: ingest takes bodies of 4 MiB, and Meta comes in bursts.",
        502 | 504 => {
            "The edge does not reach ingest: are its pods ready, is the Service's port right, does a network policy let the edge in?"
        }
        503 => {
            "If the words speak of Kafka or the spool, they are ingest's: look at Kafka below, and at /readyz?verbose of its admin port. Otherwise the edge has no ingest that is ready."
        }
        _ => NOT_INGEST,
    };
    CheckResult::fail(with_answer(&format!("answered {}", answer.status), answer), advice)
}

fn after(what: &str, answer: &Answer) -> String {
    format!("{what} after {} ms", answer.took.as_millis())
}

fn with_answer(what: &str, answer: &Answer) -> String {
    let text = one_line(answer.text.trim(), MAX_SHOWN_CHARS);
    if text.is_empty() { what.to_owned() } else { format!("{what}: {text}") }
}

fn is_public(address: &IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            // 100.64.0.0/10 is shared by the customers of a carrier (RFC 6598).
            let is_shared = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 0x40;
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_unspecified()
                || is_shared)
        }
        IpAddr::V6(address) => {
            !(address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict::{self, Fail, Pass};
    use super::*;

    fn answer(status: u16, text: &str) -> Answer {
        Answer { status, text: text.to_owned(), took: Duration::from_millis(12), date: None }
    }

    #[test]
    fn an_address_that_meta_cannot_reach_fails() {
        let result_of = |address: &str| dns(&[address.parse().unwrap()]).verdict;
        for public in ["203.0.113.7", "100.128.0.1", "2001:db8::1"] {
            assert_eq!(result_of(public), Pass, "{public}");
        }
        for inside in
            ["10.0.0.1", "127.0.0.1", "169.254.1.1", "100.64.0.1", "fd00::1", "fe80::1", "::ffff:10.0.0.1"]
        {
            assert_eq!(result_of(inside), Fail, "{inside}");
        }
        let both = dns(&["203.0.113.7".parse().unwrap(), "10.0.0.1".parse().unwrap()]);
        assert_eq!(both.found, "not public: 10.0.0.1");
    }

    #[test]
    fn only_what_ingest_answers_passes() {
        let result: [(CheckResult, Verdict, &str); 14] = [
            (handshake(&answer(200, "42"), "42"), Pass, ""),
            (handshake(&answer(200, "<html>42</html>"), "42"), Fail, "Something else answers"),
            (handshake(&answer(403, "no"), "42"), Fail, "--verify-tokens"),
            (handshake(&answer(404, ""), "42"), Fail, "--path"),
            (handshake(&answer(301, ""), "42"), Fail, "redirect"),
            (wrong_verify_token(&answer(403, "")), Pass, ""),
            (wrong_verify_token(&answer(200, "")), Fail, "Something else answers"),
            (wrong_verify_token(&answer(502, "")), Fail, "pods"),
            (delivery(&answer(200, "")), Pass, ""),
            (delivery(&answer(401, "no app secret")), Fail, "--app-secrets"),
            (delivery(&answer(503, "Kafka is late")), Fail, "Kafka below"),
            (delivery(&answer(403, "blocked")), Fail, "An edge refuses"),
            (wrong_signature(&answer(401, "")), Pass, ""),
            (wrong_signature(&answer(200, "")), Fail, "Something else answers"),
        ];
        for (result, verdict, advice) in result {
            assert_eq!(result.verdict, verdict, "{result:?}");
            assert!(result.advice.contains(advice), "{result:?}");
            assert_eq!(result.advice.is_empty(), verdict == Pass, "{result:?}");
        }
    }

    #[test]
    fn a_late_200_is_none_to_meta() {
        let late = Answer { took: DEADLINE, ..answer(200, "") };
        assert_eq!(delivery(&late).verdict, Fail);
    }

    #[test]
    fn what_was_answered_is_shown_in_a_line() {
        let text = format!("\x1b[2Jno\n{}", "x".repeat(500));
        let found = delivery(&answer(401, &text)).found;
        assert!(found.starts_with("answered 401:  [2Jno xxx") && found.chars().count() < 200, "{found}");
    }
}
