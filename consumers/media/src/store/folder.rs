//! A folder of this machine as a store: a file is written beside and renamed when it is whole and on the disk.
//!
//! Whoever saves an object saves its record after it, in the same folder, and nothing counts before that: so the folder is
//! written to the disk once for both names. How long a disk takes for that bounds what one folder takes in a second.

use super::objects::Object;
use super::{ANSWER_TIMEOUT, StoreError, is_record};
use object_store::path::Path;
use runtime::mutex::lock;
use runtime::settings::presence;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path as File, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::NamedTempFile;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The folder of files that are not whole.
const INCOMING: &str = "incoming";
/// How their names begin.
const PREFIX: &str = "incoming-";
/// What is asked of the disk at once. Each has a part of an object in memory, for as long as the disk does not answer.
const AT_ONCE: usize = 16;
/// Nobody is still at work at one that was not written to for so long.
const CUT_OFF_AFTER: Duration = Duration::from_hours(24);

/// The folder.
#[derive(Debug)]
pub(super) struct Folder {
    root: Arc<File>,
    slots: Arc<Semaphore>,
    /// New folders whose names may not be on the disk yet, so that nobody counts on one that is only seen.
    unsynced: Arc<Mutex<BTreeSet<PathBuf>>>,
    answer_within: Duration,
}

impl Folder {
    /// Takes a folder that is there: one that is not may be a volume that is not mounted.
    pub(super) fn open(folder: &File) -> Result<Self, StoreError> {
        if let Some(error) = presence::unseen(folder) {
            return Err(StoreError::Open(format!("{}: {error}", folder.display())));
        }
        if !folder.is_dir() {
            return Err(StoreError::Open(format!("{} is no folder that is there", folder.display())));
        }
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        Ok(Self { root: folder.into(), slots, unsynced: Arc::default(), answer_within: ANSWER_TIMEOUT })
    }

    /// Deletes what a process that was killed has left.
    pub(super) fn clean_up(&self) {
        if let Err(error) = delete_cut_off(&self.root.join(INCOMING))
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(%error, "cannot delete abandoned files in the store's folder");
        }
    }

    /// Puts small files where they belong, in one piece of work. Their names are on the disk once that of a record was put
    /// beside them.
    pub(super) async fn put(&self, objects: Vec<Object>) -> Result<(), StoreError> {
        let unsynced = Arc::clone(&self.unsynced);
        self.work("take an object", move |root| {
            for Object { key, bytes, .. } in objects {
                let mut file = begin(root)?;
                file.write_all(&bytes)?;
                place(file, &key, root, &unsynced)?;
            }
            Ok(())
        })
        .await
    }

    /// Adds bytes to a file that is not whole, or begins one.
    pub(super) async fn append(
        &self,
        file: Option<NamedTempFile>,
        bytes: Vec<u8>,
    ) -> Result<NamedTempFile, StoreError> {
        self.work("take bytes", move |root| {
            let mut file = if let Some(file) = file {
                // One part after the other, so that no file is so large that the disk has too little time for the whole of it.
                file.as_file().sync_data()?;
                file
            } else {
                begin(root)?
            };
            file.write_all(&bytes)?;
            Ok(file)
        })
        .await
    }

    /// Puts a whole file where it belongs, as [`Self::put`] does.
    pub(super) async fn complete(&self, file: NamedTempFile, key: &Path) -> Result<(), StoreError> {
        let (key, unsynced) = (key.clone(), Arc::clone(&self.unsynced));
        self.work("take an object", move |root| place(file, &key, root, &unsynced)).await
    }

    /// The bytes of a file, where it is there.
    pub(super) async fn get(&self, key: &Path) -> Result<Option<Vec<u8>>, StoreError> {
        let key = key.clone();
        self.work("give back a record", move |root| match fs::read(root.join(key.as_ref())) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    /// Every file below a folder of it, with its bytes.
    pub(super) async fn list(&self, folder: &Path) -> Result<Vec<(Path, u64)>, StoreError> {
        let folder = folder.clone();
        self.work("list its objects", move |root| {
            let mut found = Vec::new();
            let entries = match fs::read_dir(root.join(folder.as_ref())) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(found),
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                found.push((
                    folder.clone().join(entry.file_name().to_string_lossy().as_ref()),
                    entry.metadata()?.len(),
                ));
            }
            Ok(found)
        })
        .await
    }

    /// Deletes a file, and with the last one its folder, whose name is a person's id; one that is not there is no error.
    pub(super) async fn delete(&self, key: &Path) -> Result<(), StoreError> {
        let key = key.clone();
        self.work("delete an object", move |root| delete(&root.join(key.as_ref()))).await
    }

    /// Has it done where it may take its time. What is given up is done all the same once the disk answers, and keeps its place
    /// until then, so that a disk which hangs does not fill the process with threads.
    async fn work<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&File) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (root, place) = (Arc::clone(&self.root), Arc::clone(&self.slots).acquire_owned());
        let done = async {
            let place = place.await.map_err(io::Error::other)?;
            let done = tokio::task::spawn_blocking(move || {
                let done = work(&root);
                drop(place);
                done
            });
            done.await.unwrap_or_else(|error| Err(io::Error::other(error)))
        };
        let done = timeout(self.answer_within, done).await;
        let done = done.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()));
        done.map_err(|error| {
            tracing::debug!(%error, what, "the store");
            let why = match error.kind() {
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                    "its folder may not be written"
                }
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "its disk is full",
                ErrorKind::TimedOut => "its disk does not answer",
                _ => "its disk failed (RUST_LOG=weir_media=debug shows how)",
            };
            StoreError::Call { what, why }
        })
    }
}

