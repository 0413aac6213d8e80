//! Links of posts that were saved a moment ago: each comment on a post brings the same ones.

use super::{LinkOutcome, Saver, record_without_result, to_json};
use crate::links::Source;
use crate::store::{self, StoreError};
use runtime::mutex::lock;
use schemas::media::{MediaRecord, MediaStatus, Origin};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::OwnedMutexGuard;

/// Links that are remembered; each takes some 200 bytes.
const MOST: usize = 4_096;

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
    pub(super) async fn enter(&self, source: &Source, index: usize) -> (Option<Lead>, Option<String>) {
        if source.links[index].origin != Origin::CommentMedia {
            return (None, None);
        }
        let entry = self.entry(source, index);
        match Arc::clone(&entry).try_lock_owned() {
            Ok(lead) => {
                let known = lead.clone();
                (Some(lead), known)
            }
            Err(_) => (None, entry.lock().await.clone()),
        }
    }

    fn entry(&self, source: &Source, index: usize) -> Entry {
        let owner = [&source.account, source.owner().unwrap_or_default(), &source.links[index].url];
        let link = Sha256::digest(owner.join("\n")).into();
        let Links { asked, entries } = &mut *lock(&self.0);
        *asked += 1;
        if entries.len() >= MOST && !entries.contains_key(&link) {
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
        source: &Source,
        index: usize,
        known: Option<String>,
    ) -> Result<Option<LinkOutcome>, StoreError> {
        // Its own is put again with the object alone, which it would outlive.
        let Some(known) = known.filter(|known| *known != source.record_id(index)) else { return Ok(None) };
        let folder = store::folder(&source.account, source.owner());
        let Some(kept) = self.store.get_record(&folder, &known).await? else { return Ok(None) };
        let Ok(kept) = serde_json::from_slice::<MediaRecord<'_>>(&kept) else { return Ok(None) };
        if kept.status != MediaStatus::Saved.into() {
            return Ok(None);
        }
        let sort = kept.sniffed.clone();
        let MediaRecord { key, sha256, bytes, declared, sniffed, width, height, .. } = kept;
        let own: MediaRecord<'_> = record_without_result(source, index, MediaStatus::Saved);
        let record = MediaRecord { key, sha256, bytes, declared, sniffed, width, height, ..own };
        let (id, value) = (source.record_id(index), to_json(&record));
        self.store.put_record(&folder, &id, value.clone(), sort.as_deref()).await?;
        self.count_saved(source, index, 0);
        Ok(Some(LinkOutcome { id, status: MediaStatus::Saved, value }))
    }
}
