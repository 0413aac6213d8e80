//! What of it waits on the disks of ingest: which deliveries on this machine's, and how many on each, as its processes say on their admin
//! ports.

use super::expected::expected;
use super::origin::Origin;
use super::question::{EventSelector, Question};
use crate::delivery::poster::Poster;
use crate::process::metrics::{name, value};
use crate::screen::counted;
use futures_util::future::join_all;
use serde::Serialize;
use std::path::Path;
use weir_ingest::spool::inspect::{DeliveryFilter, InspectError, Inspector, ParkReason, StoredDelivery};

/// A delivery on the disk.
#[derive(Clone, Debug)]
pub(super) struct Spooled {
    pub(super) id: String,
    /// Why it does not wait for Kafka but for a person.
    pub(super) parked: Option<ParkReason>,
}

/// The events of deliveries on the disk that are meant; nothing where no `--spool-dir` is given.
pub(super) fn find(question: &Question, directory: Option<&Path>) -> Result<Vec<Origin>, InspectError> {
    let Some(directory) = directory else { return Ok(Vec::new()) };
    let mut inspector = Inspector::new(directory);
    if let EventSelector::Delivery(id) = &question.what {
        let stored = inspector.delivery(id)?;
        return Ok(stored.iter().flat_map(|stored| origins(question, stored)).collect());
    }
    let mut found = Vec::new();
    for stored in inspector.deliveries(DeliveryFilter::All) {
        found.extend(origins(question, &stored?));
    }
    Ok(found)
}

/// Those of its events that are meant, or the delivery itself where it is meant and none of them.
fn origins(question: &Question, stored: &StoredDelivery) -> Vec<Origin> {
    let spooled = Spooled { id: stored.id.clone(), parked: stored.parked.clone() };
    let origin = |event| Origin { event, spooled: Some(spooled.clone()), ..Origin::default() };
    let mut meant = expected(question, &stored.body, Some(stored.received));
    if meant.len() > 1 {
        meant.retain(Option::is_some);
    }
    meant.into_iter().map(origin).collect()
}

/// A process of ingest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct SpoolBacklog {
    /// Where it was asked, `HOST:PORT`.
    pub(super) address: String,
    /// How many wait or are parked there; none where it does not say.
    pub(super) deliveries: Option<u64>,
    /// How many were lost there since the process started, where any were: each of them was received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lost: Option<u64>,
}

/// Asks each of them.
pub(super) async fn ask(addresses: &[String]) -> Vec<SpoolBacklog> {
    let ask = async |address: &String| {
        let answer = Poster::get(&format!("http://{address}/metrics")).await;
        let metrics = answer.map(|answer| answer.text).unwrap_or_default();
        SpoolBacklog { address: address.clone(), deliveries: deliveries(&metrics), lost: lost(&metrics) }
    };
    join_all(addresses.iter().map(ask)).await
}

/// What of the disks can have something of what is asked for and was not read, each after a semicolon; `damaged_files` are those beside
/// the spool that was, none where no spool was.
pub(super) fn unseen(ingest: &[SpoolBacklog], damaged_files: Option<usize>) -> String {
    let mut unseen = match (ingest, damaged_files) {
        ([], None) => "; no disk of ingest was looked at (--ingest, --spool-dir)",
        ([], Some(_)) => {
            "; what waits on the disks of other processes of ingest was not looked at (--ingest)"
        }
        _ => "",
    }
    .to_owned();
    if let Some(damaged @ 1..) = damaged_files {
        let files = "damaged files of the spool were";
        let were = counted(damaged as u64, "damaged file of the spool was", files);
        unseen.extend([format!("; {were} not read (`weir spool list`)")]);
    }
    for SpoolBacklog { address, deliveries, lost } in ingest {
        match deliveries {
            Some(0) => {}
            Some(count) => {
                let deliveries = counted(*count, "delivery waits", "deliveries wait");
                unseen.extend([format!("; {deliveries} on the disk of {address} (`weir spool list` there)")]);
            }
            None => unseen.extend([format!("; {address} does not say what waits on its disk")]),
        }
        if let Some(lost) = lost {
            let were = counted(*lost, "delivery was", "deliveries were");
            unseen.extend([format!("; {were} lost on the disk of {address}, as its log tells")]);
        }
    }
    unseen
}

/// Those of ingest; none wait where it has no spool.
fn deliveries(metrics: &str) -> Option<u64> {
    let of = |name| value(metrics, name).unwrap_or_default();
    let deliveries = of("weir_spool_deliveries") + of("weir_spool_set_aside");
    // What is not known yet is not a number.
    let is_known = name(metrics) == Some("weir-ingest") && deliveries.is_finite();
    is_known.then_some(whole(deliveries))
}

fn lost(metrics: &str) -> Option<u64> {
    value(metrics, "weir_spool_lost_total").map(whole).filter(|lost| *lost > 0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
const fn whole(count: f64) -> u64 {
    count as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ingest_says_that_nothing_waits() {
        let ingest = "weir_build_info{name=\"weir-ingest\",version=\"0.1.0\"} 1\n";
        assert_eq!(deliveries(ingest), Some(0));
        let with = |waiting| format!("{ingest}weir_spool_deliveries {waiting}\nweir_spool_set_aside 1\n");
        assert_eq!(deliveries(&with("2")), Some(3));
        assert_eq!(deliveries(&with("NaN")), None);
        assert_eq!(deliveries(&ingest.replace("ingest", "messages")), None);
        assert_eq!(deliveries("<html>"), None);
        assert_eq!((lost(&format!("{ingest}weir_spool_lost_total 0\n")), lost(ingest)), (None, None));
        assert_eq!(lost(&format!("{ingest}weir_spool_lost_total 2\n")), Some(2));
    }
}
