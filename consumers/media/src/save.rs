//! One link to its end: saved, or why not.

mod breaker;
mod known_links;
mod lifetime;
mod retry_budget;
mod slots;

use crate::fetch::{self, Fetcher, LONGEST_LINK, NotFetched};
use crate::links::{Link, Source};
use crate::metrics::MediaMetrics;
use crate::settings::MediaSettings;
use crate::store::{self, Store, StoreError, Stored};
use breaker::StoreBreaker;
use futures_util::future::join_all;
use known_links::KnownLinks;
use retry_budget::RetryBudget;
use runtime::backoff::{self, Backoff};
use runtime::process::steady_clock::SteadyClock;
use runtime::throttle::Throttle;
use schemas::Millis;
use schemas::media::{MediaRecord, MediaStatus};
use std::borrow::Cow;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// First delay before another attempt, at most, and the longest.
const BACKOFF: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(30)];

/// At most one line about links that fail in this time.
const LOG_EVERY: Duration = Duration::from_secs(30);

/// Saves what links lead to.
#[derive(Debug)]
pub(crate) struct Saver {
    fetcher: Fetcher,
    store: Store,
    breaker: StoreBreaker,
    known: KnownLinks,
    settings: MediaSettings,
    metrics: MediaMetrics,
    /// By which a link is over, for good: the system's clock may be ahead for a moment.
    clock: SteadyClock,
    log: Throttle,
}

/// What became of a link, as it is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkOutcome {
    pub(crate) id: String,
    pub(crate) status: MediaStatus,
    /// The record.
    pub(crate) value: Vec<u8>,
}

