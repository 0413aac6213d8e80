//! What the spool's thread does with a group of commands, and with a file that breaks.

#[cfg(test)]
mod tests;

use super::super::database::{Change, Database, Figures, Trouble};
use super::super::metrics::SpoolMetrics;
use super::super::reserve::Reserve;
use super::super::{SpoolError, files, salvage};
use super::Command;
use crate::settings::SpoolSettings;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, oneshot};

/// How long to wait before a broken disk is tried again: doubled from the first to the last.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LAST: Duration = Duration::from_mins(1);
/// How long a spool is called full after the last delivery that it refused, where it does not drain.
const FULL_FOR: Duration = Duration::from_secs(30);

/// The file, and what is known of it.
#[derive(Debug)]
pub(super) struct Keeper {
    settings: SpoolSettings,
    metrics: SpoolMetrics,
    kept: Arc<Notify>,
    state: State,
    reserve: Reserve,
    /// Since when it is full, and with how many bytes of deliveries.
    full: Option<(Instant, u64)>,
    retry: Duration,
}

#[derive(Debug)]
enum State {
    Open {
        database: Database,
        figures: Figures,
    },
    /// Nothing can be written until `retry_at`; `is_damaged` says that the file is not to be used again as it is.
    Broken {
        is_damaged: bool,
        retry_at: Instant,
    },
}

type Done = oneshot::Sender<Result<(), SpoolError>>;

impl Keeper {
    pub(super) fn new(settings: SpoolSettings, metrics: SpoolMetrics, kept: Arc<Notify>) -> Self {
        metrics.max_bytes.set(i64::try_from(settings.max_bytes).unwrap_or(i64::MAX));
        let state = State::Broken { is_damaged: false, retry_at: Instant::now() };
        let reserve = Reserve::new(&settings.directory, settings.max_bytes);
        Self { settings, metrics, kept, state, reserve, full: None, retry: RETRY_FIRST }
    }

    /// Opens the file; what is damaged is put aside, and what can be read of it taken over.
    pub(super) fn open(&mut self) {
        let is_damaged = matches!(self.state, State::Broken { is_damaged: true, .. });
        let opened = if is_damaged { self.renew() } else { self.reopen() };
        match opened {
            Ok((database, figures)) => {
                tracing::info!(
                    directory = %self.settings.directory.display(),
                    waiting = figures.waiting,
                    set_aside = figures.set_aside,
                    bytes = figures.bytes,
                    "the spool is open"
                );
                self.state = State::Open { database, figures };
                self.kept.notify_one();
                if self.reserve.make().is_err() {
                    self.say_full();
                }
            }
            Err(trouble) => self.break_down(&trouble),
        }
        self.show();
    }

    fn reopen(&mut self) -> Result<(Database, Figures), Trouble> {
        let opened = Database::open(&self.settings.directory, self.settings.max_bytes);
        let database = match opened {
            Ok(database) => database,
            Err(Trouble::Damaged(why)) => {
                tracing::error!(error = why, "the spool's file is damaged");
                return self.renew();
            }
            Err(trouble) => return Err(trouble),
        };
        self.take_over(database)
    }

    /// Puts the file aside and begins a new one.
    fn renew(&mut self) -> Result<(Database, Figures), Trouble> {
        let directory = &self.settings.directory;
        let aside = files::quarantine(directory).map_err(|error| Trouble::Damaged(error.to_string()))?;
        if let Some(file) = aside {
            self.metrics.quarantined.inc();
            tracing::error!(file = %file.display(), "the spool's file was put aside; what can be read of it is taken over");
        }
        let database = Database::open(directory, self.settings.max_bytes)?;
        self.take_over(database)
    }

    /// Takes over what files that were put aside still hold.
    fn take_over(&self, mut database: Database) -> Result<(Database, Figures), Trouble> {
        let unusable = |error: std::io::Error| Trouble::Unusable(error.to_string());
        for file in files::quarantined(&self.settings.directory).map_err(unusable)? {
            let salvaged = salvage::salvage(&file, &mut database)?;
            files::mark_as_salvaged(&file).map_err(unusable)?;
            say_salvaged(&file, salvaged);
        }
        let figures = database.figures()?;
        Ok((database, figures))
    }

