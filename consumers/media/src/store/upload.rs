//! One object on its way into the store, of which no more than a part is in memory.

use super::objects::{Object, Parts};
use super::{Store, StoreError, record_key};
use crate::page;
use crate::picture::{self, HEAD};
use object_store::TagSet;
use object_store::path::Path;
use runtime::hex;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The least that S3 takes as a part other than the last; what fits is put at once.
const PART: usize = 5 << 20;

/// The name of the tag that says of which sort an object is.
const TAG: &str = "weir-media";

/// An object of which not all bytes have come.
#[derive(Debug)]
pub(crate) struct Upload<'a> {
    store: &'a Store,
    folder: Path,
    /// Where it lies until its digest is known, below the same folder, so that what was cut off is found with the rest.
    incoming: Path,
    /// Where its record belongs.
    record: Path,
    parts: Option<Parts>,
    part: Vec<u8>,
    head: Vec<u8>,
    digest: Sha256,
    /// Bytes that have come.
    pub(crate) bytes: u64,
}

/// What is in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Where it lies.
    pub(crate) key: Path,
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
    pub(crate) sniffed: Option<&'static str>,
    pub(crate) size: Option<(u32, u32)>,
}

impl Store {
    /// Begins to save what the link of record `id` leads to.
    pub(crate) fn begin(&self, folder: Path, id: &str) -> Upload<'_> {
        Upload {
            store: self,
            // Whoever else follows the same link has a place of their own.
            incoming: folder.clone().join(format!("incoming-{id}-{}", Uuid::now_v7().simple())),
            record: record_key(&folder, id),
            folder,
            parts: None,
            part: Vec::new(),
            head: Vec::new(),
            digest: Sha256::new(),
            bytes: 0,
        }
    }
}

impl Store {
    /// Keeps a record of an object that is there, of this MIME type.
    pub(crate) async fn put_record(
        &self,
        folder: &Path,
        id: &str,
        bytes: Vec<u8>,
        sniffed: Option<&str>,
    ) -> Result<(), StoreError> {
        let (key, tags) = (record_key(folder, id), self.tags(sniffed));
        self.put(vec![Object { key, bytes, mime: "application/json", tags }]).await
    }

    fn tags(&self, sniffed: Option<&str>) -> TagSet {
        let mut tags = TagSet::default();
        if self.tags {
            tags.push(TAG, picture::sort(sniffed));
        }
        tags
    }
}

