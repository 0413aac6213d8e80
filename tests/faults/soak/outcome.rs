//! What came of the deliveries behind ingest: everything was read and looked up, and nothing died.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use schemas::Topic;
use weir_tests::http;
use weir_tests::oracle::Verdict;
use weir_tests::reader;
use weir_tests::until::until;

use super::{Consumer, Everyone};
use crate::rig::{PATIENCE, Rig};

const DEAD_LETTERS: [Topic; 5] =
    [Topic::IngestDlq, Topic::MessagesDlq, Topic::LookupsDlq, Topic::MetricsDlq, Topic::RepliesDlq];
/// The percentage of the deliveries that the rate makes due, at least, that the load must have sent.
const SENT: u64 = 80;

/// What was seen at the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Deliveries that the rate makes due.
    pub(crate) due: u64,
    /// Comments of deliveries that were answered 200, and comments with an enriched event.
    pub(crate) comments: (usize, usize),
    /// Batches and calls that the Graph API got.
    pub(crate) asked: usize,
    pub(crate) dead_letters: usize,
    /// The consumers that did not come to the end of their topics.
    pub(crate) behind: Vec<&'static str>,
    /// What Prometheus cannot look at.
    pub(crate) down: Vec<String>,
}

impl Outcome {
    pub(super) async fn of(rig: &Rig, everyone: &Everyone, due: u64, down: Vec<String>) -> Result<Self> {
        let mut behind = Vec::new();
        for consumer in &everyone.consumers {
            if at_its_end(consumer).await.is_err() {
                behind.push(consumer.name);
            }
        }
        let (brokers, mut dead_letters) = (rig.cluster.bootstrap(), 0);
        for topic in DEAD_LETTERS {
            dead_letters += reader::read(&brokers, &topic.name("meta")).await?.len();
        }
        let enriched = reader::read(&brokers, &Topic::CommentsEnriched.name("meta")).await?;
        let enriched: BTreeSet<_> = enriched.iter().filter_map(|record| record.header("ce_id")).collect();
        let comments = (rig.oracle.acknowledged_comments(), enriched.len());
        Ok(Self { due, comments, asked: everyone.graph.requests(), dead_letters, behind, down })
    }

    pub(crate) fn is_clean(&self, verdict: &Verdict) -> Result<()> {
        let Self { due, comments: (written, enriched), asked, dead_letters, ref behind, ref down } = *self;
        ensure!(verdict.issued * 100 >= due * SENT, "{} of {due} deliveries were sent", verdict.issued);
        ensure!(enriched >= written && written > 0 && asked > 0, "{self:?}");
        ensure!(dead_letters == 0 && behind.is_empty() && down.is_empty(), "{self:?}");
        Ok(())
    }
}

/// Waits until the consumer has nothing left to read.
async fn at_its_end(consumer: &Consumer) -> Result<()> {
    until("the end of the lag", PATIENCE, async || {
        let (_, text) = http::get(&format!("http://{}/metrics", consumer.admin)).await?;
        let lags = text.lines().filter(|line| line.starts_with("weir_consumer_lag_records"));
        let lags = lags.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
        Ok((lags.sum::<f64>() == 0.0).then_some(()))
    })
    .await
}
