//! What must be on Kafka: every delivery that was issued, every one that was answered 200, and the judge of both.
//!
//! The load writes down each delivery before it is sent and each 200 when it comes. The judge is a program of its own, in
//! another language and with another client (`tests/python/judge.py`), that reads the topics and compares.

mod body;

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::ops::Range;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::foreign;
use crate::signed::Sender;

/// Deliveries that may be under way at once: beyond it the load waits, and says so in its numbers.
const UNDER_WAY: usize = 1_000;

/// What is acknowledged has to be readable in the end: a record may still be on its way when the judge first looks.
const READABLE_WITHIN: Duration = Duration::from_secs(45);

/// Issues deliveries that can be told apart, and remembers what became of each.
#[derive(Debug, Default)]
pub struct Oracle {
    next: AtomicU64,
    ledger: Mutex<Ledger>,
}

#[derive(Debug, Default)]
struct Ledger {
    /// Number and SHA-256 of each delivery, written down before it is sent.
    issued: Vec<(u64, String)>,
    /// Numbers of those that were answered 200.
    acknowledged: Vec<u64>,
    answers: Vec<Answered>,
}

#[derive(Debug, Clone)]
struct Answered {
    at: Instant,
    took: Duration,
    /// Or why no whole answer came.
    status: Result<u16, String>,
}

/// What the load saw in a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lap {
    /// Answers by status.
    pub answers: BTreeMap<u16, usize>,
    /// Requests without a whole answer.
    pub unanswered: usize,
    /// Why the first of those had none.
    pub why_none: Option<String>,
    /// The middle of the times that answers took.
    pub p50: Duration,
    /// The time that 99 of 100 answers took at most.
    pub p99: Duration,
    /// The longest.
    pub max: Duration,
}

/// What the judge found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Deliveries that were sent.
    pub issued: u64,
    /// Deliveries that were answered 200.
    pub acknowledged: u64,
    /// Records of the raw topic.
    pub records: u64,
    /// Answered 200, and not on the raw topic, or without their event on the typed one.
    pub lost: u64,
    /// On a topic, and never sent.
    pub invented: u64,
    /// On a topic, and not as it was sent.
    pub altered: u64,
    /// Raw records beyond the first of their delivery.
    pub duplicates: u64,
    /// The first numbers of what is lost, by topic, for whoever looks for the reason.
    pub missing: String,
}