impl Upload<'_> {
    /// Its MIME type, as far as its first bytes tell.
    pub(crate) fn sniffed(&self) -> Option<&'static str> {
        picture::sniff(&self.head)
    }

    /// Whether it is a page and no media, by its first bytes and the type that its server `declared`.
    pub(crate) fn is_page(&self, declared: Option<&str>) -> bool {
        page::is_page(&self.head, declared)
    }

    /// Takes the next bytes; a part that is full goes into the store before more is taken.
    pub(crate) async fn write(&mut self, mut chunk: &[u8]) -> Result<(), StoreError> {
        self.digest.update(chunk);
        self.bytes += chunk.len() as u64;
        let head = chunk.len().min(HEAD - self.head.len());
        self.head.extend_from_slice(&chunk[..head]);
        while !chunk.is_empty() {
            let (now, later) = chunk.split_at(chunk.len().min(PART - self.part.len()));
            self.part.extend_from_slice(now);
            chunk = later;
            // A full part is sent once more follows it, so that what fits one part is put at once.
            if self.part.len() == PART && !chunk.is_empty() {
                self.send_part().await?;
            }
        }
        Ok(())
    }

    /// Makes the object whole, under the name of its digest, and keeps beside it what `record` says of it, which is given back too. It
    /// counts from then on.
    pub(crate) async fn finish(
        mut self,
        record: impl FnOnce(&Stored) -> Vec<u8>,
    ) -> Result<(Stored, Vec<u8>), StoreError> {
        let sha256 = hex::digits(&std::mem::take(&mut self.digest).finalize());
        let sniffed = self.sniffed();
        let stored = Stored {
            key: self.folder.clone().join(sha256.as_str()),
            sha256,
            bytes: self.bytes,
            sniffed,
            size: sniffed.and_then(|mime| picture::size(&self.head, mime)),
        };
        let told = record(&stored);
        let (key, tags) = (self.record.clone(), self.store.tags(sniffed));
        let record = Object { key, bytes: told.clone(), mime: "application/json", tags };
        if self.parts.is_some() {
            self.send_part().await?;
        }
        if let Some(parts) = self.parts.take() {
            self.store.complete(parts, &self.incoming, &stored.key, stored.bytes).await?;
            self.store.put(vec![record]).await?;
        } else {
            self.store.put(vec![self.taken(stored.key.clone()), record]).await?;
        }
        Ok((stored, told))
    }

    /// Ends it without an object.
    pub(crate) async fn abandon(self) {
        if let Some(parts) = self.parts {
            parts.abandon().await;
        }
    }

    async fn send_part(&mut self) -> Result<(), StoreError> {
        let (parts, part) = (self.parts.take(), self.taken(self.incoming.clone()));
        self.parts = Some(self.store.append(parts, part).await?);
        Ok(())
    }

    /// The bytes that have come since, as an object or a part of one.
    fn taken(&mut self, key: Path) -> Object {
        let tags = self.store.tags(self.sniffed());
        Object { key, bytes: std::mem::take(&mut self.part), mime: self.given_out_as(), tags }
    }

    fn given_out_as(&self) -> &'static str {
        // A browser that is given bytes as one of the others shows them and runs nothing.
        self.sniffed()
            .filter(|mime| picture::sort(Some(mime)) != "file")
            .unwrap_or("application/octet-stream")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::MediaSettings;
    use crate::store::folder;
    use std::fs;
    use std::path::PathBuf;

    const JPEG: &[u8] = b"\xff\xd8\xff\xc0\0\x11\x08\x05\x46\x04\x38\x03";

    fn store() -> (tempfile::TempDir, Store) {
        let place = tempfile::tempdir().unwrap();
        let settings = MediaSettings::of(&format!("file://{}", place.path().display()));
        let store = Store::open(&settings.store).unwrap();
        (place, store)
    }

    /// Every file below a folder.
    fn files(folder: &std::path::Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }

    #[test]
    fn two_that_follow_the_same_link_do_not_write_to_one_place() {
        let (_place, store) = store();
        let [one, other] = [(); 2].map(|()| store.begin(folder("1784", None), "some-id").incoming);
        assert!(one.as_ref().starts_with("1784/_/incoming-some-id-"), "{one}");
        assert_ne!(one, other);
    }

    async fn save(store: &Store, chunks: &[&[u8]]) -> Stored {
        let mut upload = store.begin(folder("1784", Some("99")), "some-id");
        for chunk in chunks {
            upload.write(chunk).await.unwrap();
        }
        upload.finish(|_| b"{}".to_vec()).await.unwrap().0
    }

    #[tokio::test]
    async fn what_is_saved_twice_lies_there_once_under_its_digest() {
        let (place, store) = store();
        let stored = save(&store, &[&JPEG[..3], &JPEG[3..]]).await;
        assert_eq!(save(&store, &[JPEG]).await, stored);
        assert_eq!(stored.key.as_ref(), format!("1784/99/{}", stored.sha256));
        assert_eq!(
            (stored.sniffed, stored.size, stored.bytes),
            (Some("image/jpeg"), Some((1_080, 1_350)), 12)
        );
        assert_eq!(files(place.path()).len(), 2, "it and its record");
        let bytes_of = |name: &str| fs::read(place.path().join("1784/99").join(name)).unwrap();
        assert_eq!((bytes_of(&stored.sha256), bytes_of("some-id.json")), (JPEG.to_vec(), b"{}".to_vec()));
    }

    #[tokio::test]
    async fn what_is_larger_than_a_part_comes_whole_and_leaves_no_part_behind() {
        let (place, store) = store();
        let chunk = vec![7; PART - 1];
        for chunks in [vec![&chunk[..], b"12"], vec![&chunk, &chunk, &chunk], vec![&chunk, b"1"]] {
            let stored = save(&store, &chunks).await;
            assert_eq!(stored.bytes, chunks.iter().map(|chunk| chunk.len() as u64).sum::<u64>());
            assert_eq!(fs::read(place.path().join(stored.key.as_ref())).unwrap(), chunks.concat());
        }
        assert_eq!(files(place.path()).len(), 3 + 1, "they, and the record of the link");
    }

    #[tokio::test]
    async fn what_comes_to_nothing_leaves_nothing() {
        let (place, store) = store();
        let mut upload = store.begin(folder("1784", None), "some-id");
        upload.write(&vec![7; PART + 1]).await.unwrap();
        upload.abandon().await;
        assert!(files(place.path()).is_empty());
    }
}
