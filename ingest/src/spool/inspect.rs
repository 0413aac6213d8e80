//! Looks into a spool, as `weir spool` does, through whoever owns it.
//!
//! One process has a spool open. Where ingest runs it is asked over a socket in the spool's directory; where none runs,
//! the tool takes the lock and opens the file itself. Both answer the same requests with the same queries.

mod problem;
mod put_aside;
mod queries;
mod request;
mod running;
mod stored;

pub use problem::InspectError;
pub use put_aside::{PutAside, put_aside};
#[cfg(test)]
pub(super) use queries::QUERIES;
pub(super) use queries::{Retries, answer, retries};
pub(super) use request::{Answer, Reply, Request};
pub use request::{Group, Which};
pub use stored::{Reason, Stored};

use super::database::{Change, Database, Figures};
use super::error::StoreError;
use super::files::{self, Lock, OpenError};
use running::Running;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// A spool that is looked at.
#[derive(Debug)]
pub struct Inspector {
    directory: PathBuf,
    owner: Owner,
}

/// Who has the spool open.
#[derive(Debug)]
enum Owner {
    /// An ingest that runs.
    Ingest(Running),
    /// This process.
    This { database: Box<Database>, _lock: Lock },
}

impl Inspector {
    /// Finds out who owns the spool of a directory, and becomes its owner where nobody is.
    pub fn open(directory: &Path) -> Result<Self, InspectError> {
        let file = find(directory)?;
        let owner = match Lock::take(directory) {
            Ok(lock) => {
                let opened = Database::open_at_rest(&file);
                let database = opened.map_err(|error| InspectError::of(&file, error))?;
                Owner::This { database: Box::new(database), _lock: lock }
            }
            Err(OpenError::InUse(_)) => Owner::Ingest(Running::connect(directory)?),
            Err(error) => return Err(InspectError::Unusable { file, why: error.to_string() }),
        };
        Ok(Self { directory: directory.to_owned(), owner })
    }

    /// How much there is in which state; those that wait come first.
    pub fn groups(&mut self) -> Result<Vec<Group>, InspectError> {
        match self.ask(&Request::Groups)? {
            Answer::Groups(groups) => Ok(groups),
            _ => Err(self.not_understood()),
        }
    }

    /// The deliveries in the order in which they came; read a page at a time.
    pub fn deliveries(&mut self, which: Which) -> Deliveries<'_> {
        Deliveries { inspector: self, which, after: 0, page: VecDeque::new(), is_over: false }
    }

    /// One delivery; `None` where there is none of this id.
    pub fn delivery(&mut self, id: &str) -> Result<Option<Stored>, InspectError> {
        match self.ask(&Request::Delivery { id: id.to_owned() })? {
            Answer::Page(page) => Ok(page.into_iter().next()),
            _ => Err(self.not_understood()),
        }
    }

    /// Lets one delivery wait again; whether it was set aside until now. A corrupt one stays as it is: ingest would only
    /// set it aside again.
    pub fn retry(&mut self, id: &str) -> Result<bool, InspectError> {
        Ok(self.retried(&Request::Retry { id: id.to_owned() })?.0 > 0)
    }

    /// Lets all that were set aside wait again, or those of one reason, but no corrupt ones; how many. What is set aside
    /// once more while this runs is not taken up again.
    pub fn retry_all(&mut self, reason: Option<&Reason>) -> Result<u64, InspectError> {
        let reasons: Vec<_> = self.groups()?.into_iter().filter_map(|group| group.set_aside).collect();
        let mut retried = 0;
        for of in reasons.into_iter().filter(|of| reason.is_none_or(|reason| reason == of)) {
            let mut after = 0;
            loop {
                let (count, last) = self.retried(&Request::RetryAll { reason: of.clone(), after })?;
                retried += count;
                let Some(last) = last else { break };
                after = last;
            }
        }
        Ok(retried)
    }

    fn retried(&mut self, request: &Request) -> Result<(u64, Option<i64>), InspectError> {
        match self.ask(request)? {
            Answer::Retried { count, last } => Ok((count, last)),
            _ => Err(self.not_understood()),
        }
    }

    fn ask(&mut self, request: &Request) -> Result<Answer, InspectError> {
        match &mut self.owner {
            Owner::Ingest(running) => running.ask(request),
            Owner::This { database, .. } => {
                ask(database, request).map_err(|error| InspectError::of(&self.directory, error))
            }
        }
    }

    fn not_understood(&self) -> InspectError {
        InspectError::NoAnswer {
            directory: self.directory.clone(),
            why: "it answered something else".to_owned(),
        }
    }
}

fn ask(database: &mut Database, request: &Request) -> Result<Answer, StoreError> {
    let Some(Retries { places }) = retries(database.connection(), request)? else {
        return answer(database.connection(), request);
    };
    let changes: Vec<_> = places.iter().copied().map(Change::Unpark).collect();
    database.apply(changes.iter(), Figures::default())?;
    Ok(Answer::Retried { count: changes.len() as u64, last: places.last().copied() })
}

/// Deliveries in their order. Those that come or go meanwhile may be among them or not; none is there twice.
#[derive(Debug)]
pub struct Deliveries<'a> {
    inspector: &'a mut Inspector,
    which: Which,
    /// The place of the last that was read.
    after: i64,
    page: VecDeque<Stored>,
    is_over: bool,
}

impl Deliveries<'_> {
    fn turn(&mut self) -> Result<(), InspectError> {
        let request = Request::Page { which: self.which.clone(), after: self.after };
        let Answer::Page(page) = self.inspector.ask(&request)? else {
            return Err(self.inspector.not_understood());
        };
        match page.last() {
            Some(last) => self.after = last.place,
            None => self.is_over = true,
        }
        self.page = page.into();
        Ok(())
    }
}

impl Iterator for Deliveries<'_> {
    type Item = Result<Stored, InspectError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty()
            && !self.is_over
            && let Err(error) = self.turn()
        {
            self.is_over = true;
            return Some(Err(error));
        }
        self.page.pop_front().map(Ok)
    }
}

/// The file that is written, once it is known to be there: nothing is made.
fn find(directory: &Path) -> Result<PathBuf, InspectError> {
    let unusable = |file: &Path, error: std::io::Error| InspectError::Unusable {
        file: file.to_owned(),
        why: error.to_string(),
    };
    if !directory.is_dir() {
        return Err(InspectError::NoDirectory(directory.to_owned()));
    }
    let file = files::sequence(directory).map_err(|error| unusable(directory, error))?.current;
    match files::size(&file).map_err(|error| unusable(&file, error))? {
        Some(_) => Ok(file),
        None => Err(InspectError::NoSpool(directory.to_owned())),
    }
}
