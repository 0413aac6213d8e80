//! Inspects a spool, as `weir spool` does, through its owner.
//!
//! One process has a spool open. Where ingest runs, requests are sent to it over a socket in the spool's directory; where
//! none runs, the tool takes the lock and opens the file itself, for each request. Both respond to the same requests with
//! the same queries.

mod error;
mod files;
mod queries;
mod request;
mod running;
mod stored;

pub use super::database::ParkReason;
pub use error::InspectError;
pub use files::{RetiredFile, retired_files};
#[cfg(test)]
pub(super) use queries::QUERIES;
pub(super) use queries::respond;
pub use request::{DeliveryFilter, DeliveryGroup};
pub(super) use request::{Reply, Request, Response};
pub use stored::StoredDelivery;

use super::database::{Database, Totals};
use super::files::{Lock, OpenError, is_read_only, sequence, size};
use running::Running;
use runtime::settings::presence;
use std::path::{Path, PathBuf};

/// A spool to inspect.
#[derive(Debug)]
pub struct Inspector {
    directory: PathBuf,
    /// The ingest that has it, once one was met.
    running: Option<Running>,
}

impl Inspector {
    /// Of the spool in a directory, which is looked for with the first request.
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), running: None }
    }

    /// How much there is in which state; those that wait come first.
    pub fn groups(&mut self) -> Result<Vec<DeliveryGroup>, InspectError> {
        Ok(self.request(&Request::Groups)?.groups)
    }

    /// The deliveries in the order in which they were received, read a page at a time.
    /// Those that come or go meanwhile may be among them or not; none is there twice.
    pub fn deliveries(
        &mut self,
        which: DeliveryFilter,
    ) -> impl Iterator<Item = Result<StoredDelivery, InspectError>> {
        let mut after = Some(0);
        let pages = std::iter::from_fn(move || {
            let page = self.request(&Request::Page { which: which.clone(), after: after? });
            after = page.as_ref().ok().and_then(|response| Some(response.page.last()?.seq));
            Some(page)
        });
        pages.flat_map(|page| match page {
            Ok(response) => response.page.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        })
    }

    /// One delivery; `None` where there is none of this id.
    pub fn delivery(&mut self, id: &str) -> Result<Option<StoredDelivery>, InspectError> {
        Ok(self.request(&Request::Delivery { id: id.to_owned() })?.page.pop())
    }

    /// Lets one parked delivery wait for Kafka again. Returns whether it was parked until now. A corrupt one stays parked:
    /// ingest would only park it again.
    pub fn retry(&mut self, id: &str) -> Result<bool, InspectError> {
        Ok(self.request(&Request::Retry { id: id.to_owned() })?.retried > 0)
    }

    /// Lets all parked deliveries wait again, or those of one reason, but no corrupt ones; how many. One that is parked
    /// again while this runs is not retried again.
    pub fn retry_all(&mut self, reason: Option<&ParkReason>) -> Result<u64, InspectError> {
        let reasons: Vec<_> = self.groups()?.into_iter().filter_map(|group| group.parked).collect();
        let mut retried = 0;
        for each in reasons.into_iter().filter(|each| reason.is_none_or(|reason| reason == each)) {
            let mut after = 0;
            loop {
                let some = self.request(&Request::RetryAll { reason: each.clone(), after })?;
                retried += some.retried;
                let Some(last) = some.last else { break };
                after = last;
            }
        }
        Ok(retried)
    }

    /// Where no ingest has the spool, the lock is held for one request alone: the output may be in a pager, and an ingest must be
    /// able to start meanwhile.
    fn request(&mut self, request: &Request) -> Result<Response, InspectError> {
        let running = if let Some(running) = &mut self.running {
            running
        } else {
            let file = find(&self.directory)?;
            match Lock::take(&self.directory) {
                Ok(lock) => return serve(&file, request, lock.is_read_only),
                Err(OpenError::InUse(_)) => match Running::connect(&self.directory) {
                    Ok(running) => self.running.insert(running),
                    // Its ingest can make no socket there, and changes nothing.
                    Err(_) if is_read_only(&self.directory) => return serve(&file, request, true),
                    Err(error) => return Err(error),
                },
                Err(error) => return Err(InspectError::unusable(&file, &error)),
            }
        };
        let reply = running.exchange(request);
        let reply = reply.map_err(|error| InspectError::no_response(&self.directory, &error))?;
        reply.map_err(InspectError::Failed)
    }
}

/// Serves a request from the file, as its owner does.
fn serve(file: &Path, request: &Request, is_read_only: bool) -> Result<Response, InspectError> {
    let serve = || {
        let open = if is_read_only { Database::open_to_read } else { Database::open_at_rest };
        let mut database = open(file)?;
        let (response, changes) = respond(database.connection(), request)?;
        if !changes.is_empty() {
            database.apply(changes.iter(), Totals::default())?;
        }
        Ok(response)
    };
    serve().map_err(|error| InspectError::of(file, &error))
}

/// The current file of an existing spool; nothing is created.
fn find(directory: &Path) -> Result<PathBuf, InspectError> {
    if let Some(error) = presence::unseen(directory) {
        return Err(InspectError::unusable(directory, &error));
    }
    if !directory.is_dir() {
        return Err(InspectError::NoDirectory(directory.to_owned()));
    }
    let file = sequence(directory).map_err(|error| InspectError::unusable(directory, &error))?.current;
    match size(&file).map_err(|error| InspectError::unusable(&file, &error))? {
        Some(_) => Ok(file),
        None => Err(InspectError::NoSpool(directory.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::database::Change;
    use super::*;
    use crate::delivery::sample;

    #[test]
    fn a_folder_that_cannot_be_looked_at_is_not_said_to_be_missing() {
        let directory = tempfile::tempdir().unwrap();
        let endless = directory.path().join("spool");
        std::os::unix::fs::symlink(&endless, &endless).unwrap();
        let said = Inspector::new(&endless).groups().unwrap_err().to_string();
        assert!(said.contains("Too many levels") && !said.contains("there is no directory"), "{said}");
        let missing = Inspector::new(&directory.path().join("other")).groups().unwrap_err().to_string();
        assert!(missing.starts_with("there is no directory"), "{missing}");
    }

    #[test]
    fn an_ingest_can_start_while_what_was_read_is_in_a_pager() {
        let directory = tempfile::tempdir().unwrap();
        let mut database = Database::open(&directory.path().join("spool.db"), 64 << 20).unwrap();
        let text = include_bytes!("../../../schemas/fixtures/message/text.json");
        let row = Change::Insert(sample(text).to_row());
        database.apply([row].iter(), Totals::default()).unwrap();
        database.close();
        let mut inspector = Inspector::new(directory.path());
        let mut deliveries = inspector.deliveries(DeliveryFilter::All);
        assert!(deliveries.next().unwrap().is_ok());
        let ingest = Lock::take(directory.path()).unwrap();
        drop(ingest);
        assert!(deliveries.next().is_none());
    }
}
