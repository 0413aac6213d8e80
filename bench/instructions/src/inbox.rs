//! Makes inbox records of typed ones, as weir-messages does.

#[path = "../../../consumers/messages/src"]
#[expect(dead_code, reason = "not all of it is used here")]
mod messages {
    pub(super) mod normalise;
}

use messages::normalise::normalise;
use schemas::{Reception, TypedEvent, split};

const RECEPTION: Reception<'static> =
    Reception { delivery_id: "01890a5d-ac96-774b-bcce-b302099a8057", received: "2025-07-18T10:35:10.447Z" };

/// The values of a delivery's typed records.
pub(crate) fn typed(body: &[u8]) -> Vec<Vec<u8>> {
    let value = |event: &schemas::Event<'_>| {
        let mut value = Vec::new();
        event.write_json(RECEPTION, &mut value);
        value
    };
    split(body, 1).events.iter().map(value).collect()
}

/// Reads typed records, and writes the inbox records of those that have one; returns how many bytes that are.
///
/// Never inlined, so that a profiler can be told to count here alone.
#[inline(never)]
pub(crate) fn records(values: &[Vec<u8>]) -> usize {
    values.iter().filter_map(|value| inbox(value)).map(|record| record.len()).sum()
}

fn inbox(value: &[u8]) -> Option<Vec<u8>> {
    let event = TypedEvent::read(Some(value)).ok()?;
    let (_, record) = normalise(&event).ok()??;
    let mut json = Vec::with_capacity(1024);
    serde_json::to_writer(&mut json, &record).ok()?;
    Some(json)
}
