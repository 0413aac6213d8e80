//! Heads that hyper accepts and that two readers could still understand differently.
//!
//! hyper itself answers 400 to what is no HTTP, to lengths that differ or are no number, to a transfer coding that does
//! not end in `chunked`, and to one in HTTP/1.0; a request with both a length and chunks is read as chunks, as RFC 9112
//! asks, and its connection closed (`proto/h1/role.rs` of hyper 1.12).

use hyper::header::{HOST, HeaderValue, TRANSFER_ENCODING};
use hyper::{HeaderMap, Version};

/// What is wrong with the head, if anything is.
pub(crate) fn fault(version: Version, headers: &HeaderMap) -> Option<&'static str> {
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && version == Version::HTTP_11) {
        return Some("a request needs one Host header");
    }
    let is_chunked = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let is_plain = codings.next().is_none_or(is_chunked) && codings.next().is_none();
    (!is_plain).then_some("Transfer-Encoding has to be absent or chunked, and given once")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of(version: Version, hosts: &[&'static str], codings: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, HeaderValue::from_static(host));
        }
        for coding in codings {
            headers.append(TRANSFER_ENCODING, HeaderValue::from_static(coding));
        }
        fault(version, &headers).is_some()
    }

    #[test]
    fn one_host_and_plain_chunks_are_all_that_is_taken() {
        let fault =
            |hosts: &[&'static str], codings: &[&'static str]| fault_of(Version::HTTP_11, hosts, codings);
        assert!(!fault(&["weir"], &[]));
        assert!(!fault(&["weir"], &["Chunked"]));
        assert!(fault(&[], &[]));
        assert!(fault(&["weir", "weir"], &[]));
        for codings in
            [&["gzip, chunked"][..], &["chunked, chunked"], &["identity", "chunked"], &["chunked", "chunked"]]
        {
            assert!(fault(&["weir"], codings), "{codings:?}");
        }
    }

    #[test]
    fn http_1_0_may_leave_the_host_out() {
        assert!(!fault_of(Version::HTTP_10, &[], &[]));
        assert!(fault_of(Version::HTTP_10, &["a", "b"], &[]));
    }
}
