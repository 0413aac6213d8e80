//! Fetches what a link leads to, bounded in where, how long and how much.
//!
//! A link is somebody's words: `allowed` says which may be followed, at every redirect anew, and `resolver` hands out only
//! addresses that may be connected to. Nothing is unpacked, no proxy of the environment is used, no cookie or token is sent.

mod allowed;
mod failure;
mod host_time;
mod resolver;

pub use allowed::HostRule;

pub(crate) use allowed::{list, network};

use crate::page;
use crate::settings::FetchSettings;
use bytes::Bytes;
use host_time::HostTime;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Client, ClientBuilder, Response, Url};
use resolver::CheckedResolver;
use runtime::http::{client, tls};
use runtime::mutex::lock;
use runtime::process::chain;
use schemas::media::MediaStatus;
use std::borrow::Cow;
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

/// Redirects that are followed.
const MOST_REDIRECTS: usize = 3;
/// A MIME type that is longer says nothing.
const LONGEST_TYPE: usize = 128;

/// How fetching ended without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}{}", kind.map(|kind| format!(" ({kind})")).unwrap_or_default())]
pub(crate) struct NotFetched {
    /// What became of the link, should that be its end.
    pub(crate) status: MediaStatus,
    /// Why, in a word.
    pub(crate) reason: Cow<'static, str>,
    /// Of what sort that was, for the log.
    pub(crate) kind: Option<&'static str>,
    /// Whether it may end otherwise another time.
    pub(crate) is_transient: bool,
}

/// Fetches.
#[derive(Debug)]
pub(crate) struct Fetcher {
    http: Client,
    /// Keeps no connection: an answer over one that is open says nothing of names and of new connections, for which links fail.
    unpooled: Client,
    settings: FetchSettings,
    /// Of all hosts together.
    pub(crate) last_answer: Mutex<Option<LastAnswer>>,
}

/// The link that was answered last, be it that it has died, and by more than trouble of its host or a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastAnswer {
    pub(crate) url: Url,
    pub(crate) at: Instant,
}

/// An answer whose body comes.
#[derive(Debug)]
pub(crate) struct Opened {
    response: Response,
    time: HostTime,
    left: u64,
    /// The MIME type that the server declares.
    pub(crate) declared: Option<String>,
}

impl Fetcher {
    /// A client; nothing is connected yet.
    pub(crate) fn new(settings: FetchSettings) -> Result<Self, String> {
        // Redirects are followed here, each as it is allowed.
        let tls =
            tls::client(settings.media_ca.as_deref()).map_err(|error| format!("--media-ca: {error}"))?;
        let resolver = Arc::new(CheckedResolver { networks: settings.media_networks.as_slice().into() });
        let builder = || {
            client::builder(tls.clone())
                .dns_resolver(Arc::clone(&resolver))
                .https_only(true)
                .connect_timeout(settings.media_connect_timeout)
                .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
        };
        let make = |builder: ClientBuilder| {
            builder.build().map_err(|error| format!("the HTTP client cannot be made: {}", chain(&error)))
        };
        let (http, unpooled) = (make(builder())?, make(builder().pool_max_idle_per_host(0))?);
        Ok(Self { http, unpooled, settings, last_answer: Mutex::default() })
    }

    /// Follows a link to the answer that has the bytes.
    pub(crate) async fn open(&self, link: &str) -> Result<Opened, NotFetched> {
        let mut url = parse(link)?;
        let mut time = self.host_time();
        for _ in 0..=MOST_REDIRECTS {
            allowed::check(&url, &self.settings.media_hosts).map_err(NotFetched::refused)?;
            let response = self.get(&self.http, &url, &mut time).await?;
            match response.status().as_u16() {
                200 => return self.opened(response, time),
                301 | 302 | 303 | 307 | 308 => url = redirect_target(&url, response.headers())?,
                status => return Err(NotFetched::of_status(status)),
            }
        }
        Err(NotFetched::refused("redirects"))
    }

    /// Whether any host answered since `since`; if not, the last one that did is asked again. What fails while none answers may be the
    /// fault of the network, or of all hosts.
    pub(crate) async fn is_answered(&self, since: Instant) -> bool {
        let last = lock(&self.last_answer).clone();
        let Some(last) = last else { return false };
        if last.at >= since {
            return true;
        }
        let asked = self.get(&self.unpooled, &last.url, &mut self.host_time()).await;
        asked.is_ok_and(|response| is_answer(&response))
    }

    async fn get(&self, http: &Client, url: &Url, time: &mut HostTime) -> Result<Response, NotFetched> {
        let request = http.get(url.clone()).header(ACCEPT_ENCODING, "identity");
        let response = time.wait(request.send()).await?;
        if is_answer(&response) {
            *lock(&self.last_answer) = Some(LastAnswer { url: url.clone(), at: Instant::now() });
        }
        Ok(response)
    }

    const fn host_time(&self) -> HostTime {
        HostTime::new(self.settings.media_stall_timeout, self.settings.media_timeout)
    }

    fn opened(&self, response: Response, time: HostTime) -> Result<Opened, NotFetched> {
        let headers = response.headers();
        if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            // Packed, which nobody asked for.
            return Err(NotFetched::refused("encoded"));
        }
        let left = self.settings.media_max_bytes;
        // What a server says of a length it may say wrongly: the bytes are counted too.
        if response.content_length().is_some_and(|length| length > left) {
            return Err(NotFetched::TOO_LARGE);
        }
        let declared = declared(headers);
        Ok(Opened { response, time, left, declared })
    }
}

