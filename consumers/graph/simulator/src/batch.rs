//! How the simulator answers a batch: an array in the order of the items, null for one that hangs.

use crate::behaviour::{Answered, Behaviour};
use crate::request::Asked;
use crate::world::World;
use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};

/// Meta answers no batch of more items.
const LARGEST_BATCH: usize = 50;

#[derive(Deserialize)]
struct Item {
    method: String,
    relative_url: String,
}

/// The answer to the parameter `batch` of a request, whose token stands in for items without one.
pub(super) fn answer(batch: &str, request: &Asked, world: &mut World) -> Answered {
    let items: Vec<Item> = serde_json::from_str(batch).unwrap_or_default();
    if items.is_empty() || items.len() > LARGEST_BATCH {
        // GraphBatchException: Too many requests in batch message. Maximum batch size is 50
        return Err(Behaviour::error(100, None));
    }
    Ok(items.iter().map(|item| one(item, request, world)).collect())
}

fn one(item: &Item, request: &Asked, world: &mut World) -> Value {
    let method = Method::from_bytes(item.method.as_bytes()).unwrap_or_default();
    let own = Asked::of(method, &item.relative_url, None);
    let asked = if own.token.is_some() {
        own
    } else {
        Asked { token: request.token.clone(), proof: request.proof.clone(), ..own }
    };
    let Some((code, body, to)) = world.answer_one(&asked).parts() else { return Value::Null };
    let location = to.map(|to| ("Location".to_owned(), to));
    let headers = world.usage.iter().chain(&location);
    let headers = headers.map(|(name, value)| json!({"name": name, "value": value})).collect::<Vec<_>>();
    json!({"code": code, "headers": headers, "body": body})
}
