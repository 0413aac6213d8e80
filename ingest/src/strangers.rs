//! Connections that have sent nothing signed yet, and which of them makes room for a new one.
//!
//! Anybody can open connections and hold them for as long as the timeouts allow. When all slots are taken, the oldest
//! stranger loses its slot to whom comes next: an honest client has signed something within milliseconds.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// The slots for connections, and the strangers among those who hold one.
#[derive(Debug)]
pub(crate) struct Strangers {
    slots: Arc<Semaphore>,
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    next: u64,
    /// Oldest first.
    waiting: BTreeMap<u64, Stranger>,
}

#[derive(Debug)]
struct Stranger {
    slot: OwnedSemaphorePermit,
    cut: oneshot::Sender<()>,
}

/// A connection's place; given back when the last clone of its `Arc` is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    strangers: Arc<Strangers>,
    id: u64,
    is_proven: AtomicBool,
    /// The slot, once something signed has come.
    slot: Mutex<Option<OwnedSemaphorePermit>>,
}

/// A place, and what tells that it was given to somebody else.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) place: Arc<Place>,
    pub(crate) cut: Cut,
    /// Whether a stranger made room.
    pub(crate) is_anothers: bool,
}

/// Resolves when the connection has to make room.
#[derive(Debug)]
pub(crate) struct Cut(oneshot::Receiver<()>);

impl Strangers {
    pub(crate) fn new(max_connections: usize) -> Arc<Self> {
        Arc::new(Self { slots: Arc::new(Semaphore::new(max_connections)), list: Mutex::default() })
    }

    /// A place for a new connection, a stranger's if need be; `None` when nobody can make room.
    pub(crate) fn admit(self: &Arc<Self>) -> Option<Admitted> {
        let free = Arc::clone(&self.slots).try_acquire_owned().ok();
        let mut list = self.list();
        let is_anothers = free.is_none();
        let slot = if let Some(slot) = free {
            slot
        } else {
            let (_, oldest) = list.waiting.pop_first()?;
            // Who is cut off may just have ended, which is as good.
            let _told = oldest.cut.send(());
            oldest.slot
        };
        let id = list.next;
        list.next += 1;
        let (cut, is_cut) = oneshot::channel();
        list.waiting.insert(id, Stranger { slot, cut });
        let strangers = Arc::clone(self);
        let place = Place { strangers, id, is_proven: AtomicBool::new(false), slot: Mutex::default() };
        Some(Admitted { place: Arc::new(place), cut: Cut(is_cut), is_anothers })
    }

    /// Cuts off the oldest strangers, so that the system has descriptors again; how many there were.
    pub(crate) fn cut_oldest(&self, most: usize) -> usize {
        let mut list = self.list();
        let mut cut = 0;
        while cut < most
            && let Some((_, oldest)) = list.waiting.pop_first()
        {
            // Who is cut off may just have ended, which is as good.
            let _told = oldest.cut.send(());
            cut += 1;
        }
        cut
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Something signed has come over this connection: it makes room for nobody any more.
    pub(crate) fn prove(&self) {
        if self.is_proven.swap(true, Ordering::Relaxed) {
            return;
        }
        let stranger = self.strangers.list().waiting.remove(&self.id);
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = stranger.map(|stranger| stranger.slot);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.strangers.list().waiting.remove(&self.id);
    }
}

impl Cut {
    /// Returns once the connection has to make room; for one that is no stranger any more, never.
    pub(crate) async fn come(self) {
        if self.0.await.is_err() {
            pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Waker};

    fn is_cut(cut: Cut) -> bool {
        std::pin::pin!(cut.come()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn the_oldest_stranger_makes_room_and_proven_ones_never_do() {
        let strangers = Strangers::new(3);
        let [proven, oldest, younger] = [0, 1, 2].map(|_| strangers.admit().unwrap());
        proven.place.prove();
        let newest = strangers.admit().unwrap();
        assert!(newest.is_anothers && is_cut(oldest.cut));
        assert!(!is_cut(proven.cut) && !is_cut(younger.cut));
        newest.place.prove();
        younger.place.prove();
        drop(oldest.place);
        assert!(strangers.admit().is_none(), "nobody is left to make room");
        drop(proven.place);
        assert!(strangers.admit().is_some_and(|admitted| !admitted.is_anothers));
    }

    #[test]
    fn the_oldest_strangers_can_be_cut_off_for_nobody() {
        let strangers = Strangers::new(3);
        let [oldest, proven, younger] = [0, 1, 2].map(|_| strangers.admit().unwrap());
        proven.place.prove();
        assert_eq!(strangers.cut_oldest(1), 1);
        assert!(is_cut(oldest.cut) && !is_cut(proven.cut));
        assert_eq!(strangers.cut_oldest(5), 1);
        assert!(is_cut(younger.cut));
        assert!(strangers.admit().is_some_and(|admitted| !admitted.is_anothers));
    }

    #[test]
    fn a_place_is_given_back_whether_proven_or_not() {
        let strangers = Strangers::new(1);
        drop(strangers.admit().unwrap());
        let again = strangers.admit().unwrap();
        assert!(!again.is_anothers);
        again.place.prove();
        again.place.prove();
        drop(again);
        assert!(strangers.admit().is_some_and(|admitted| !admitted.is_anothers));
    }
}