impl Oracle {
    /// An oracle that has issued nothing.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Issues one delivery; its status, where a whole answer came.
    pub async fn post(&self, sender: &Sender) -> Option<u16> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.issue(sender, number, &body::of(number)).await
    }

    /// As [`Self::post`], a body with so many bytes more, which no codec makes much smaller than a quarter.
    pub async fn post_large(&self, sender: &Sender, more: usize) -> Option<u16> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.issue(sender, number, &body::large(number, more)).await
    }

    async fn issue(&self, sender: &Sender, number: u64, body: &[u8]) -> Option<u16> {
        self.ledger().issued.push((number, hex(&Sha256::digest(body))));
        let at = Instant::now();
        let status =
            sender.post(body).await.map(|answer| answer.status).map_err(|error| format!("{error:#}"));
        let answered = status.as_ref().ok().copied();
        let mut ledger = self.ledger();
        if answered == Some(200) {
            ledger.acknowledged.push(number);
        }
        ledger.answers.push(Answered { at, took: at.elapsed(), status });
        answered
    }

    /// Issues `rate` deliveries a second, whether earlier ones are answered or not, until the load is stopped.
    pub fn load(self: &Arc<Self>, sender: &Sender, rate: u32) -> Load {
        let is_stopped = Arc::new(AtomicBool::new(false));
        let (oracle, sender, stopped) = (Arc::clone(self), sender.clone(), Arc::clone(&is_stopped));
        let task = tokio::spawn(async move {
            let slots = Arc::new(Semaphore::new(UNDER_WAY));
            let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate.max(1));
            while !stopped.load(Ordering::Relaxed) {
                ticks.tick().await;
                let slot = Arc::clone(&slots).acquire_owned().await;
                let (oracle, sender) = (Arc::clone(&oracle), sender.clone());
                tokio::spawn(async move {
                    oracle.post(&sender).await;
                    drop(slot);
                });
            }
            // Every slot is back once every request has ended.
            drop(slots.acquire_many(u32::try_from(UNDER_WAY).unwrap_or(u32::MAX)).await);
        });
        Load { is_stopped, task }
    }

    /// What was answered to requests that were sent since `from`.
    pub fn lap(&self, from: Instant) -> Lap {
        let answers: Vec<_> =
            self.ledger().answers.iter().filter(|answered| answered.at >= from).cloned().collect();
        Lap::of(&answers)
    }

    /// What was answered by now to requests that were sent in this time.
    pub fn lap_within(&self, time: Range<Instant>) -> Lap {
        let answers: Vec<_> =
            self.ledger().answers.iter().filter(|answered| time.contains(&answered.at)).cloned().collect();
        Lap::of(&answers)
    }

    /// How many deliveries were answered 200.
    pub fn acknowledged(&self) -> usize {
        self.ledger().acknowledged.len()
    }

    /// How many of those had a comment among them.
    pub fn acknowledged_comments(&self) -> usize {
        self.ledger().acknowledged.iter().filter(|number| body::has_comment(**number)).count()
    }

    /// Has the topics read and compared with what was issued.
    ///
    /// # Errors
    ///
    /// When Python or its packages are missing, or the topics cannot be read.
    pub fn judge(&self, bootstrap: &str, raw: &str, typed: &str) -> Result<Verdict> {
        self.judge_beside(0, bootstrap, raw, typed)
    }

    /// As [`Self::judge`], where so many are known to be lost, for which it does not wait.
    ///
    /// # Errors
    ///
    /// As those of [`Self::judge`].
    pub fn judge_beside(&self, lost: u64, bootstrap: &str, raw: &str, typed: &str) -> Result<Verdict> {
        let deadline = Instant::now() + READABLE_WITHIN;
        loop {
            let verdict = self.judge_once(bootstrap, raw, typed)?;
            if verdict.lost <= lost || Instant::now() >= deadline {
                return Ok(verdict);
            }
        }
    }

    fn judge_once(&self, bootstrap: &str, raw: &str, typed: &str) -> Result<Verdict> {
        let folder = tempfile::tempdir().context("making a directory for the judge")?;
        self.write(folder.path())?;
        let mut command = Command::new(foreign::python()?);
        command.arg(foreign::folder("tests/python").join("judge.py")).args([bootstrap, raw, typed]);
        let found = foreign::run(command.arg(folder.path()), "")?;
        let found: serde_json::Value = serde_json::from_str(&found).context("reading what the judge said")?;
        let number =
            |name: &str| found[name].as_u64().with_context(|| format!("the judge says no {name}: {found}"));
        Ok(Verdict {
            issued: number("issued")?,
            acknowledged: number("acknowledged")?,
            records: number("records")?,
            lost: number("lost")?,
            invented: number("invented")?,
            altered: number("altered")?,
            duplicates: number("duplicates")?,
            missing: found["missing"].to_string(),
        })
    }

    fn write(&self, folder: &Path) -> Result<()> {
        let ledger = self.ledger();
        let (mut issued, mut acknowledged) = (String::new(), String::new());
        for (number, digest) in &ledger.issued {
            writeln!(issued, "{number}\t{digest}")?;
        }
        for number in &ledger.acknowledged {
            writeln!(acknowledged, "{number}")?;
        }
        std::fs::write(folder.join("issued"), issued).context("writing what was issued")?;
        std::fs::write(folder.join("acknowledged"), acknowledged).context("writing what was answered 200")
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A load that runs until it is stopped.
#[derive(Debug)]
pub struct Load {
    is_stopped: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Load {
    /// Issues no more, and waits for the answers of what is under way.
    ///
    /// # Errors
    ///
    /// When the load itself has failed.
    pub async fn stop(self) -> Result<()> {
        self.is_stopped.store(true, Ordering::Relaxed);
        self.task.await.context("the load failed")
    }
}

impl Lap {
    fn of(answers: &[Answered]) -> Self {
        let mut took: Vec<_> =
            answers.iter().filter(|answered| answered.status.is_ok()).map(|answered| answered.took).collect();
        took.sort_unstable();
        let part = |percent: usize| took.get((took.len() * percent / 100).min(took.len().saturating_sub(1)));
        let mut by_status = BTreeMap::new();
        for status in answers.iter().filter_map(|answered| answered.status.as_ref().ok()) {
            *by_status.entry(*status).or_default() += 1;
        }
        let without: Vec<_> = answers.iter().filter_map(|answered| answered.status.as_ref().err()).collect();
        Self {
            answers: by_status,
            unanswered: without.len(),
            why_none: without.first().copied().cloned(),
            p50: part(50).copied().unwrap_or_default(),
            p99: part(99).copied().unwrap_or_default(),
            max: took.last().copied().unwrap_or_default(),
        }
    }

    /// Whether there were answers, and nothing but 200s.
    pub fn is_all_200(&self) -> bool {
        self.unanswered == 0 && self.answers.keys().eq([&200])
    }
}

impl fmt::Display for Lap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { answers, unanswered, why_none, p50, p99, max } = self;
        let why = why_none.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
        write!(
            formatter,
            "answers {answers:?}, {unanswered} without one{why}; p50 {p50:.1?}, p99 {p99:.1?}, max {max:.1?}"
        )
    }
}

impl Verdict {
    /// Nothing lost, nothing invented, nothing altered, and no more duplicates than that.
    ///
    /// # Errors
    ///
    /// When one of them is not so; the message has all numbers.
    pub fn is_clean(&self, duplicates: u64) -> Result<()> {
        ensure!(self.acknowledged > 0, "nothing was acknowledged: {self:?}");
        let is_clean = self.lost == 0 && self.invented == 0 && self.altered == 0;
        ensure!(
            is_clean && self.duplicates <= duplicates,
            "at most {duplicates} duplicates allowed: {self:?}"
        );
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(millis: u64, status: Option<u16>) -> Answered {
        let status = status.ok_or_else(|| "it was cut off".to_owned());
        Answered { at: Instant::now(), took: Duration::from_millis(millis), status }
    }

    #[test]
    fn a_lap_tells_answers_by_status_and_how_long_they_took() {
        let mut answers: Vec<_> = (1..=100).map(|millis| answered(millis, Some(200))).collect();
        assert!(Lap::of(&answers).is_all_200());
        answers.push(answered(500, Some(503)));
        answers.push(answered(0, None));
        let lap = Lap::of(&answers);
        assert_eq!(lap.answers, BTreeMap::from([(200, 100), (503, 1)]));
        assert_eq!((lap.unanswered, lap.max.as_millis(), lap.p50.as_millis()), (1, 500, 51));
        assert!(lap.to_string().contains("1 without one (it was cut off)"), "{lap}");
        assert!(!lap.is_all_200());
        assert!(!Lap::of(&[]).is_all_200());
    }
}
