//! Links of posts that were saved a moment ago: each comment on a post brings the same ones.

use super::record;
use super::{LinkOutcome, Saver};
use crate::links::LinkRef;
use crate::store::StoreError;
use runtime::mutex::lock;
use schemas::media::Origin;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::OwnedMutexGuard;

/// Links that are remembered; each takes some 200 bytes.
const MAX_LINKS: usize = 4_096;

/// By owner and link, the id of the record of who saved it, behind a lock of whoever follows it.
#[derive(Debug, Default)]
pub(super) struct KnownLinks(Mutex<Links>);

#[derive(Debug, Default)]
struct Links {
    /// How often one was asked for.
    asked: u64,
    /// Each with when it was asked for last: the one for which that is longest ago makes room.
    entries: BTreeMap<Link, (u64, Entry)>,
}

type Link = [u8; 32];
type Entry = Arc<tokio::sync::Mutex<Option<String>>>;

/// The right to follow a link first, with the id of the record by which it was saved before, to be set to that by which it is
/// fetched and saved now; others wait until it is dropped.
pub(super) type Lead = OwnedMutexGuard<Option<String>>;

impl KnownLinks {
    /// Returns once nobody else follows the link for the first time, with the id of the record by which it was saved. Where it came
    /// to nothing, those who waited follow it all at once, as they would have. Only links of posts come again with other events.
    pub(super) async fn enter(&self, link: LinkRef<'_>) -> (Option<Lead>, Option<String>) {
        if link.link.origin != Origin::CommentMedia {
            return (None, None);
        }
        let entry = self.entry(link);
        match Arc::clone(&entry).try_lock_owned() {
            Ok(lead) => {
                let known = lead.clone();
                (Some(lead), known)
            }
            Err(_) => (None, entry.lock().await.clone()),
        }
    }

    fn entry(&self, LinkRef { source, link, .. }: LinkRef<'_>) -> Entry {
        let owner = [&source.account, source.owner().unwrap_or_default(), &link.url];
        let link = Sha256::digest(owner.join("\n")).into();
        let Links { asked, entries } = &mut *lock(&self.0);
        *asked += 1;
        if entries.len() >= MAX_LINKS && !entries.contains_key(&link) {
            let oldest = entries.iter().min_by_key(|(_, (last, _))| *last).map(|(link, _)| *link);
            oldest.map(|oldest| entries.remove(&oldest));
        }
        let (last, entry) = entries.entry(link).or_default();
        *last = *asked;
        Arc::clone(entry)
    }
}

impl Saver {
    /// What becomes of a link that was saved by the record `known` of another event, as long as that is kept: the same, without its bytes.
    pub(super) async fn saved_with(
        &self,
        link: LinkRef<'_>,
        known: Option<String>,
    ) -> Result<Option<LinkOutcome>, StoreError> {
        // Its own is put again with the object alone, which it would outlive.
        let Some(known) = known.filter(|known| *known != link.record_id()) else { return Ok(None) };
        let kept = self.store.get_record(&link.folder(), &known).await?;
        let Some(kept) = kept.as_deref().and_then(record::saved_in) else { return Ok(None) };
        let sort = kept.sniffed.clone();
        let outcome = LinkOutcome::saved(link, record::like(link, kept));
        self.store.put_record(&link.folder(), &outcome.id, outcome.value.clone(), sort.as_deref()).await?;
        self.count_saved(link, 0);
        Ok(Some(outcome))
    }
}
