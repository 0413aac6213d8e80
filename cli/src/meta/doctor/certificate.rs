//! What the certificates of an address are worth to Meta. Pure.

use super::check::{Check, CheckResult, NotKnown, Observed, Verdict};
use crate::meta::tokens::report::{DAY, written};
use runtime::http::tls::peer_certificates::{PeerCertificate, PeerCertificates, TrustError};
use std::time::{Duration, SystemTime};

/// From when on the end of a certificate is worth a word; the alert `WeirPublicCertificateExpires` has the same.
const WARN_BEFORE: Duration = Duration::from_hours(14 * 24);
const NO_TLS: &str = "\
Is the address right, is its port open to the world, and does the edge (balancer, ingress, gateway) serve TLS 1.2 or 1.3 there?";
const PUBLIC: &str = "\
Serve a certificate of a public authority, such as Let's Encrypt: Meta refuses all others. If it is meant to be so in a test, \
--tls-ca FILE names the authority.";
const FULL_CHAIN: &str = "\
Let the edge send the whole chain (fullchain.pem, not cert.pem): its own certificate and every intermediate one. A browser that \
is content proves nothing, it may have them from elsewhere. If the issuer is a private authority, Meta refuses it.";
const RENEW: &str = "\
Renew it now: `kubectl describe certificate` and the log of cert-manager say what is in the way. If it was renewed, the edge serves \
the old one still: reload it.";
const NAME: &str = "\
Issue it for this name too, or correct \"callback_url\". An edge that serves several names must choose by the name that is asked \
for (SNI); this may be its default certificate.";
const CLOCK: &str = "It is not valid yet: is the clock of this machine right? See below.";

/// Four checks: the handshake, the chain, the name, the end; `of_host` says at which of a host's addresses, where that matters.
pub(super) fn checks(
    of_host: &str,
    host: &str,
    shown: &Observed<PeerCertificates>,
    now: SystemTime,
) -> Vec<Check> {
    let handshake = CheckResult::of(shown, NO_TLS, |shown| {
        CheckResult::pass(match shown.others.len() {
            0 => String::from("the handshake is done; one certificate is sent"),
            others => format!("the handshake is done; {} certificates are sent", others + 1),
        })
    });
    let shown = shown.as_ref().map_err(|_| NotKnown::NotTried("there is no TLS, see above"));
    vec![
        handshake.check("tls", of_host),
        CheckResult::of(&shown, "", |shown| chain(shown, now)).check("chain", of_host),
        CheckResult::of(&shown, "", |shown| name(shown, host)).check("certificate_name", of_host),
        CheckResult::of(&shown, "", |shown| end(&shown.own, now)).check("certificate_end", of_host),
    ]
}

/// Whether a client that checks would go on.
pub(super) fn is_trusted(shown: &Observed<PeerCertificates>, now: SystemTime) -> bool {
    shown.as_ref().is_ok_and(|PeerCertificates { own, distrust, other_names, .. }| {
        distrust.is_none() && other_names.is_none() && own.begins <= now && now <= own.ends
    })
}

fn chain(shown: &PeerCertificates, now: SystemTime) -> CheckResult {
    let PeerCertificates { own, others, distrust, .. } = shown;
    let Some(distrust) = distrust else {
        return CheckResult::pass(format!("whole and trusted; issued by “{}”", own.issuer));
    };
    if own.subject == own.issuer {
        return CheckResult::fail("self-signed: the certificate vouches for itself alone", PUBLIC);
    }
    if let Some(ended) = others.iter().find(|other| other.ends < now) {
        let found = format!("“{}”, which the chain needs, ended on {}", ended.subject, written(ended.ends));
        return CheckResult::fail(found, FULL_CHAIN);
    }
    let last = others.last().unwrap_or(own);
    match distrust {
        TrustError::UnknownIssuer if last.subject == last.issuer => {
            CheckResult::fail(format!("issued by the private authority “{}”", last.subject), PUBLIC)
        }
        TrustError::UnknownIssuer => CheckResult::fail(incomplete(others.len(), last), FULL_CHAIN),
        TrustError::Other(said) => CheckResult::fail(said.as_str(), PUBLIC),
    }
}

fn incomplete(others: usize, last: &PeerCertificate) -> String {
    let sent = match others {
        0 => String::from("the server's own certificate alone is sent"),
        others => format!("{} certificates are sent", others + 1),
    };
    format!("incomplete: {sent}, and not the one of the issuer “{}”", last.issuer)
}

fn name(shown: &PeerCertificates, host: &str) -> CheckResult {
    match shown.other_names.as_deref() {
        None => CheckResult::pass("the certificate is for this name"),
        Some([]) => CheckResult::fail(format!("the certificate is not for {host}"), NAME),
        Some(others) => {
            CheckResult::fail(format!("the certificate is for {}, not for {host}", others.join(", ")), NAME)
        }
    }
}

