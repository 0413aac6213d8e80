//! A backlog of typed events: the messages of the fixtures again and again, each time of another customer and with other ids.

use anyhow::{Result, ensure};
use schemas::EventId;
use serde_json::Value;
use weir_tests::{filled, fixtures};

use crate::consumer::READ;

/// More than a fixture has.
const MOST_EVENTS: usize = 1_000;

/// Puts at least so many events on the topic of messages; returns how many.
pub(super) async fn fill(brokers: &str, prefix: &str, events: u32) -> Result<u64> {
    let templates = templates()?;
    let each: usize = templates.iter().map(|template| ids(&again(template, 0)).len()).sum();
    ensure!(each > 0, "no fixture is of messages alone");
    let times = events.div_ceil(u32::try_from(each)?);
    let bodies = (0..times).flat_map(|number| templates.iter().map(move |template| again(template, number)));
    filled::fill(brokers, prefix, bodies).await
}

/// The fixtures whose events are all on the topic of messages, and others each time.
fn templates() -> Result<Vec<Value>> {
    let deliveries = fixtures::deliveries()?;
    let of_messages = deliveries.iter().filter(|body| is_of_messages(body));
    let values = of_messages.filter_map(|body| serde_json::from_slice::<Value>(body).ok());
    Ok(values.filter(is_renewed).collect())
}

fn is_of_messages(body: &[u8]) -> bool {
    let split = schemas::split(body, MOST_EVENTS);
    !split.events.is_empty()
        && split.refusal.is_none()
        && split.events.iter().all(|event| event.topic() == READ)
}

fn is_renewed(template: &Value) -> bool {
    let (first, second) = (ids(&again(template, 1)), ids(&again(template, 2)));
    !first.is_empty() && !first.iter().any(|id| second.contains(id))
}

fn ids(body: &str) -> Vec<EventId> {
    let split = schemas::split(body.as_bytes(), MOST_EVENTS);
    split.events.iter().map(|event| event.id).collect()
}

/// The same delivery of another customer, with other ids of messages.
fn again(template: &Value, number: u32) -> String {
    let mut copy = template.clone();
    for entry in elements(&mut copy, "entry") {
        let account = entry.get("id").cloned();
        for item in elements(entry, "messaging") {
            rename_people(item, account.as_ref(), number);
            rename_messages(item, number);
        }
    }
    copy.to_string()
}

/// The elements of that member; none where it is no array.
fn elements<'a>(value: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> + use<'a> {
    value.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}

fn rename_people(item: &mut Value, account: Option<&Value>, number: u32) {
    for party in ["sender", "recipient"] {
        let id = item.get_mut(party).and_then(|party| party.get_mut("id"));
        if let Some(id) = id.filter(|id| Some(&**id) != account) {
            *id = Value::String(format!("90{number:08}"));
        }
    }
}

fn rename_messages(value: &mut Value, number: u32) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match member {
                    Value::String(id) if name == "mid" => *id = format!("{id}{number:08}"),
                    other => rename_messages(other, number),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename_messages(item, number)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixtures_of_messages_give_other_events_each_time() {
        let templates = templates().unwrap();
        assert!(templates.len() >= 20, "{}", templates.len());
        let events = |number| {
            let bodies = templates.iter().map(|template| again(template, number));
            bodies.map(|body| ids(&body).len()).sum::<usize>()
        };
        assert_eq!(events(7), events(8));
    }
}