    /// Serves a group; its changes are one transaction.
    pub(super) fn serve(&mut self, group: &mut Vec<Command>) -> ControlFlow<()> {
        let (mut flow, mut is_written) = (ControlFlow::Continue(()), true);
        let (mut stores, mut changes, mut others) = (Vec::new(), Vec::new(), Vec::new());
        // In memory until the file has it.
        let mut held = Vec::new();
        for command in group.drain(..) {
            match command {
                // Who has been answered 503 meanwhile sends it again.
                Command::Store { done, .. } if done.is_closed() => {}
                Command::Store { row, queued, done } => {
                    held.push(queued);
                    stores.push((Change::Insert(row), done));
                }
                Command::Forget { ids, done } => {
                    changes.extend(ids.into_iter().map(Change::Delete));
                    others.push(done);
                }
                Command::SetAside { id, reason, done } => {
                    changes.push(Change::SetAside(id, reason));
                    others.push(done);
                }
                Command::Read { rows, bytes, done } => {
                    // What came before in the group is in the file before it is read.
                    is_written &= self.write(&std::mem::take(&mut changes), std::mem::take(&mut stores));
                    // Who asked may have gone.
                    let _told = done.send(self.read(rows, bytes));
                }
                Command::Tend => self.tend(),
                Command::Condemn { why } => self.break_down(&Trouble::Damaged(why)),
                Command::Close { done } => {
                    others.push(done);
                    flow = ControlFlow::Break(());
                }
            }
        }
        is_written &= self.write(&changes, stores);
        drop(held);
        if flow.is_break() {
            self.state = State::Broken { is_damaged: false, retry_at: Instant::now() };
        }
        for done in others {
            // Who asked may have gone.
            let _told = done.send(is_written);
        }
        self.show();
        flow
    }

    /// Writes both in one transaction, and answers the stores; whether the changes are on the disk.
    fn write(&mut self, changes: &[Change], stores: Vec<(Change, Done)>) -> bool {
        if changes.is_empty() && stores.is_empty() {
            return true;
        }
        if matches!(self.state, State::Broken { .. }) {
            refuse(stores, SpoolError::Failing);
            return false;
        }
        let start = Instant::now();
        let outcome = self.try_write(changes, &stores);
        self.metrics.write_seconds.observe(start.elapsed().as_secs_f64());
        match outcome {
            Ok(()) if stores.is_empty() => true,
            Ok(()) => {
                self.retry = RETRY_FIRST;
                self.kept.notify_one();
                // Before it is answered: whoever looks at the spool then sees it there.
                self.show();
                for (_, done) in stores {
                    // Who asked may have gone; the delivery is drained all the same.
                    let _told = done.send(Ok(()));
                }
                true
            }
            Err(Trouble::Full) => {
                self.say_full();
                refuse(stores, SpoolError::Full);
                // Nothing was changed, but what needs no space can be.
                self.write_changes(changes)
            }
            Err(Trouble::Busy) => {
                tracing::warn!("another process holds the spool's file for too long");
                refuse(stores, SpoolError::Failing);
                false
            }
            Err(trouble) => {
                self.break_down(&trouble);
                refuse(stores, SpoolError::Failing);
                false
            }
        }
    }

    /// The changes alone, in the space of the reserve where there is no other.
    fn write_changes(&mut self, changes: &[Change]) -> bool {
        if changes.is_empty() || self.try_write(changes, &[]).is_ok() {
            return true;
        }
        self.reserve.give_up();
        match self.try_write(changes, &[]) {
            Ok(()) => true,
            Err(trouble) => {
                tracing::warn!(%trouble, "deliveries that are on Kafka cannot be deleted yet");
                false
            }
        }
    }

    fn try_write(&mut self, changes: &[Change], stores: &[(Change, Done)]) -> Result<(), Trouble> {
        let State::Open { database, figures } = &mut self.state else {
            return Err(Trouble::Unusable("the spool is not open".to_owned()));
        };
        let cost: u64 = stores.iter().map(|(change, _)| cost(change)).sum();
        if cost > 0 && (figures.bytes + cost > self.settings.max_bytes || !self.reserve.is_there()) {
            return Err(Trouble::Full);
        }
        let all = changes.iter().chain(stores.iter().map(|(change, _)| change));
        *figures = database.apply(all, *figures)?;
        if !changes.is_empty() && *figures == Figures::default() {
            database.shrink()?;
        }
        Ok(())
    }

