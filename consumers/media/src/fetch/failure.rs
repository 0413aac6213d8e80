//! What it means that no answer came, or not all of it.

use super::NotFetched;
use super::resolver::Unresolved;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter;

const TIMED_OUT: &str = "timed_out";

/// The host took longer than it may.
pub(super) fn timed_out() -> NotFetched {
    tracing::debug!(reason = TIMED_OUT, "a link could not be followed");
    NotFetched::for_now(TIMED_OUT)
}

/// How fetching ended. The text of an error may hold the link, which is nobody's business; its sort does not.
pub(super) fn classify(error: &reqwest::Error) -> NotFetched {
    let causes = || iter::successors(error.source(), |&cause| cause.source());
    if let Some(told) = causes().find_map(|cause| cause.downcast_ref::<NotFetched>()) {
        return told.clone();
    }
    let reason = if error.is_timeout() { TIMED_OUT } else { "connection" };
    let at = if error.is_connect() { "connect" } else { "answer" };
    let kind = causes().find_map(kind);
    tracing::debug!(reason, kind = kind.unwrap_or(at), "a link could not be followed");
    NotFetched { kind, ..NotFetched::for_now(reason) }
}

fn kind(cause: &(dyn Error + 'static)) -> Option<&'static str> {
    if cause.is::<Unresolved>() {
        return Some("dns");
    }
    let error = cause.downcast_ref::<io::Error>()?;
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(rustls::Error::InvalidCertificate(_)) => return Some("certificate"),
        Some(_) => return Some("tls"),
        None => {}
    }
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof).then_some("reset")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_by_its_sort() {
        let unresolved = Unresolved(io::Error::other("no such name"));
        assert_eq!(kind(&unresolved), Some("dns"));
        assert_eq!(kind(&io::Error::other(rustls::Error::DecryptError)), Some("tls"));
        let refused = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        assert_eq!(kind(&io::Error::other(refused)), Some("certificate"));
        let failed = NotFetched { kind: Some("certificate"), ..NotFetched::for_now("connection") };
        assert_eq!(
            (failed.to_string(), &*failed.reason),
            ("connection (certificate)".to_owned(), "connection")
        );
        assert_eq!(kind(&io::Error::from(ErrorKind::ConnectionReset)), Some("reset"));
        assert_eq!(kind(&io::Error::from(ErrorKind::ConnectionRefused)), None);
    }
}
