//! Deletes what was saved of one person: all that lies below their prefix, records and all.

use crate::store::{self, Store, StoreError};
use object_store::path::Path;

/// What lies there of one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedObjects {
    /// The keys, records among them, in order.
    pub keys: Vec<Path>,
    /// Their bytes in all.
    pub bytes: u64,
}

/// Looks up what was saved of a user, or of a media that a mention or comment is about.
pub async fn find(store: &Store, account: &str, owner: &str) -> Result<SavedObjects, StoreError> {
    let mut listed = store.list(&store::folder(account, Some(owner))).await?;
    listed.sort_unstable();
    let bytes = listed.iter().map(|(_, bytes)| bytes).sum();
    Ok(SavedObjects { keys: listed.into_iter().map(|(key, _)| key).collect(), bytes })
}

/// Deletes what was found; what is gone already is no error. Records go last: as long as something is left of a person, it says
/// whose it is.
pub async fn delete(store: &Store, found: &SavedObjects) -> Result<(), StoreError> {
    let (records, objects): (Vec<_>, Vec<_>) = found.keys.iter().partition(|key| store::is_record(key));
    for key in objects.into_iter().chain(records) {
        store.delete(key).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::MediaSettings;

    #[tokio::test]
    async fn what_was_saved_of_one_person_is_forgotten_and_nothing_of_anybody_else() {
        let place = tempfile::tempdir().unwrap();
        let settings = MediaSettings::of(&format!("file://{}", place.path().display()));
        let store = Store::open(&settings.store).unwrap();
        for (owner, bytes) in
            [("99", "a picture"), ("99", "another"), ("991", "a picture"), ("9", "a picture")]
        {
            let id = format!("id-{}", bytes.len());
            let mut upload = store.begin(store::folder("1784", Some(owner)), &id);
            upload.write(bytes.as_bytes()).await.unwrap();
            upload.finish(|_| b"{}".to_vec()).await.unwrap();
        }
        let found = find(&store, "1784", "99").await.unwrap();
        assert_eq!((found.keys.len(), found.bytes), (4, 9 + 7 + 2 * 2));
        delete(&store, &found).await.unwrap();
        delete(&store, &found).await.unwrap();
        assert_eq!(find(&store, "1784", "99").await.unwrap(), SavedObjects::default());
        assert!(!place.path().join("1784/99").exists(), "their id is left");
        for other in ["991", "9"] {
            assert_eq!(find(&store, "1784", other).await.unwrap().keys.len(), 2, "{other}");
        }
        assert_eq!(find(&store, "1785", "99").await.unwrap(), SavedObjects::default());
        assert_eq!(find(&store, "1784", "..").await.unwrap(), SavedObjects::default());
    }
}