    fn read(&mut self, rows: usize, bytes: u64) -> Vec<super::super::row::Row> {
        let State::Open { database, .. } = &self.state else { return Vec::new() };
        match database.waiting(rows, bytes) {
            Ok(rows) => rows,
            Err(Trouble::Busy) => Vec::new(),
            Err(trouble) => {
                self.break_down(&trouble);
                Vec::new()
            }
        }
    }

    /// What is due now and then: a broken disk is tried again, and what another process changed is counted.
    fn tend(&mut self) {
        match &mut self.state {
            State::Broken { retry_at, .. } if Instant::now() >= *retry_at => self.open(),
            State::Broken { .. } => {}
            State::Open { database, figures } => {
                let counted = database
                    .was_changed_by_others()
                    .and_then(|changed| if changed { database.figures() } else { Ok(*figures) });
                match counted {
                    Ok(counted) => *figures = counted,
                    Err(Trouble::Busy) => {}
                    Err(trouble) => return self.break_down(&trouble),
                }
                let is_due = self.full.is_some_and(|(since, bytes)| has_drained(figures.bytes, bytes, since));
                if is_due && database.probe().is_ok() && self.reserve.make().is_ok() {
                    self.full = None;
                    tracing::info!("the spool has space again");
                }
            }
        }
    }

    /// Stops using the file until it is time to try again.
    fn break_down(&mut self, trouble: &Trouble) {
        let was_damaged = matches!(self.state, State::Broken { is_damaged: true, .. });
        let is_damaged = was_damaged || matches!(trouble, Trouble::Damaged(_));
        tracing::error!(
            directory = %self.settings.directory.display(),
            error = %trouble,
            retry_seconds = self.retry.as_secs(),
            "the spool cannot be used, deliveries that Kafka does not acknowledge are answered 503 until it can"
        );
        self.state = State::Broken { is_damaged, retry_at: Instant::now() + self.retry };
        self.retry = (self.retry * 2).min(RETRY_LAST);
    }

    fn say_full(&mut self) {
        let bytes = match &self.state {
            State::Open { figures, .. } => figures.bytes,
            State::Broken { .. } => 0,
        };
        if self.full.replace((Instant::now(), bytes)).is_none() {
            tracing::error!(
                max_bytes = self.settings.max_bytes,
                reserve_bytes = self.reserve.bytes(),
                "the spool or its disk is full, deliveries that Kafka does not acknowledge are answered 503 until it has drained; \
                 see --spool-max-bytes and the free space of --spool-dir, of which the reserve is kept free"
            );
        }
    }

    /// The gauges.
    fn show(&self) {
        let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let State::Open { database, figures } = &self.state else {
            self.metrics.healthy.set(0);
            return;
        };
        self.metrics.healthy.set(i64::from(self.full.is_none()));
        self.metrics.deliveries.set(signed(figures.waiting));
        self.metrics.set_aside.set(signed(figures.set_aside));
        self.metrics.bytes.set(signed(figures.bytes));
        let oldest = if figures.waiting == 0 { None } else { database.oldest().ok().flatten() };
        self.metrics.oldest_seconds.set(oldest.map_or(0, age_seconds));
    }
}

/// Whether a spool that was full may be called otherwise: a twentieth is gone, or some time has passed.
fn has_drained(bytes: u64, full_bytes: u64, since: Instant) -> bool {
    bytes <= full_bytes / 20 * 19 && bytes < full_bytes || since.elapsed() >= FULL_FOR
}

fn refuse(stores: Vec<(Change, Done)>, why: SpoolError) {
    for (_, done) in stores {
        // Who asked may have gone.
        let _told = done.send(Err(why));
    }
}

fn cost(change: &Change) -> u64 {
    match change {
        Change::Insert(row) => row.cost(),
        Change::Delete(_) | Change::SetAside(..) => 0,
    }
}

/// How long ago `received` was, in whole seconds.
fn age_seconds(received: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    (i64::try_from(now).unwrap_or(i64::MAX) - received).max(0) / 1000
}

fn say_salvaged(file: &Path, salvage::Salvaged { rows, gaps }: salvage::Salvaged) {
    let file = file.with_extension("salvaged");
    if gaps == 0 {
        tracing::warn!(file = %file.display(), rows, "every delivery of the file that was put aside is taken over");
    } else {
        tracing::error!(
            file = %file.display(),
            rows,
            gaps,
            "deliveries of the file that was put aside were taken over, others cannot be read: `sqlite3 FILE .recover` may find them"
        );
    }
}
