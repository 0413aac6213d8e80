//! Commands for weir-replies while everything else goes wrong: each has a result in the end, and is carried out once at most.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use schemas::Topic;
use serde_json::json;
use tokio::task::JoinHandle;
use weir_graph_simulator::Simulator;
use weir_tests::reader;
use weir_tests::until::until;
use weir_tests::writer::{self, Outgoing};

use crate::rig::PATIENCE;

const ACCOUNT: &str = "17841405726653026";
/// So many commands are written at once, each to a customer of its own.
const AT_ONCE: u64 = 5;
const EVERY: Duration = Duration::from_secs(5);

/// Writes commands until it is stopped.
pub(crate) struct Commands {
    brokers: String,
    is_stopped: Arc<AtomicBool>,
    task: JoinHandle<u64>,
}

/// What came of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CarriedOut {
    pub(crate) written: u64,
    /// How many have each last status.
    pub(crate) statuses: BTreeMap<String, u64>,
    pub(crate) without_result: u64,
    /// Sent to Meta more than once.
    pub(crate) repeated: u64,
    /// Said to be done, and not sent.
    pub(crate) unsent: u64,
}

impl Commands {
    pub(crate) fn begin(brokers: String) -> Self {
        let is_stopped = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(write(brokers.clone(), Arc::clone(&is_stopped)));
        Self { brokers, is_stopped, task }
    }

    /// Writes no more, waits for the results, and compares them with what was sent.
    pub(crate) async fn end(self, graph: &Simulator) -> Result<CarriedOut> {
        self.is_stopped.store(true, Ordering::Relaxed);
        let written = self.task.await.context("the writer of commands failed")?;
        let all = until("a result of every command", PATIENCE, async || {
            let statuses = last_statuses(&self.brokers).await?;
            Ok((statuses.len() as u64 >= written).then_some(statuses))
        });
        let statuses = match all.await {
            Ok(statuses) => statuses,
            Err(_) => last_statuses(&self.brokers).await?,
        };
        Ok(CarriedOut::of(written, &statuses, &sent(graph)))
    }
}

/// What no broker acknowledges is written again under the same id, as whoever writes commands has to.
async fn write(brokers: String, is_stopped: Arc<AtomicBool>) -> u64 {
    let (mut written, mut ticks) = (0, tokio::time::interval(EVERY));
    while !is_stopped.load(Ordering::Relaxed) {
        ticks.tick().await;
        let commands = (written..written + AT_ONCE).map(command).collect();
        if writer::write(&brokers, &Topic::Replies.name("meta"), commands).await.is_ok() {
            written += AT_ONCE;
        }
    }
    written
}

/// Its text is its id, by which a POST is known again.
fn command(number: u64) -> Outgoing {
    let (id, to) = (format!("command-{number}"), (30_000_000_000_000_000 + number).to_string());
    let command = json!({"id": id, "account": ACCOUNT, "action": "message", "to": to, "text": id});
    Outgoing {
        key: Some(format!("{ACCOUNT}:{to}").into_bytes()),
        value: Some(command.to_string().into_bytes()),
        headers: Vec::new(),
    }
}

/// The last status of each command that has one beyond the intent.
async fn last_statuses(brokers: &str) -> Result<BTreeMap<String, String>> {
    let mut statuses = BTreeMap::new();
    for record in reader::read(brokers, &Topic::RepliesResults.name("meta")).await? {
        let result = record.json()?;
        let (id, status) = (result["id"].as_str(), result["status"].as_str());
        let (id, status) = id.zip(status).context("a result without an id or a status")?;
        if status != "intended" {
            statuses.insert(id.to_owned(), status.to_owned());
        }
    }
    Ok(statuses)
}

/// How often each was sent.
fn sent(graph: &Simulator) -> BTreeMap<String, u64> {
    let mut sent = BTreeMap::new();
    for post in graph.posts() {
        if let Some(text) = post.parameters.pointer("/message/text").and_then(serde_json::Value::as_str) {
            *sent.entry(text.to_owned()).or_default() += 1;
        }
    }
    sent
}

impl CarriedOut {
    fn of(written: u64, statuses: &BTreeMap<String, String>, sent: &BTreeMap<String, u64>) -> Self {
        let mut seen = Self { written, ..Self::default() };
        for (id, status) in statuses {
            *seen.statuses.entry(status.clone()).or_default() += 1;
            seen.unsent += u64::from(status == "done" && !sent.contains_key(id));
        }
        seen.without_result = written.saturating_sub(statuses.len() as u64);
        seen.repeated = sent.values().filter(|times| **times > 1).count() as u64;
        seen
    }

    pub(crate) fn is_clean(&self) -> Result<()> {
        let Self { written, without_result, repeated, unsent, ref statuses } = *self;
        ensure!(without_result + repeated + unsent == 0, "{self:?}");
        // The rest had bad luck with the Graph API.
        ensure!(statuses.get("done").is_some_and(|done| done * 2 > written), "most are not done: {self:?}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_sent_twice_done_unsent_or_without_a_result_are_not_clean() {
        let done = |ids: &[&str]| ids.iter().map(|id| ((*id).to_owned(), "done".to_owned())).collect();
        let sent = |ids: &[(&str, u64)]| ids.iter().map(|(id, times)| ((*id).to_owned(), *times)).collect();
        assert!(CarriedOut::of(2, &done(&["a", "b"]), &sent(&[("a", 1), ("b", 1)])).is_clean().is_ok());
        assert!(CarriedOut::of(2, &done(&["a", "b"]), &sent(&[("a", 2), ("b", 1)])).is_clean().is_err());
        assert!(CarriedOut::of(2, &done(&["a", "b"]), &sent(&[("a", 1)])).is_clean().is_err());
        assert!(CarriedOut::of(2, &done(&["a"]), &sent(&[("a", 1), ("b", 1)])).is_clean().is_err());
        let mut statuses = done(&["a"]);
        statuses.extend(["b", "c"].map(|id| (id.to_owned(), "unknown".to_owned())));
        assert!(CarriedOut::of(3, &statuses, &sent(&[("a", 1)])).is_clean().is_err());
        assert!(CarriedOut::of(0, &done(&[]), &sent(&[])).is_clean().is_err(), "nothing was tested");
    }
}