/// A file that is not whole.
fn begin(root: &File) -> io::Result<NamedTempFile> {
    let begin = || tempfile::Builder::new().prefix(PREFIX).tempfile_in(root.join(INCOMING));
    match begin() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(root.join(INCOMING))?;
            begin()
        }
        file => file,
    }
}

fn place(
    file: NamedTempFile,
    key: &Path,
    root: &File,
    unsynced: &Mutex<BTreeSet<PathBuf>>,
) -> io::Result<()> {
    file.as_file().sync_all()?;
    let path = root.join(key.as_ref());
    let Some(folder) = path.parent() else { return Err(ErrorKind::InvalidInput.into()) };
    make(folder, root, unsynced)?;
    file.persist(&path).map_err(|error| error.error)?;
    if is_record(key) { sync(folder) } else { Ok(()) }
}

/// Makes a folder below the root, with the folders between, where it is not there. While it is being made, or when its name could
/// not be written to the disk, whoever else needs it does the same: nobody waits for the disk behind another.
fn make(folder: &File, root: &File, unsynced: &Mutex<BTreeSet<PathBuf>>) -> io::Result<()> {
    // Looked for first: one that another is making is among the unsynced before it is there.
    let is_there = folder.is_dir();
    {
        let mut unsynced = lock(unsynced);
        if is_there && !unsynced.contains(folder) {
            return Ok(());
        }
        unsynced.insert(folder.to_owned());
    }
    fs::create_dir_all(folder)?;
    folder.ancestors().skip(1).take_while(|folder| folder.starts_with(root)).try_for_each(sync)?;
    lock(unsynced).remove(folder);
    Ok(())
}

/// Writes the names in a folder to the disk.
fn sync(folder: &File) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

fn delete(file: &File) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        deleted => deleted?,
    }
    let Some(folder) = file.parent() else { return Ok(()) };
    // One that is not empty stays.
    match (fs::remove_dir(folder), folder.parent()) {
        (Ok(()), Some(above)) => sync(above),
        _ => sync(folder),
    }
}

fn delete_cut_off(incoming: &File) -> io::Result<()> {
    for entry in fs::read_dir(incoming)? {
        let entry = entry?;
        let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
        if age > CUT_OFF_AFTER && entry.file_name().to_string_lossy().starts_with(PREFIX) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::SystemTime;

    #[tokio::test]
    async fn a_disk_that_does_not_answer_is_given_up_and_asked_no_more_than_it_may_be() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let folder =
            Folder { slots: Arc::new(Semaphore::new(1)), answer_within: Duration::from_millis(20), ..folder };
        let (hangs, disk) = mpsc::channel();
        let stuck = folder.work("take bytes", move |_| disk.recv().or(Ok(()))).await.unwrap_err();
        assert_eq!(stuck.to_string(), "the store did not take bytes: its disk does not answer");
        assert!(folder.get(&Path::from("1784/99/id.json")).await.is_err(), "it was asked beside");
        drop(hangs);
        let again = Folder { answer_within: ANSWER_TIMEOUT, ..folder };
        assert_eq!(again.get(&Path::from("1784/99/id.json")).await.unwrap(), None);
    }

    #[test]
    fn a_folder_is_counted_on_once_its_name_is_on_the_disk() {
        let place = tempfile::tempdir().unwrap();
        let (folder, unsynced) = (place.path().join("1784/99"), Mutex::default());
        fs::write(place.path().join("1784"), "in the way").unwrap();
        assert!(make(&folder, place.path(), &unsynced).is_err());
        assert!(lock(&unsynced).contains(&folder));
        fs::remove_file(place.path().join("1784")).unwrap();
        for _ in 0..2 {
            make(&folder, place.path(), &unsynced).unwrap();
            assert!(folder.is_dir() && lock(&unsynced).is_empty());
        }
    }

    #[test]
    fn what_was_cut_off_long_ago_is_deleted_and_what_is_at_work_stays() {
        let place = tempfile::tempdir().unwrap();
        let incoming = place.path().join(INCOMING);
        fs::create_dir(&incoming).unwrap();
        let hour = Duration::from_hours(1);
        for (name, age) in [("incoming-old", hour * 25), ("incoming-new", hour * 23), ("else", hour * 25)] {
            let file = fs::File::create(incoming.join(name)).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        }
        Folder::open(place.path()).unwrap().clean_up();
        let there = |name: &str| incoming.join(name).exists();
        assert_eq!((there("incoming-old"), there("incoming-new"), there("else")), (false, true, true));
    }
}
