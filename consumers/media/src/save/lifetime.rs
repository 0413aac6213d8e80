//! When a link dies: as it tells, or as links of its sort usually do.

use crate::links::LinkRef;
use reqwest::Url;
use schemas::Millis;
use schemas::media::Origin;
use std::time::Duration;

/// A story is gone after a day.
const STORY: Duration = Duration::from_hours(24);
/// What links of Meta's CDNs tell of is mostly four to five days.
const USUAL: Duration = Duration::from_hours(96);
/// For so long after its time a link is asked for all the same: a clock may be wrong.
const GRACE: Duration = Duration::from_hours(1);
/// The hosts below which `oe` is signed with the rest of the link, and which answer 403 from then on.
const SIGNED: [&str; 2] = [".fbcdn.net", ".cdninstagram.com"];

/// When a link tells that it dies: those of `fbcdn.net` and `cdninstagram.com` say it in `oe`, in hexadecimal seconds since 1970.
/// Meta describes it nowhere. Sources: the 403 "URL signature expired" in
/// <https://github.com/aaronpk/OwnYourGram/issues/80>, 2019, of a link whose time was over since the day before, and
/// <https://github.com/gabrielkheisa/instagram-downloader/issues/1>, 2023.
pub(super) fn stated_expiry(link: &str) -> Option<Millis> {
    of(&Url::parse(link).ok()?)
}

/// Whether a link is dead by its own words, so that its host need not be asked.
pub(super) fn is_expired(link: &str, now: Millis) -> bool {
    let Ok(url) = Url::parse(link) else { return false };
    let is_signed = url.domain().is_some_and(|host| SIGNED.iter().any(|above| host.ends_with(above)));
    is_signed && of(&url).is_some_and(|dies| now.since(dies) > GRACE)
}

/// When a link dies, for all that is known: good enough to decide which is followed first.
pub(super) fn estimated(LinkRef { source, link, .. }: LinkRef<'_>, now: Millis) -> Millis {
    stated_expiry(&link.url).unwrap_or_else(|| {
        let life = if link.origin == Origin::Story { STORY } else { USUAL };
        source.received.as_deref().and_then(Millis::parse).unwrap_or(now).after(life)
    })
}

fn of(url: &Url) -> Option<Millis> {
    let (_, seconds) = url.query_pairs().find(|(name, _)| name == "oe")?;
    let seconds = u32::from_str_radix(&seconds, 16).ok()?;
    Some(Millis::since_epoch(u64::from(seconds) * 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::{Link, Source};

    const LINK: &str = "https://scontent.cdninstagram.com/v/t1.jpg?_nc=1&oe=687DB1A0&oh=00";
    const DIES: &str = "2025-07-21T03:18:56.000Z";

    fn at(rfc3339: &str) -> Millis {
        Millis::parse(rfc3339).unwrap()
    }

    #[test]
    fn a_link_tells_when_it_dies_where_it_does() {
        assert_eq!(stated_expiry(LINK), Some(at(DIES)));
        for silent in
            ["", "https://a.fbcdn.net/", "https://a.fbcdn.net/?oe=", "https://a.fbcdn.net/?oe=FFFFFFFFF"]
        {
            assert_eq!(stated_expiry(silent), None, "{silent}");
        }
    }

    #[test]
    fn a_link_is_over_an_hour_after_its_time_and_at_the_hosts_that_sign_it_alone() {
        let [before, after] = ["2025-07-21T04:18:56.000Z", "2025-07-21T04:18:56.001Z"].map(at);
        assert!(is_expired(LINK, after) && !is_expired(LINK, before));
        for other in
            ["", "https://lookaside.fbsbx.com/?oe=1", "https://evilfbcdn.net/?oe=1", "https://a.fbcdn.net/"]
        {
            assert!(!is_expired(other, after), "{other}");
        }
    }

    #[test]
    fn a_link_that_tells_nothing_is_taken_to_live_as_long_as_its_sort() {
        let value = r#"{"account":"1784","user":"99","platform":"instagram","status":"found","at":"2025-07-18T10:35:12.000Z","profile":{"profile_pic":"https://a.fbcdn.net/a.jpg"}}"#;
        let mut source = Source::read(schemas::Topic::Profiles, Some(value.as_bytes())).unwrap().unwrap();
        let now = at("2025-07-19T00:00:00.000Z");
        let dies = |source: &Source, index| estimated(source.each().nth(index).unwrap(), now);
        assert_eq!(dies(&source, 0), at("2025-07-22T10:35:12.000Z"));
        let link = |url: &str| Link::media(Origin::Story, url.to_owned());
        source.links = vec![link("https://a.fbcdn.net/a.jpg"), link(LINK)];
        assert_eq!(dies(&source, 0), at("2025-07-19T10:35:12.000Z"));
        assert_eq!(dies(&source, 1), at(DIES));
        source.received = None;
        assert_eq!(dies(&source, 0), at("2025-07-20T00:00:00.000Z"));
    }
}
