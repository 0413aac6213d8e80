//! Compares what Meta sent with what a model tells of it, member by member.

use schemas::data::comment::Comment;
use schemas::data::dashboard_test::DashboardTest;
use schemas::data::feed::FeedChange;
use schemas::data::lead::Lead;
use schemas::data::mention::Mention;
use schemas::data::messaging::Messaging;
use schemas::data::page_mention::PageMention;
use schemas::data::rating::Rating;
use schemas::data::story_insights::StoryInsights;
use schemas::data::template_status::TemplateStatus;
use schemas::{Kind, Model};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

/// What the model of a kind tells of its data; what it says nothing of is left out.
pub(crate) fn told(kind: Kind, data: &RawValue) -> serde_json::Result<Value> {
    fn of<T: DeserializeOwned + Serialize>(data: &RawValue) -> serde_json::Result<Value> {
        Ok(pruned(serde_json::to_value(serde_json::from_str::<T>(data.get())?)?))
    }
    match kind.spec().data {
        Model::Messaging => of::<Messaging>(data),
        Model::Comment => of::<Comment>(data),
        Model::Mention => of::<Mention>(data),
        Model::StoryInsights => of::<StoryInsights>(data),
        Model::Feed => of::<FeedChange>(data),
        Model::PageMention => of::<PageMention>(data),
        Model::Rating => of::<Rating>(data),
        Model::Lead => of::<Lead>(data),
        Model::TemplateStatus => of::<TemplateStatus>(data),
        Model::DashboardTest => of::<DashboardTest>(data),
        Model::Unknown => of::<Value>(data),
    }
}

/// Where the two differ, as JSON pointers with what Meta sent and what the model tells; nothing where they do not.
pub(crate) fn differences(sent: &Value, told: Option<&Value>, at: &str) -> Vec<String> {
    let differ = || vec![format!("{at}: {sent} is told as {told:?}")];
    match (sent, told) {
        (sent, Some(told)) if sent == told => Vec::new(),
        (Value::Object(members), Some(Value::Object(told))) => {
            let lost = members
                .iter()
                .flat_map(|(name, sent)| differences(sent, told.get(name), &format!("{at}/{name}")));
            let made_up = told
                .keys()
                .filter(|name| !members.contains_key(*name))
                .map(|name| format!("{at}/{name} is made up"));
            lost.chain(made_up).collect()
        }
        (Value::Array(elements), Some(Value::Array(told))) if elements.len() == told.len() => {
            let each = elements.iter().zip(told).enumerate();
            each.flat_map(|(index, (sent, told))| differences(sent, Some(told), &format!("{at}/{index}")))
                .collect()
        }
        (sent, None) if says_nothing(sent) => Vec::new(),
        (sent, Some(told)) if is_same_scalar(sent, told) => Vec::new(),
        _ => differ(),
    }
}

/// Whether what was sent is as good as nothing.
fn says_nothing(sent: &Value) -> bool {
    match sent {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.values().all(says_nothing),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

/// Ids and numbers are told as one whether they were sent as strings or numbers, times in milliseconds.
fn is_same_scalar(sent: &Value, told: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let (Some(sent), Some(text)) = (text(sent), text(told)) else { return false };
    let is_fraction = || told.is_f64() && sent.parse::<f64>().ok() == told.as_f64();
    sent == text || (told.is_u64() && sent.len() == 10 && text == format!("{sent}000")) || is_fraction()
}

/// The pointers of everything within a value, itself left out.
pub(crate) fn pointers(value: &Value, at: &str) -> Vec<String> {
    let within = |name: &str, value: &Value| {
        let place = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        [vec![place.clone()], pointers(value, &place)].concat()
    };
    match value {
        Value::Object(members) => members.iter().flat_map(|(name, value)| within(name, value)).collect(),
        Value::Array(elements) => {
            elements.iter().enumerate().flat_map(|(index, value)| within(&index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    }
}

/// Takes away what stands at a pointer.
pub(crate) fn without(mut value: Value, pointer: &str) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
    match value.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.remove(&name.replace("~1", "/").replace("~0", "~"))),
        Some(Value::Array(elements)) => {
            let index = name.parse().unwrap_or(usize::MAX);
            if index < elements.len() {
                elements.remove(index);
            }
        }
        _ => {}
    }
    value
}

/// Takes away, of all objects, the members that say nothing.
pub(crate) fn pruned(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (name, pruned(value)));
            Value::Object(members.filter(|(_, value)| !says_nothing(value)).collect())
        }
        Value::Array(elements) => Value::Array(elements.into_iter().map(pruned).collect()),
        scalar => scalar,
    }
}
