//! Tells a page, such as that of an error or a login, from the media in whose place it comes.

use crate::picture;

/// Types of pages and of what programs say, beside `text/…`.
const TYPES: [&str; 4] =
    ["application/xhtml+xml", "application/xml", "application/json", "application/problem+json"];
/// How pages begin, in letters of either case.
const BEGINNINGS: [&[u8]; 2] = [b"<!doctype html", b"<html"];

/// Whether a server calls it a page or a text.
pub(crate) fn is_declared(mime: Option<&str>) -> bool {
    mime.is_some_and(|mime| mime.starts_with("text/") || TYPES.contains(&mime))
}

/// Whether it is one, by its first bytes or, where these tell nothing, by what its server calls it.
pub(crate) fn is_page(head: &[u8], declared: Option<&str>) -> bool {
    let begins = |page: &[u8]| {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        head.get(..page.len()).is_some_and(|head| head.eq_ignore_ascii_case(page))
    };
    picture::sniff(head).is_none() && (is_declared(declared) || BEGINNINGS.into_iter().any(begins))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_one_whatever_its_server_calls_it_and_a_picture_none() {
        for page in [&b"<!doctype HTML><p>"[..], b"\xef\xbb\xbf\r\n <HTML>", b"<html"] {
            for declared in [None, Some("image/png"), Some("text/html")] {
                assert!(is_page(page, declared));
            }
        }
        for declared in ["text/html", "text/plain", "application/json"] {
            assert!(is_page(b"{\"error\": 1}", Some(declared)), "{declared}");
            assert!(!is_page(b"GIF89a", Some(declared)), "{declared}");
        }
        // Sounds and films of sorts that are not told by their first bytes.
        for declared in [None, Some("audio/amr"), Some("application/octet-stream")] {
            assert!(!is_page(b"#!AMR\n<html>", declared));
            assert!(!is_page(b"<htm", declared));
        }
    }
}
