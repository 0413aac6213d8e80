//! Records as ingest makes them of one item, for tests that begin behind the edge.

use anyhow::{Context as _, Result};
use schemas::{Reception, split};
use serde_json::{Value, json};

use crate::writer::Outgoing;

const RECEPTION: Reception<'_> =
    Reception { delivery_id: "01980000-0000-7000-8000-000000000000", received: "2025-07-18T10:35:10.000Z" };

/// The record of a change of one of an Instagram account's fields.
///
/// # Errors
///
/// When no event comes of it.
pub fn change(account: &str, field: &str, value: &Value) -> Result<Outgoing> {
    item("instagram", account, "changes", &json!({"field": field, "value": value}))
}

/// The record of one item of an entry's carrier, such as `messaging`.
///
/// # Errors
///
/// When no event comes of it.
pub fn item(object: &str, account: &str, carrier: &str, item: &Value) -> Result<Outgoing> {
    item_received(object, account, carrier, item, RECEPTION.received)
}

/// As [`item()`], of a delivery that was received then, in RFC 3339.
///
/// # Errors
///
/// When no event comes of it.
pub fn item_received(
    object: &str,
    account: &str,
    carrier: &str,
    item: &Value,
    received: &str,
) -> Result<Outgoing> {
    let entry = json!({"id": account, "time": 1_752_834_911, carrier: [item]});
    let body = serde_json::to_vec(&json!({"object": object, "entry": [entry]}))?;
    let split = split(&body, 10);
    let event = split.events.first().context("an event")?;
    let mut value = Vec::new();
    event.write_json(Reception { received, ..RECEPTION }, &mut value);
    Ok(Outgoing { key: event.key.clone().map(String::into_bytes), value: Some(value), headers: Vec::new() })
}
