//! Where media is kept: an object store or a folder, and how what is in it is laid out.
//!
//! An object lies at `{account}/{user or media}/{sha256}`, the record of each link that led to it beside it, as
//! `{record id}.json`. The digest names the bytes, so that saving the same again changes nothing; the owner stands before it, so
//! that what was saved of one person is what lies below one prefix. What is larger than a part comes in parts, and lies at
//! `{account}/{user or media}/incoming-{record id}-{random}` until its digest is known.

mod address;
mod folder;
mod http;
mod objects;
mod refusal;
mod upload;
mod whole;

pub use address::StoreUrl;

pub(crate) use upload::{Stored, Upload};

use crate::settings::StoreSettings;
use object_store::path::Path;
use objects::Objects;
use runtime::http::tls::TlsError;
use std::time::Duration;

/// Stands for the user or media of an event that names none.
const NOBODY: &str = "_";
/// The largest object that S3 copies.
pub(crate) const MAX_OBJECT_BYTES: u64 = 5 << 30;
/// How long a store may take, with what is tried again, for what does not grow with an object: a part of one, or a step of a list.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);
/// How the key of a record ends.
const RECORD: &str = ".json";

/// A store.
#[derive(Debug)]
pub struct Store {
    objects: Objects,
    /// Whether objects are tagged.
    tags: bool,
}

/// What the store did not do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened.
    #[error("--media-store: {0}")]
    Open(String),
    /// Whom it trusts is not to be had.
    #[error("--media-store-ca: {0}")]
    Tls(#[from] TlsError),
    /// It did not do what it was asked for.
    #[error("the store did not {what}: {why}")]
    Call {
        /// What it was asked for.
        what: &'static str,
        /// In a few words, without keys.
        why: &'static str,
    },
}

/// The folder of all that is saved of an owner.
pub(crate) fn folder(account: &str, owner: Option<&str>) -> Path {
    Path::from_iter([account, owner.unwrap_or(NOBODY)])
}

pub(crate) fn is_record(key: &Path) -> bool {
    key.as_ref().ends_with(RECORD)
}

fn record_key(folder: &Path, id: &str) -> Path {
    folder.clone().join(format!("{id}{RECORD}"))
}

impl Store {
    /// Opens it; nothing is asked of it yet.
    pub fn open(settings: &StoreSettings) -> Result<Self, StoreError> {
        Ok(Self { objects: address::open(settings)?, tags: settings.media_tags })
    }

    /// Deletes what a process that was killed has left in a folder; in a bucket that is a rule of the bucket's.
    pub(crate) fn clean_up(&self) {
        if let Objects::Local(folder) = &self.objects {
            folder.clean_up();
        }
    }
}