/// Why an attempt came to nothing.
#[derive(Debug, thiserror::Error)]
enum AttemptError {
    #[error(transparent)]
    NotFetched(#[from] NotFetched),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Saver {
    pub(crate) fn new(
        fetcher: Fetcher,
        store: Store,
        settings: &MediaSettings,
        metrics: MediaMetrics,
    ) -> Self {
        Self {
            fetcher,
            store,
            breaker: StoreBreaker::new(settings.media_concurrency),
            known: KnownLinks::default(),
            settings: settings.clone(),
            metrics,
            clock: SteadyClock::start(),
            log: Throttle::new(LOG_EVERY),
        }
    }

    /// What became of each link of a record, in their order. While the store or the network is away it goes on trying.
    pub(crate) async fn save(&self, source: &Source) -> Vec<LinkOutcome> {
        join_all((0..source.links.len()).map(|index| self.follow(source, index))).await
    }

    async fn follow(&self, source: &Source, index: usize) -> LinkOutcome {
        let [base, max] = BACKOFF;
        let (mut backoff, mut delay) = (Backoff::new(base, max), Duration::ZERO);
        let mut retry_budget = RetryBudget::new(self.settings.media_patience);
        let dies = lifetime::estimated(source, index, now());
        let host = fetch::host(&source.links[index].url);
        loop {
            let (mut lead, known) = self.known.enter(source, index).await;
            let (is_probe, slot) = self.breaker.admit(dies, &host).await;
            // What waits behind others has not failed.
            let began = Instant::now();
            let failure = match self.attempt(source, index, is_probe, known, lead.as_deref_mut()).await {
                Ok(outcome) => return outcome,
                Err(failure) => failure,
            };
            let took = delay + began.elapsed();
            // What fails for good or for too long ends here, once the store knows of no earlier success.
            let ended = match failure {
                AttemptError::NotFetched(why)
                    if !why.is_transient || self.gives_up_after(&mut retry_budget, took).await =>
                {
                    self.record_unsaved(source, index, &why).await.map_err(AttemptError::Store)
                }
                again => Err(again),
            };
            match &ended {
                Err(AttemptError::Store(_)) => self.breaker.record_failure(is_probe),
                _ if is_probe => self.breaker.probe_undecided(),
                _ => {}
            }
            drop((lead, slot));
            match ended {
                Ok(outcome) => return outcome,
                Err(failure) => self.count_failed_attempt(&failure),
            }
            delay = backoff.next_delay(backoff::random());
            tokio::time::sleep(delay).await;
        }
    }

    /// Whether a link is tried no more that failed once more, after an attempt that `took` so long with the delay before it.
    async fn gives_up_after(&self, retry_budget: &mut RetryBudget, took: Duration) -> bool {
        let Some(former) = retry_budget.record_failure(Instant::now()) else { return false };
        self.fetcher.is_answered(former).await && retry_budget.count_failure(took)
    }

    fn count_failed_attempt(&self, error: &AttemptError) {
        match error {
            AttemptError::Store(_) => self.metrics.store_errors.inc(),
            AttemptError::NotFetched(_) => self.metrics.attempts_failed.inc(),
        }
        if let Some(suppressed) = self.log.pass(std::time::Instant::now()) {
            tracing::warn!(why = error.to_string(), suppressed, "saving a link failed, will retry");
        }
    }

    /// Tells of a link that could not be saved now; one that was saved before stays so.
    async fn record_unsaved(
        &self,
        source: &Source,
        index: usize,
        not_fetched: &NotFetched,
    ) -> Result<LinkOutcome, StoreError> {
        let id = source.record_id(index);
        let outcome = if let Some(value) = self.saved_before(source, index).await? {
            LinkOutcome { id, status: MediaStatus::Saved, value }
        } else {
            let NotFetched { status, reason, .. } = not_fetched.clone();
            let record = MediaRecord { reason: Some(reason), ..record_without_result(source, index, status) };
            LinkOutcome { id, status, value: to_json(&record) }
        };
        self.metrics.count_link(source.links[index].origin, outcome.status);
        Ok(outcome)
    }

    /// The record of a link that was saved before.
    async fn saved_before(&self, source: &Source, index: usize) -> Result<Option<Vec<u8>>, StoreError> {
        let folder = store::folder(&source.account, source.owner());
        let kept = self.store.get_record(&folder, &source.record_id(index)).await?;
        Ok(kept.filter(|kept| is_saved(kept)))
    }

    fn count_saved(&self, source: &Source, index: usize, bytes: u64) {
        self.breaker.record_success();
        self.metrics.count_link(source.links[index].origin, MediaStatus::Saved);
        let received = source.received.as_deref().and_then(Millis::parse);
        self.metrics.saved(bytes, received.map(|received| now().since(received)));
    }

    async fn attempt(
        &self,
        source: &Source,
        index: usize,
        is_probe: bool,
        known: Option<String>,
        lead: Option<&mut Option<String>>,
    ) -> Result<LinkOutcome, AttemptError> {
        // Nothing is fetched for a store that does not answer.
        if is_probe {
            self.saved_before(source, index).await?;
        }
        if let Some(outcome) = self.saved_with(source, index, known).await? {
            return Ok(outcome);
        }
        let link = &source.links[index];
        if lifetime::is_expired(&link.url, Millis::of(self.clock.now())) {
            return Err(NotFetched::for_good(MediaStatus::Gone, "expired").into());
        }
        let mut answer = self.fetcher.open(&link.url).await?;
        let folder = store::folder(&source.account, source.owner());
        let id = source.record_id(index);
        let mut upload = self.store.begin(folder, &id);
        let copied = async {
            while let Some(chunk) = answer.chunk().await? {
                upload.write(&chunk).await?;
                if upload.bytes > self.settings.most_bytes(upload.sniffed()) {
                    return Err(AttemptError::from(NotFetched::TOO_LARGE));
                }
            }
            if upload.bytes == 0 {
                return Err(AttemptError::from(NotFetched::for_now("empty")));
            }
            Ok(())
        };
        if let Err(error) = copied.await {
            upload.abandon().await;
            return Err(error);
        }
        let record = |stored: &Stored| {
            to_json(&saved(record_without_result(source, index, MediaStatus::Saved), stored, answer.declared))
        };
        let (stored, value) = upload.finish(record).await?;
        self.count_saved(source, index, stored.bytes);
        // Only here: a record that was put with its object goes with it, where a bucket deletes by age.
        if let Some(lead) = lead {
            *lead = Some(id.clone());
        }
        Ok(LinkOutcome { id, status: MediaStatus::Saved, value })
    }
}

fn to_json(record: &MediaRecord<'_>) -> Vec<u8> {
    serde_json::to_vec(record).expect("a record has string keys alone")
}

/// Whether what was kept is the record of a link that was saved.
fn is_saved(kept: &[u8]) -> bool {
    let record = serde_json::from_slice::<MediaRecord<'_>>(kept);
    record.is_ok_and(|record| record.status == MediaStatus::Saved.into())
}

/// What is known before anything was fetched.
fn record_without_result(source: &Source, index: usize, status: MediaStatus) -> MediaRecord<'static> {
    let Link { origin, url } = &source.links[index];
    let owned = |text: &Option<String>| text.clone().map(Cow::Owned);
    MediaRecord {
        id: source.record_id(index).into(),
        event: owned(&source.event),
        index: u32::try_from(index).unwrap_or(u32::MAX),
        account: source.account.clone().into(),
        subject: owned(&source.subject),
        origin: (*origin).into(),
        url: (url.len() <= LONGEST_LINK).then(|| url.clone().into()),
        expires: lifetime::stated_expiry(url).map(|at| at.to_string().into()),
        status: status.into(),
        at: now().to_string().into(),
        key: None,
        sha256: None,
        bytes: None,
        declared: None,
        sniffed: None,
        width: None,
        height: None,
        reason: None,
    }
}

fn saved(blank: MediaRecord<'static>, stored: &Stored, declared: Option<String>) -> MediaRecord<'static> {
    MediaRecord {
        key: Some(stored.key.to_string().into()),
        sha256: Some(stored.sha256.clone().into()),
        bytes: Some(stored.bytes),
        declared: declared.map(Cow::Owned),
        sniffed: stored.sniffed.map(Cow::Borrowed),
        width: stored.size.map(|(width, _)| width),
        height: stored.size.map(|(_, height)| height),
        ..blank
    }
}

fn now() -> Millis {
    Millis::of(SystemTime::now())
}

#[cfg(test)]
mod tests;