fn end(own: &PeerCertificate, now: SystemTime) -> CheckResult {
    if own.begins > now {
        return CheckResult::fail(format!("it begins on {}", written(own.begins)), CLOCK);
    }
    match own.ends.duration_since(now) {
        Ok(left) => {
            let found = format!("{} days left, until {}", left.as_secs() / DAY, written(own.ends));
            let advice = if left < WARN_BEFORE { RENEW } else { "" };
            CheckResult { verdict: Verdict::Pass, found, advice: advice.to_owned() }
        }
        Err(_) => CheckResult::fail(format!("the certificate ended on {}", written(own.ends)), RENEW),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    const DAY: Duration = Duration::from_hours(24);

    fn now() -> SystemTime {
        UNIX_EPOCH + 365 * DAY
    }

    fn certificate(subject: &str, issuer: &str, days: u32) -> PeerCertificate {
        let (begins, ends) = (now() - DAY, now() + days * DAY);
        PeerCertificate { subject: subject.to_owned(), issuer: issuer.to_owned(), begins, ends }
    }

    fn shown(mut chain: Vec<PeerCertificate>, distrust: Option<TrustError>) -> PeerCertificates {
        PeerCertificates { own: chain.remove(0), others: chain, distrust, other_names: None }
    }

    /// The verdicts of all four, and what the one of this name found.
    fn found(shown: PeerCertificates, name: &str) -> (Vec<Verdict>, String) {
        let checks = checks("a.example", "a.example", &Ok(shown), now());
        let of_name = checks.iter().find(|check| check.name == name).unwrap().result.found.clone();
        (checks.iter().map(|check| check.result.verdict).collect(), of_name)
    }

    #[test]
    fn a_good_chain_passes_with_the_days_that_are_left() {
        let good = shown(vec![certificate("CN=a.example", "CN=R11", 42)], None);
        assert!(is_trusted(&Ok(good.clone()), now()));
        let (verdicts, end) = found(good, "certificate_end");
        assert_eq!(verdicts, [Verdict::Pass; 4]);
        assert!(end.starts_with("42 days left"), "{end}");
        let soon = end_of(13);
        assert!(soon.verdict == Verdict::Pass && soon.advice == RENEW, "{soon:?}");
        assert_eq!(end_of(14).advice, "");
    }

    fn end_of(days: u32) -> CheckResult {
        end(&certificate("CN=a.example", "CN=R11", days), now())
    }

    #[test]
    fn each_fault_of_a_chain_has_its_own_name() {
        let unknown = Some(TrustError::UnknownIssuer);
        let own = || certificate("CN=a.example", "CN=R11", 42);
        let mut ended = certificate("CN=R11", "CN=X1", 42);
        (ended.begins, ended.ends) = (now() - 2 * DAY, now() - DAY);
        for (chain, named) in [
            (vec![certificate("CN=a.example", "CN=a.example", 42)], "self-signed"),
            (vec![own()], "own certificate alone is sent, and not the one of the issuer “CN=R11”"),
            (vec![own(), certificate("CN=R11", "CN=X1", 42)], "not the one of the issuer “CN=X1”"),
            (vec![own(), certificate("CN=R11", "CN=R11", 42)], "private authority “CN=R11”"),
            (vec![own(), ended], "“CN=R11”, which the chain needs, ended on 1970-12-31"),
        ] {
            let shown = shown(chain, unknown.clone());
            assert!(!is_trusted(&Ok(shown.clone()), now()));
            let (verdicts, chain) = found(shown, "chain");
            assert_eq!(verdicts, [Verdict::Pass, Verdict::Fail, Verdict::Pass, Verdict::Pass], "{chain}");
            assert!(chain.contains(named), "{chain}");
        }
    }

    #[test]
    fn an_ended_certificate_and_another_name_fail_alone() {
        let mut ended = certificate("CN=a.example", "CN=R11", 0);
        ended.ends = now() - DAY;
        let ended = shown(vec![ended], None);
        assert!(!is_trusted(&Ok(ended.clone()), now()));
        let (verdicts, end) = found(ended, "certificate_end");
        assert_eq!(verdicts, [Verdict::Pass, Verdict::Pass, Verdict::Pass, Verdict::Fail]);
        assert!(end.starts_with("the certificate ended on 1970-12-31"), "{end}");

        let names = Some(vec!["b.example".to_owned()]);
        let other =
            PeerCertificates { other_names: names, ..shown(vec![certificate("CN=b", "CN=R11", 42)], None) };
        assert!(!is_trusted(&Ok(other.clone()), now()));
        let (verdicts, name) = found(other, "certificate_name");
        assert_eq!(verdicts, [Verdict::Pass, Verdict::Pass, Verdict::Fail, Verdict::Pass]);
        assert_eq!(name, "the certificate is for b.example, not for a.example");
    }

    #[test]
    fn without_a_handshake_nothing_else_is_judged() {
        let checks = checks("a.example", "a.example", &Err(NotKnown::Failed("refused".to_owned())), now());
        let verdicts = checks.iter().map(|check| check.result.verdict).collect::<Vec<_>>();
        assert_eq!(verdicts, [Verdict::Fail, Verdict::Unknown, Verdict::Unknown, Verdict::Unknown]);
    }
}
