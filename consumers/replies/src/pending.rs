//! A command under way, over the times that it is handled while it waits.

use runtime::consumer::Output;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// While a command waits, its partition can be given back at once; it is looked at again this often.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A command under way.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) offset: i64,
    pub(crate) since: Instant,
    /// Since when commands have waited for what this one waits for.
    pub(crate) waits_since: Option<Instant>,
    pub(crate) attempt: u32,
    pub(crate) claim: String,
    pub(crate) intent: Intent,
    /// Results of former attempts.
    pub(crate) results: Vec<Output>,
}

/// How far the intent of an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    None,
    Written,
    /// It was read back as the first one: the attempt is ours.
    First,
}

impl Pending {
    pub(crate) fn new(offset: i64, attempt: u32, results: Vec<Output>) -> Self {
        let claim = Uuid::now_v7().to_string();
        Self {
            offset,
            since: Instant::now(),
            waits_since: None,
            attempt,
            claim,
            intent: Intent::None,
            results,
        }
    }
}
