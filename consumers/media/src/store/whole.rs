//! How long a store may take to make an object whole: work of its own, which grows with the object's size.

use super::ANSWER_TIMEOUT;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, Result};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// What a slow store makes whole in a second.
const BYTES_A_SECOND: u64 = 4 << 20;
/// A store may answer before it has copied, as Azure may: until then the copy has not the bytes.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Gives work on an object of so many bytes up when it takes too long; of what does not grow with an object they are none.
pub(super) async fn in_time<T>(bytes: u64, work: impl Future<Output = Result<T>>) -> Result<T> {
    let limit = within(bytes);
    match timeout(limit, work).await {
        Ok(done) => done,
        Err(_) => Err(Error::Generic { store: "HTTP", source: format!("no answer within {limit:?}").into() }),
    }
}

/// Copies an object of so many bytes. What was copied may be deleted afterwards: the copy has them all.
pub(super) async fn copy(store: &dyn ObjectStore, from: &Path, to: &Path, bytes: u64) -> Result<()> {
    store.copy(from, to).await?;
    while store.head(to).await?.size != bytes {
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

fn within(bytes: u64) -> Duration {
    ANSWER_TIMEOUT.saturating_add(Duration::from_secs(bytes / BYTES_A_SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MAX_OBJECT_BYTES;
    use object_store::memory::InMemory;

    #[test]
    fn the_time_follows_the_size() {
        for (bytes, seconds) in [(0, 60), (5 << 20, 61), (400 << 20, 160), (MAX_OBJECT_BYTES, 1_340)] {
            assert_eq!(within(bytes), Duration::from_secs(seconds), "{bytes}");
        }
    }

    #[tokio::test]
    async fn a_copy_is_done_when_it_has_all_bytes() {
        let store = InMemory::new();
        let [from, to] = ["incoming", "digest"].map(Path::from);
        store.put(&from, vec![7_u8; 1_000].into()).await.unwrap();
        copy(&store, &from, &to, 1_000).await.unwrap();
        assert_eq!(store.head(&to).await.unwrap().size, 1_000);
        let unfinished = timeout(Duration::from_millis(20), copy(&store, &from, &to, 1_001)).await;
        assert!(unfinished.is_err(), "{unfinished:?}");
    }
}
