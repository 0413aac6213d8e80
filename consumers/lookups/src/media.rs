//! The cache of what is known of posts, which Meta calls media: many comments are on one.

use crate::settings::MediaCacheSettings;
use runtime::mutex::lock;
use serde_json::value::RawValue;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use weir_graph::GraphId;

/// A caption has up to 2,200 characters; what is much larger is not kept.
const MAX_POST_BYTES: usize = 32 * 1_024;

/// What the Graph API said about a media, and when.
#[derive(Clone, Debug)]
pub(crate) struct CachedMedia {
    /// Verbatim.
    pub(crate) answer: Arc<RawValue>,
    /// RFC 3339 with milliseconds.
    pub(crate) at: Arc<str>,
}

/// Account and media, and whether it was learned of a mention in its caption, so that the whole answer is kept: of comments it is the
/// media itself.
pub(crate) type Key = (GraphId, GraphId, bool);

/// The media that the Graph API spoke of lately, apart by account: what one may see is not for another.
#[derive(Debug)]
pub(crate) struct MediaCache {
    settings: MediaCacheSettings,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    media: HashMap<Key, (Instant, CachedMedia)>,
    /// Oldest first.
    order: VecDeque<(Instant, Key)>,
}

impl MediaCache {
    pub(crate) fn new(settings: MediaCacheSettings) -> Self {
        Self { settings, kept: Mutex::default() }
    }

    /// What is known of a media and not too old.
    pub(crate) fn get(&self, key: &Key, now: Instant) -> Option<CachedMedia> {
        let kept = lock(&self.kept);
        let (since, known) = kept.media.get(key)?;
        (now.saturating_duration_since(*since) < self.settings.media_cache_for).then(|| known.clone())
    }

    /// Keeps what was said now.
    pub(crate) fn put(&self, key: Key, known: CachedMedia, now: Instant) {
        if self.settings.media_cache == 0 || known.answer.get().len() > MAX_POST_BYTES {
            return;
        }
        let mut kept = lock(&self.kept);
        kept.order.push_back((now, key.clone()));
        kept.media.insert(key, (now, known));
        kept.shrink(&self.settings, now);
    }
}

impl Kept {
    /// Forgets what is too old, and the oldest of what is too much.
    fn shrink(&mut self, settings: &MediaCacheSettings, now: Instant) {
        while let Some((since, key)) = self.order.front() {
            let is_old = now.saturating_duration_since(*since) >= settings.media_cache_for;
            if !is_old && self.order.len() <= settings.media_cache {
                return;
            }
            // One that was said again since is kept under its later place.
            if self.media.get(key).is_some_and(|(kept, _)| kept == since) {
                self.media.remove(key);
            }
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn id(text: &str) -> GraphId {
        GraphId::parse(text).unwrap()
    }

    struct Bench {
        cache: MediaCache,
        start: Instant,
    }

    impl Bench {
        fn new(count: usize) -> Self {
            let settings =
                MediaCacheSettings { media_cache: count, media_cache_for: Duration::from_secs(100) };
            Self { cache: MediaCache::new(settings), start: Instant::now() }
        }

        fn put(&self, media: &str, answer: &str, second: u64) {
            let answer: Box<RawValue> = serde_json::from_str(answer).unwrap();
            let now = self.start + Duration::from_secs(second);
            let known = CachedMedia { answer: Arc::from(answer), at: Arc::from("") };
            self.cache.put((id("1"), id(media), false), known, now);
        }

        fn get(&self, account: &str, media: &str, second: u64) -> Option<String> {
            let now = self.start + Duration::from_secs(second);
            let known = self.cache.get(&(id(account), id(media), false), now);
            known.map(|known| known.answer.get().to_owned())
        }
    }

    #[test]
    fn a_media_is_known_to_its_account_until_it_is_too_old() {
        let bench = Bench::new(10);
        bench.put("18", r#"{"id": "18"}"#, 0);
        assert_eq!(bench.get("1", "18", 99).as_deref(), Some(r#"{"id": "18"}"#));
        assert_eq!(bench.get("1", "18", 100), None);
        assert_eq!(bench.get("2", "18", 0), None);
        assert_eq!(bench.get("1", "19", 0), None);
    }

    #[test]
    fn what_was_said_last_counts_and_the_oldest_goes_first() {
        let bench = Bench::new(2);
        bench.put("18", "1", 0);
        bench.put("18", "2", 1);
        bench.put("19", "3", 2);
        assert_eq!(bench.get("1", "18", 2).as_deref(), Some("2"));
        bench.put("20", "4", 3);
        assert_eq!(bench.get("1", "18", 3), None);
        assert_eq!(bench.get("1", "20", 3).as_deref(), Some("4"));
        assert!(lock(&bench.cache.kept).order.len() <= 2);
    }

    #[test]
    fn nothing_is_kept_where_nothing_may_be_or_it_is_too_large() {
        let bench = Bench::new(0);
        bench.put("18", "1", 0);
        assert_eq!(bench.get("1", "18", 0), None);
        let bench = Bench::new(10);
        bench.put("18", &format!("\"{}\"", "x".repeat(MAX_POST_BYTES)), 0);
        assert_eq!(bench.get("1", "18", 0), None);
    }
}
