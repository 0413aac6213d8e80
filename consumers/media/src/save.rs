//! One link to its end: saved, or why not.

mod admission;
mod known_links;
mod lifetime;
mod record;
mod retry_budget;
mod slots;

use crate::fetch::{self, Fetcher, NotFetched, Opened};
use crate::links::{LinkRef, Source};
use crate::metrics::MediaMetrics;
use crate::settings::MediaSettings;
use crate::store::{self, Store, StoreError, Stored, Upload};
use admission::Admission;
use futures_util::future::join_all;
use known_links::KnownLinks;
use object_store::path::Path;
use retry_budget::RetryBudget;
use runtime::backoff::{self, Backoff};
use runtime::process::steady_clock::SteadyClock;
use runtime::throttle::Throttle;
use schemas::Millis;
use schemas::media::MediaStatus;
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
    admission: Admission,
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

impl LinkRef<'_> {
    /// The folder of the store in which all of its owner lies.
    fn folder(&self) -> Path {
        store::folder(&self.source.account, self.source.owner())
    }
}

impl LinkOutcome {
    fn saved(link: LinkRef<'_>, value: Vec<u8>) -> Self {
        Self { id: link.record_id(), status: MediaStatus::Saved, value }
    }
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
            admission: Admission::new(settings.media_concurrency),
            known: KnownLinks::default(),
            settings: settings.clone(),
            metrics,
            clock: SteadyClock::start(),
            log: Throttle::new(LOG_EVERY),
        }
    }

    /// What became of each link of a record, in their order. While the store or the network is away it goes on trying.
    pub(crate) async fn save(&self, source: &Source) -> Vec<LinkOutcome> {
        join_all(source.each().map(|link| self.follow(link))).await
    }

    async fn follow(&self, link: LinkRef<'_>) -> LinkOutcome {
        let [base, max] = BACKOFF;
        let (mut backoff, mut delay) = (Backoff::new(base, max), Duration::ZERO);
        let mut retry_budget = RetryBudget::new(self.settings.media_patience);
        let dies = lifetime::estimated(link, now());
        let host = fetch::host(&link.link.url);
        loop {
            let (mut lead, known) = self.known.enter(link).await;
            let (is_probe, slot) = self.admission.admit(dies, &host).await;
            // What waits behind others has not failed.
            let began = Instant::now();
            let failure = match self.attempt(link, is_probe, known, lead.as_deref_mut()).await {
                Ok(outcome) => return outcome,
                Err(failure) => failure,
            };
            let took = delay + began.elapsed();
            // What fails for good or for too long ends here, once the store knows of no earlier success.
            let ended = match failure {
                AttemptError::NotFetched(why)
                    if !why.is_transient || self.gives_up_after(&mut retry_budget, took).await =>
                {
                    self.record_unsaved(link, &why).await.map_err(AttemptError::Store)
                }
                again => Err(again),
            };
            match &ended {
                Err(AttemptError::Store(_)) => self.admission.record_failure(is_probe),
                _ if is_probe => self.admission.probe_undecided(),
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
    async fn record_unsaved(&self, link: LinkRef<'_>, why: &NotFetched) -> Result<LinkOutcome, StoreError> {
        let outcome = if let Some(value) = self.saved_before(link).await? {
            LinkOutcome::saved(link, value)
        } else {
            let value = record::unsaved(link, why.status, &why.reason);
            LinkOutcome { id: link.record_id(), status: why.status, value }
        };
        self.metrics.count_link(link.link.origin, outcome.status);
        Ok(outcome)
    }

    /// The record of a link that was saved before.
    async fn saved_before(&self, link: LinkRef<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        let kept = self.store.get_record(&link.folder(), &link.record_id()).await?;
        Ok(kept.filter(|kept| record::saved_in(kept).is_some()))
    }

    fn count_saved(&self, LinkRef { source, link, .. }: LinkRef<'_>, bytes: u64) {
        self.admission.record_success();
        self.metrics.count_link(link.origin, MediaStatus::Saved);
        let received = source.received.as_deref().and_then(Millis::parse);
        self.metrics.saved(bytes, received.map(|received| now().since(received)));
    }

    /// `known` is the id of the record by which another event's link saved the same; `lead` is set to that of this link's once it is.
    async fn attempt(
        &self,
        link: LinkRef<'_>,
        is_probe: bool,
        known: Option<String>,
        lead: Option<&mut Option<String>>,
    ) -> Result<LinkOutcome, AttemptError> {
        // Nothing is fetched for a store that does not answer.
        if is_probe {
            self.saved_before(link).await?;
        }
        if let Some(outcome) = self.saved_with(link, known).await? {
            return Ok(outcome);
        }
        if lifetime::is_expired(&link.link.url, Millis::of(self.clock.now())) {
            return Err(NotFetched::for_good(MediaStatus::Gone, "expired").into());
        }
        let outcome = self.fetch(link).await?;
        // Only here: a record that was put with its object goes with it, where a bucket deletes by age.
        if let Some(lead) = lead {
            *lead = Some(outcome.id.clone());
        }
        Ok(outcome)
    }

    /// Puts what the link leads to into the store, and the record of it beside it.
    async fn fetch(&self, link: LinkRef<'_>) -> Result<LinkOutcome, AttemptError> {
        let mut answer = self.fetcher.open(&link.link.url).await?;
        let mut upload = self.store.begin(link.folder(), &link.record_id());
        if let Err(error) = self.copy(link, &mut answer, &mut upload).await {
            upload.abandon().await;
            return Err(error);
        }
        let record = |stored: &Stored| record::saved(link, stored, answer.declared.as_deref());
        let (stored, value) = upload.finish(record).await?;
        self.count_saved(link, stored.bytes);
        Ok(LinkOutcome::saved(link, value))
    }

    async fn copy(
        &self,
        LinkRef { link, .. }: LinkRef<'_>,
        answer: &mut Opened,
        upload: &mut Upload<'_>,
    ) -> Result<(), AttemptError> {
        while let Some(chunk) = answer.chunk().await? {
            upload.write(&chunk).await?;
            if upload.bytes > self.settings.most_bytes(upload.sniffed()) {
                return Err(NotFetched::TOO_LARGE.into());
            }
        }
        if upload.bytes == 0 {
            return Err(NotFetched::for_now("empty").into());
        }
        // Such as that of an error, or of a login.
        if !link.may_be_text && upload.is_page(answer.declared.as_deref()) {
            return Err(NotFetched::for_now("page").into());
        }
        Ok(())
    }
}

fn now() -> Millis {
    Millis::of(SystemTime::now())
}

#[cfg(test)]
mod tests;
