//! A command under way, over the times that it is handled while it waits.

use crate::outcome::Cause;
use runtime::consumer::Output;
use std::sync::Arc;
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
    /// Why the latest call did not reach its host, where it did not.
    pub(crate) unreached: Option<Cause>,
    pub(crate) attempt: u32,
    pub(crate) claim: String,
    /// The claim under which this process intended the attempt before, without a call that did anything; it makes none any more.
    pub(crate) given_back: Option<Arc<str>>,
    pub(crate) intent: Intent,
    /// Results of former attempts.
    pub(crate) results: Vec<Output>,
}

/// How far the intent of an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// Nobody is known to have intended it.
    None,
    /// The claim before it is given back, which may not be in the topic yet.
    GivingBack,
    /// It was intended before, and is to be once more.
    Again,
    Written,
    /// It was read back as the first one: the attempt is ours.
    First,
    /// Another claim owns the attempt, or another one of this process goes on with it: what is to be done is to be looked up anew.
    Overtaken,
}

impl Pending {
    pub(crate) fn new(offset: i64, attempt: u32, results: Vec<Output>) -> Self {
        Self {
            offset,
            since: Instant::now(),
            waits_since: None,
            unreached: None,
            attempt,
            claim: new_claim(),
            given_back: None,
            intent: Intent::None,
            results,
        }
    }

    /// An attempt that was begun before, and of which nothing was done; `claim` is whose it was where that is not in the topic yet.
    pub(crate) fn again(offset: i64, attempt: u32, claim: Option<Arc<str>>) -> Self {
        let intent = if claim.is_some() { Intent::GivingBack } else { Intent::Again };
        Self { given_back: claim, intent, ..Self::new(offset, attempt, Vec::new()) }
    }

    /// Has the attempt go on under another claim once it is to.
    pub(crate) fn give_back(&mut self) {
        let claim = std::mem::replace(&mut self.claim, new_claim());
        (self.given_back, self.intent) = (Some(claim.into()), Intent::GivingBack);
    }
}

/// A word of chance.
pub(crate) fn new_claim() -> String {
    Uuid::now_v7().to_string()
}
