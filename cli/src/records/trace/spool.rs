//! What of it waits on the disk of this machine's ingest.

use super::expected::expected;
use super::origin::Origin;
use super::question::{EventSelector, Question};
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
