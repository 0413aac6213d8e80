//! What Meta calls the things that have no kind yet, as labels of a bounded set.

use crate::observe::OTHER;
use runtime::mutex::lock;
use schemas::{Carrier, TypedEvent};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// More names than Meta adds in years; each is a series.
const MOST_NAMES: usize = 50;
const LONGEST_NAME: usize = 64;
/// What every messaging item has, whatever it is about.
const USUAL: [&str; 4] = ["sender", "recipient", "timestamp", "is_self"];

/// The names so far.
#[derive(Debug, Default)]
pub(crate) struct UnknownNames {
    names: Mutex<BTreeSet<String>>,
}

impl UnknownNames {
    /// The label of an event without a kind: `changed_fields` of what comes without its value, the field of a change, or the first member of a messaging item that only
    /// some have; [`OTHER`] where that is no plain name or there are many already.
    pub(crate) fn label(&self, event: &TypedEvent<'_>) -> String {
        let carrier = Carrier::ChangedFields.as_str();
        let without_value = (event.metacarrier == carrier).then_some(carrier);
        let name = without_value.or(event.metafield.as_deref()).map(str::to_owned);
        let name = name.or_else(|| main_member(event.data));
        let Some(name) = name.filter(|name| is_plain(name)) else { return OTHER.to_owned() };
        let mut names = lock(&self.names);
        if names.len() < MOST_NAMES || names.contains(&name) {
            names.insert(name.clone());
            return name;
        }
        OTHER.to_owned()
    }
}

fn main_member(data: &RawValue) -> Option<String> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(data.get()).ok()?;
    members.into_keys().find(|name| !USUAL.contains(&name.as_str()))
}

fn is_plain(name: &str) -> bool {
    name.len() <= LONGEST_NAME
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(names: &UnknownNames, rest: &str) -> String {
        let value = format!(
            r#"{{"id":"0","source":"/meta","type":"com.meta.page.unknown.v1","metaobject":"page",
            "metacarrier":"changes","deliveryid":"0",{rest}}}"#
        );
        names.label(&TypedEvent::read(Some(value.as_bytes())).unwrap())
    }

    #[test]
    fn a_change_is_named_by_its_field_and_an_item_by_its_own_member() {
        let names = UnknownNames::default();
        assert_eq!(label(&names, r#""metafield":"live_videos","data":{"a":1}"#), "live_videos");
        let item = r#""data":{"sender":{"id":"1"},"timestamp":1,"telepathy":{"x":1}}"#;
        assert_eq!(label(&names, item), "telepathy");
        assert_eq!(label(&names, r#""data":{"sender":{"id":"1"}}"#), OTHER);
        assert_eq!(label(&names, r#""data":[1]"#), OTHER);
        assert_eq!(label(&names, r#""data":{"Words of people":1}"#), OTHER);
    }

    #[test]
    fn what_comes_without_its_value_is_named_by_its_carrier() {
        let event = r#"{"id":"0","source":"/meta","type":"com.meta.page.unknown.v1","metaobject":"page",
            "metacarrier":"changed_fields","deliveryid":"0","data":"feed"}"#;
        let label = UnknownNames::default().label(&TypedEvent::read(Some(event.as_bytes())).unwrap());
        assert_eq!(label, "changed_fields");
    }

    #[test]
    fn there_are_no_more_labels_than_the_limit() {
        let names = UnknownNames::default();
        let labels: BTreeSet<String> = (0..1_000)
            .map(|number| label(&names, &format!(r#""metafield":"field_{number}","data":{{}}"#)))
            .collect();
        assert_eq!(labels.len(), MOST_NAMES + 1);
        assert_eq!(label(&names, r#""metafield":"field_3","data":{}"#), "field_3", "a known one stays");
    }
}
