//! Where the Graph API is: its host, its version, and the full URL of a call.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::Url;
use std::net::IpAddr;

/// The host of the Graph API, checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GraphUrl(Url);

/// A version of the Graph API, such as `v26.0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphVersion(String);

/// What a URL may not hold as it is. Graph's field lists are full of braces.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'{').add(b'}');

impl GraphUrl {
    /// What [`GraphUrl::parse`] accepts, for a message.
    pub const EXPECTED: &str = "https:// and a host, without path, such as https://graph.facebook.com \
                                (http:// for 127.0.0.1, [::1] and localhost alone)";

    /// Reads a host. Tokens go to it, so plain HTTP is for this machine alone.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text.trim()).ok()?;
        let is_secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        let is_bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        (is_secure && is_bare && url.has_host()).then_some(Self(url))
    }

    /// Scheme, host and port, for a message.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Whether it is the host that has Instagram accounts alone, of Instagram Login.
    pub fn is_instagram(&self) -> bool {
        self.0.host_str() == Some("graph.instagram.com")
    }

    /// Host and port, for a span.
    pub(crate) fn host_and_port(&self) -> (&str, u16) {
        (self.0.host_str().unwrap_or_default(), self.0.port_or_known_default().unwrap_or_default())
    }

    /// The full URL of a call, from its relative one and the proof that its token is used by its own app.
    pub(crate) fn of_call(&self, relative_url: &str, proof: Option<&str>) -> Url {
        let (path, query) = relative_url.split_once('?').unwrap_or((relative_url, ""));
        let query = utf8_percent_encode(query, ESCAPED).to_string();
        let proof = proof.map(|proof| format!("appsecret_proof={proof}"));
        let parts: Vec<_> = [query].into_iter().chain(proof).filter(|part| !part.is_empty()).collect();
        let mut url = self.0.clone();
        url.set_path(path);
        url.set_query((!parts.is_empty()).then(|| parts.join("&")).as_deref());
        url
    }
}

impl GraphVersion {
    /// What [`GraphVersion::parse`] accepts, for a message.
    pub const EXPECTED: &str = "a version of the Graph API, such as v26.0";

    /// Reads `v`, a number, a dot and a number.
    pub fn parse(text: &str) -> Option<Self> {
        let is_number =
            |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        let (major, minor) = text.strip_prefix('v')?.split_once('.')?;
        (is_number(major) && is_number(minor)).then(|| Self(text.to_owned()))
    }

    /// The version as it stands in a path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_reached_by_https_and_this_machine_by_http_too() {
        for text in [
            "https://graph.facebook.com",
            "https://graph.instagram.com/",
            "https://127.0.0.1:8443",
            "http://127.0.0.1:1234",
            "http://[::1]:1234",
            "http://localhost:80",
        ] {
            assert!(GraphUrl::parse(text).is_some(), "{text}");
        }
    }

    #[test]
    fn plain_http_elsewhere_and_more_than_a_host_are_refused() {
        for text in [
            "",
            "graph.facebook.com",
            "http://graph.facebook.com",
            "http://127.0.0.1.example.org",
            "http://localhost.example.org",
            "http://10.0.0.1",
            "ftp://graph.facebook.com",
            "https://user:word@graph.facebook.com",
            "https://graph.facebook.com/v26.0",
            "https://graph.facebook.com/?access_token=x",
            "https://graph.facebook.com/#x",
            "file:///etc/passwd",
        ] {
            assert_eq!(GraphUrl::parse(text), None, "{text}");
        }
    }

    #[test]
    fn versions_have_two_numbers() {
        assert_eq!(GraphVersion::parse("v26.0").unwrap().as_str(), "v26.0");
        for text in ["", "26.0", "v26", "v26.", "v.0", "v26.0/", "V26.0", "v26.0.1", "v1234.0", "latest"] {
            assert_eq!(GraphVersion::parse(text), None, "{text}");
        }
    }

    #[test]
    fn braces_are_escaped_on_the_way() {
        let url = GraphUrl::parse("https://graph.facebook.com")
            .unwrap()
            .of_call("v26.0/17?fields=media{id,caption}", None);
        assert_eq!(url.as_str(), "https://graph.facebook.com/v26.0/17?fields=media%7Bid,caption%7D");
    }

    #[test]
    fn the_proof_is_a_parameter_more() {
        let host = GraphUrl::parse("https://graph.facebook.com").unwrap();
        let url = |relative_url| host.of_call(relative_url, Some("ab12")).to_string();
        assert_eq!(
            url("v26.0/1?fields=id"),
            "https://graph.facebook.com/v26.0/1?fields=id&appsecret_proof=ab12"
        );
        assert_eq!(url("v26.0/"), "https://graph.facebook.com/v26.0/?appsecret_proof=ab12");
        assert_eq!(host.of_call("v26.0/", None).as_str(), "https://graph.facebook.com/v26.0/");
    }
}