impl Opened {
    /// The next bytes; `None` at the end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, NotFetched> {
        let chunk = self.time.wait(self.response.chunk()).await?;
        let length = chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        self.left = self.left.checked_sub(length).ok_or(NotFetched::TOO_LARGE)?;
        Ok(chunk)
    }
}

impl NotFetched {
    pub(crate) const TOO_LARGE: Self = Self::for_good(MediaStatus::TooLarge, "too_large");

    pub(crate) const fn for_good(status: MediaStatus, reason: &'static str) -> Self {
        Self { status, reason: Cow::Borrowed(reason), kind: None, is_transient: false }
    }

    pub(crate) const fn for_now(reason: &'static str) -> Self {
        let status = MediaStatus::Failed;
        Self { status, reason: Cow::Borrowed(reason), kind: None, is_transient: true }
    }

    /// It is not followed, for what a word says.
    const fn refused(reason: &'static str) -> Self {
        Self::for_good(MediaStatus::Refused, reason)
    }

    /// What a status means that is no answer: Meta's CDNs answer 403 to a link whose time is over or whose signature is of another
    /// link, and 404 or 410 where the media is gone.
    pub(crate) fn of_status(code: u16) -> Self {
        let status = if matches!(code, 403 | 404 | 410) { MediaStatus::Gone } else { MediaStatus::Failed };
        let reason = format!("http_{code}").into();
        Self { status, reason, kind: None, is_transient: is_trouble(code) }
    }
}

/// Whether a status tells of trouble of a host's own, or of how often it is asked, which may pass.
const fn is_trouble(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// Whether an answer tells that links are answered. One page for all of them, as a proxy gives that wants a login, does not.
fn is_answer(response: &Response) -> bool {
    let (status, declared) = (response.status().as_u16(), declared(response.headers()));
    !is_trouble(status) && (status != 200 || !page::is_declared(declared.as_deref()))
}

/// The MIME type that a server declares.
fn declared(headers: &HeaderMap) -> Option<String> {
    headers.get(CONTENT_TYPE).and_then(|value| mime(value.to_str().ok()?))
}

/// Longer links are not fetched, and stand in no record.
pub(crate) const LONGEST_LINK: usize = 8_192;

fn parse(link: &str) -> Result<Url, NotFetched> {
    let url = (link.len() <= LONGEST_LINK).then(|| Url::parse(link).ok()).flatten();
    url.ok_or(NotFetched::refused("bad_url"))
}

/// The host that a link leads to first; of what is no link, none.
pub(crate) fn host(link: &str) -> String {
    parse(link).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

fn redirect_target(from: &Url, headers: &HeaderMap) -> Result<Url, NotFetched> {
    let location = headers.get(LOCATION).and_then(|location| location.to_str().ok());
    let url = location.and_then(|location| from.join(location).ok());
    url.ok_or(NotFetched::refused("bad_url"))
}

/// `image/jpeg` of `image/JPEG; charset=binary`.
fn mime(declared: &str) -> Option<String> {
    let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_mime = |byte: u8| byte.is_ascii_alphanumeric() || b"/.+-".contains(&byte);
    (essence.contains('/') && essence.len() <= LONGEST_TYPE && essence.bytes().all(is_mime))
        .then_some(essence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::MediaSettings;
    use std::time::Duration;

    #[test]
    fn a_status_means_what_can_be_done_about_it() {
        for status in [403, 404, 410] {
            let gone = NotFetched::of_status(status);
            assert_eq!((gone.status, gone.is_transient), (MediaStatus::Gone, false), "{status}");
        }
        for (status, is_transient) in
            [(429, true), (503, true), (204, false), (206, false), (304, false), (401, false)]
        {
            assert_eq!(
                NotFetched::of_status(status),
                NotFetched {
                    status: MediaStatus::Failed,
                    reason: format!("http_{status}").into(),
                    kind: None,
                    is_transient
                },
                "{status}"
            );
        }
    }

    #[tokio::test]
    async fn nobody_is_answered_where_nobody_was_or_whoever_was_last_is_not_any_more() {
        let fetcher = Fetcher::new(MediaSettings::of("file:///tmp").fetch).unwrap();
        let at = Instant::now();
        assert!(!fetcher.is_answered(at).await);
        // It has no address that may be connected to.
        let url = Url::parse("https://localhost/").unwrap();
        *lock(&fetcher.last_answer) = Some(LastAnswer { url, at });
        assert!(fetcher.is_answered(at).await);
        assert!(!fetcher.is_answered(at + Duration::from_millis(1)).await);
    }

    #[test]
    fn a_mime_type_is_taken_without_its_parameters_and_never_with_anything_else() {
        assert_eq!(mime("image/JPEG; charset=binary").as_deref(), Some("image/jpeg"));
        for odd in ["", "jpeg", "image/<script>", &format!("image/{}", "x".repeat(200))] {
            assert_eq!(mime(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_redirect_leads_to_a_url_or_is_refused() {
        let from = Url::parse("https://a.fbcdn.net/x").unwrap();
        let to = |location: &'static str| {
            redirect_target(&from, &HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]))
        };
        assert_eq!(to("/y").unwrap().as_str(), "https://a.fbcdn.net/y");
        assert_eq!(to("http://169.254.169.254/").unwrap().scheme(), "http");
        assert_eq!(redirect_target(&from, &HeaderMap::new()), Err(NotFetched::refused("bad_url")));
    }

    #[test]
    fn a_link_that_is_no_url_or_too_long_is_refused() {
        for link in ["", "/reel/17", &format!("https://a.fbcdn.net/{}", "x".repeat(9_000))] {
            assert_eq!(parse(link), Err(NotFetched::refused("bad_url")));
        }
    }
}
