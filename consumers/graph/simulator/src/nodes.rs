//! What the simulator knows: comments, media, mentions and people in the form of the documents' samples, for any id.
//!
//! Sources: the samples of Meta's Instagram webhook guide; field names of the Instagram Graph API's reference.

use crate::behaviour::{Answered, Behaviour};
use crate::fields::{self, Field};
use crate::request::Asked;
use serde_json::{Map, Value, json};

/// Reads `{version}/{id}?fields={list}`, percent-decoded.
pub(super) fn read(asked: &Asked) -> Answered {
    let id = asked.path().split_once('/').map_or("", |(_, id)| id);
    let fields = fields::parse(asked.parameter("fields").unwrap_or("id"));
    let fields = fields.ok_or_else(|| Behaviour::error(2500, None))?;
    // (#100) Tried accessing nonexisting field
    node(id, &fields).ok_or_else(|| Behaviour::error(100, None))
}

/// The node of an id, if it has all of the fields. The id does not tell what it is of, so the fields do.
fn node(id: &str, fields: &[Field<'_>]) -> Option<Value> {
    if fields.iter().any(|field| field.name.starts_with("mentioned_")) {
        return account(id, fields);
    }
    project(&comment(id), fields)
        .or_else(|| project(&media(id), fields))
        .or_else(|| project(&person(id), fields))
}

fn account(id: &str, fields: &[Field<'_>]) -> Option<Value> {
    let mut node = Map::new();
    for field in fields {
        let (sample, default) = match (field.name, field.argument) {
            ("mentioned_comment", Some(id)) => (mentioning(id), "timestamp,text,id"),
            ("mentioned_media", Some(id)) => (media(id), "id"),
            ("id", None) => continue,
            _ => return None,
        };
        let default = fields::parse(default).unwrap_or_default();
        let fields = if field.fields.is_empty() { &default } else { &field.fields };
        node.insert(field.name.to_owned(), project(&sample, fields)?);
    }
    node.insert("id".to_owned(), id.into());
    Some(node.into())
}

/// The fields that were asked for; `id` always comes along.
fn project(node: &Value, fields: &[Field<'_>]) -> Option<Value> {
    let mut projected = Map::new();
    for field in fields {
        let value = node.get(field.name)?;
        let value = if field.fields.is_empty() { value.clone() } else { project(value, &field.fields)? };
        projected.insert(field.name.to_owned(), value);
    }
    if let Some(id) = node.get("id") {
        projected.insert("id".to_owned(), id.clone());
    }
    Some(projected.into())
}

/// A comment of somebody else that mentions the account; its author has no id.
fn mentioning(id: &str) -> Value {
    json!({
        "id": id,
        "text": "@bluebottle challenge?",
        "timestamp": "2018-03-20T00:05:29+0000",
        "username": "a.customer",
        "like_count": 3,
        "media": media("17918195224117851"),
    })
}

/// A comment on the account's own media.
fn comment(id: &str) -> Value {
    json!({
        "id": id,
        "text": "This is an example.",
        "timestamp": "2018-03-20T00:05:29+0000",
        "from": { "id": "2706325442860345", "username": "a.customer" },
        "username": "a.customer",
        "hidden": false,
        "like_count": 0,
        "parent_id": "17865799348089039",
        "media": media("17918195224117851"),
    })
}

/// A customer, of either platform.
fn person(id: &str) -> Value {
    json!({
        "id": id,
        "name": "A Customer",
        "username": "a.customer",
        "first_name": "A",
        "last_name": "Customer",
        "profile_pic": "https://scontent.cdninstagram.com/v/simulated-profile.jpg",
        "follower_count": 417,
        "is_user_follow_business": true,
        "is_business_follow_user": false,
        "is_verified_user": false,
    })
}

fn media(id: &str) -> Value {
    json!({
        "id": id,
        "caption": "@bluebottle There can be only one!",
        "media_type": "IMAGE",
        "media_product_type": "FEED",
        "permalink": "https://www.instagram.com/p/BgSimulated/",
        "media_url": "https://scontent.cdninstagram.com/v/simulated.jpg",
        "thumbnail_url": "https://scontent.cdninstagram.com/v/simulated-thumbnail.jpg",
        "username": "a.customer",
        "timestamp": "2018-03-19T22:11:04+0000",
    })
}
