//! What is asked of a store, whichever sort it is of.

use super::folder::Folder;
use super::refusal;
use super::whole::{self, in_time};
use super::{Store, StoreError, record_key};
use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error, MultipartUpload, ObjectStore, ObjectStoreExt as _, PutMultipartOptions,
    PutOptions, TagSet,
};
use runtime::throttle::Throttle;
use std::time::Instant;
use tempfile::NamedTempFile;

/// The objects of a store.
#[derive(Debug)]
pub(super) enum Objects {
    /// Of one that is asked over HTTP; it is said now and then what it does not clean up.
    Remote(Box<dyn ObjectStore>, Throttle),
    /// Of a folder of this machine.
    Local(Folder),
}

/// An object that is put whole, or a part of one.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) key: Path,
    pub(super) bytes: Vec<u8>,
    /// What it is given out as.
    pub(super) mime: &'static str,
    pub(super) tags: TagSet,
}

/// An object of which not all parts have come.
#[derive(Debug)]
pub(super) enum Parts {
    Remote(Box<dyn MultipartUpload>),
    Local(NamedTempFile),
}

impl Store {
    /// Puts whole objects, one after the other. Their names count once that of a record was among them.
    pub(super) async fn put(&self, objects: Vec<Object>) -> Result<(), StoreError> {
        let store = match &self.objects {
            Objects::Local(folder) => return folder.put(objects).await,
            Objects::Remote(store, _) => store,
        };
        for Object { key, bytes, mime, tags } in objects {
            let options = PutOptions { attributes: given_out_as(mime), tags, ..PutOptions::default() };
            in_time(0, store.put_opts(&key, bytes.into(), options)).await.map_err(not("take an object"))?;
        }
        Ok(())
    }

    /// The record that was kept, where the link was saved.
    pub(crate) async fn get_record(&self, folder: &Path, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let key = record_key(folder, id);
        let remote = match &self.objects {
            Objects::Local(folder) => return folder.get(&key).await,
            Objects::Remote(store, _) => store,
        };
        let read = async { remote.get(&key).await?.bytes().await };
        match in_time(0, read).await {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(not("give back a record")(error)),
        }
    }

    /// Sends a part of an object, which lies at its key until it is whole.
    pub(super) async fn append(&self, parts: Option<Parts>, part: Object) -> Result<Parts, StoreError> {
        match (&self.objects, parts) {
            (Objects::Local(folder), Some(Parts::Local(file))) => {
                Ok(Parts::Local(folder.append(Some(file), part.bytes).await?))
            }
            (Objects::Local(folder), _) => Ok(Parts::Local(folder.append(None, part.bytes).await?)),
            (Objects::Remote(store, _), parts) => {
                let mut parts = if let Some(Parts::Remote(parts)) = parts {
                    parts
                } else {
                    let (attributes, tags) = (given_out_as(part.mime), part.tags);
                    let options = PutMultipartOptions { attributes, tags, ..PutMultipartOptions::default() };
                    let begun = in_time(0, store.put_multipart_opts(&part.key, options)).await;
                    begun.map_err(not("begin an object of several parts"))?
                };
                if let Err(error) = in_time(0, parts.put_part(part.bytes.into())).await {
                    Parts::Remote(parts).abandon().await;
                    return Err(not("take a part of an object")(error));
                }
                Ok(Parts::Remote(parts))
            }
        }
    }

    /// Makes an object of its parts, which are so many bytes, and puts it where it belongs.
    pub(super) async fn complete(
        &self,
        parts: Parts,
        incoming: &Path,
        key: &Path,
        bytes: u64,
    ) -> Result<(), StoreError> {
        match (&self.objects, parts) {
            (Objects::Local(folder), Parts::Local(file)) => folder.complete(file, key).await,
            (Objects::Remote(store, log), Parts::Remote(mut parts)) => {
                let completed = in_time(bytes, parts.complete()).await;
                if let Err(error) = completed {
                    Parts::Remote(parts).abandon().await;
                    return Err(not("make an object of its parts")(error));
                }
                let copied = in_time(bytes, whole::copy(store.as_ref(), incoming, key, bytes)).await;
                // What is left behind costs its bytes, and goes with what the bucket lets expire.
                if let Err(error) = in_time(0, store.delete(incoming)).await {
                    tracing::debug!(%error, "the parts of an object");
                    if let Some(suppressed) = log.pass(Instant::now()) {
                        tracing::warn!(
                            suppressed,
                            "the store does not delete the parts of objects that are whole: give it the right to delete"
                        );
                    }
                }
                copied.map_err(not("copy an object"))
            }
            _ => unreachable!("the parts are of the store that gave them out"),
        }
    }

    /// Everything below a folder, with the bytes of each.
    pub(crate) async fn list(&self, folder: &Path) -> Result<Vec<(Path, u64)>, StoreError> {
        match &self.objects {
            Objects::Remote(store, _) => {
                let mut listed = store.list(Some(folder)).map_ok(|object| (object.location, object.size));
                let mut found = Vec::new();
                while let Some(one) = in_time(0, listed.try_next()).await.map_err(not("list its objects"))? {
                    found.push(one);
                }
                Ok(found)
            }
            Objects::Local(local) => local.list(folder).await,
        }
    }

    /// Deletes an object; one that is not there is no error.
    pub(crate) async fn delete(&self, key: &Path) -> Result<(), StoreError> {
        match &self.objects {
            Objects::Remote(store, _) => match in_time(0, store.delete(key)).await {
                Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(not("delete an object")(error)),
            },
            Objects::Local(folder) => folder.delete(key).await,
        }
    }
}

impl Parts {
    /// Gives back what is in the store already; those of an upload that is dropped, as when
    /// the process ends, are the store's to clean up.
    pub(super) async fn abandon(self) {
        if let Self::Remote(mut parts) = self
            && let Err(error) = in_time(0, parts.abort()).await
        {
            tracing::debug!(%error, "the parts of an object that came to nothing could not be given back");
        }
    }
}

fn given_out_as(mime: &'static str) -> Attributes {
    Attributes::from_iter([(Attribute::ContentType, mime)])
}

/// The text of an error of a store may hold keys, and signed addresses: its sort does not.
fn not(what: &'static str) -> impl Fn(Error) -> StoreError {
    move |error| {
        tracing::debug!(%error, what, "the store");
        StoreError::Call { what, why: refusal::why(&error) }
    }
}
