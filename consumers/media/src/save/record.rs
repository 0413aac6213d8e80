//! What is published and kept of a link: the record of it.

use super::lifetime;
use crate::fetch::LONGEST_LINK;
use crate::links::{Link, LinkRef};
use crate::store::Stored;
use schemas::media::{MediaRecord, MediaStatus};
use std::borrow::Cow;

/// Of a link whose media lies in the store; `declared` is the type that its host gave.
pub(super) fn saved(link: LinkRef<'_>, stored: &Stored, declared: Option<&str>) -> Vec<u8> {
    to_json(&MediaRecord {
        key: Some(stored.key.as_ref().into()),
        sha256: Some((&*stored.sha256).into()),
        bytes: Some(stored.bytes),
        declared: declared.map(Cow::Borrowed),
        sniffed: stored.sniffed.map(Cow::Borrowed),
        width: stored.size.map(|(width, _)| width),
        height: stored.size.map(|(_, height)| height),
        ..without_result(link, MediaStatus::Saved)
    })
}

/// Of a link whose media another event's link saved, as `kept` says.
pub(super) fn like(link: LinkRef<'_>, kept: MediaRecord<'_>) -> Vec<u8> {
    let MediaRecord { key, sha256, bytes, declared, sniffed, width, height, .. } = kept;
    let own = without_result(link, MediaStatus::Saved);
    to_json(&MediaRecord { key, sha256, bytes, declared, sniffed, width, height, ..own })
}

/// Of a link that could not be saved.
pub(super) fn unsaved(link: LinkRef<'_>, status: MediaStatus, reason: &str) -> Vec<u8> {
    to_json(&MediaRecord { reason: Some(reason.into()), ..without_result(link, status) })
}

/// What was kept, where it is the record of a link that was saved.
pub(super) fn saved_in(kept: &[u8]) -> Option<MediaRecord<'_>> {
    let record: MediaRecord<'_> = serde_json::from_slice(kept).ok()?;
    (record.status == MediaStatus::Saved.into()).then_some(record)
}

/// What is known before anything was fetched.
fn without_result(link: LinkRef<'_>, status: MediaStatus) -> MediaRecord<'_> {
    let LinkRef { source, index, link: Link { origin, url, .. } } = link;
    let (id, index) = (link.record_id().into(), u32::try_from(index).unwrap_or(u32::MAX));
    let (account, at) = ((&*source.account).into(), super::now().to_string().into());
    MediaRecord {
        event: source.event.as_deref().map(Cow::Borrowed),
        subject: source.subject.as_deref().map(Cow::Borrowed),
        url: (url.len() <= LONGEST_LINK).then(|| (&**url).into()),
        expires: lifetime::stated_expiry(url).map(|at| at.to_string().into()),
        ..MediaRecord::new(id, index, account, (*origin).into(), status.into(), at)
    }
}

fn to_json(record: &MediaRecord<'_>) -> Vec<u8> {
    serde_json::to_vec(record).expect("a record has string keys alone")
}
