//! The schema of each kind's `data`.

use super::{ANY, generator, not_null, properties, titled};
use crate::data::comment::Comment;
use crate::data::dashboard_test::DashboardTest;
use crate::data::feed::FeedChange;
use crate::data::lead::Lead;
use crate::data::mention::Mention;
use crate::data::messaging::Messaging;
use crate::data::page_mention::PageMention;
use crate::data::rating::Rating;
use crate::data::story_insights::StoryInsights;
use crate::data::template_status::TemplateStatus;
use crate::kind::{Kind, KindSpec, Model};
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::{Value, json};

/// What may stand beside the main member of any messaging item.
const BESIDE: [&str; 6] = ["sender", "recipient", "timestamp", "is_self", "hop_context", "prior_message"];

/// The schema of `data` of events of `kind`.
pub(super) fn of(kind: Kind) -> Schema {
    let KindSpec { members, beside, data, .. } = kind.spec();
    let mut schema = match data {
        Model::Messaging => messaging(members, beside),
        Model::Comment => model::<Comment>(),
        Model::Mention => model::<Mention>(),
        Model::StoryInsights => model::<StoryInsights>(),
        Model::Feed => model::<FeedChange>(),
        Model::PageMention => model::<PageMention>(),
        Model::Rating => model::<Rating>(),
        Model::Lead => model::<Lead>(),
        Model::TemplateStatus => model::<TemplateStatus>(),
        Model::DashboardTest => model::<DashboardTest>(),
        Model::Unknown => json_schema!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": ANY,
        }),
    };
    schema.insert("description".to_owned(), description(kind).into());
    titled(schema, &title(kind))
}

/// What happened, what `data` is, and how far it can be relied on.
fn description(kind: Kind) -> String {
    let KindSpec { name, about, details, .. } = kind.spec();
    let standby = if kind.comes_on_standby() {
        format!(", and of `com.meta.{{metaobject}}.standby.{name}.v1`")
    } else {
        String::new()
    };
    format!("`data` of `com.meta.{{metaobject}}.{name}.v1`{standby}: {about}.\n\n{details}\n\n{META_S_OWN}")
}

/// What holds for `data` of all kinds.
const META_S_OWN: &str = "It is Meta's own, unchanged: the types here are those that Meta is known to send, and it may \
    send others at any time. Take a member of another type for one that is absent.";

fn model<T: JsonSchema>() -> Schema {
    generator().into_root_schema_for::<T>()
}

/// A messaging item with the main member of its kind and what may stand beside that. The main member is always there
/// where only one tells the kind.
fn messaging(main: &[&str], beside: &[&str]) -> Schema {
    let mut schema = model::<Messaging>();
    let named = [main, beside, &BESIDE].concat();
    properties(&mut schema).retain(|name, _| named.contains(&name.as_str()));
    if let [main] = main {
        properties(&mut schema).get_mut(*main).into_iter().for_each(not_null);
        schema.insert("required".to_owned(), [*main].as_slice().into());
    }
    keep_what_is_referred_to(&mut schema);
    schema
}

/// Removes the definitions that nothing refers to, and then those that only these did.
fn keep_what_is_referred_to(schema: &mut Schema) {
    let Some(Value::Object(mut definitions)) = schema.remove("$defs") else { return };
    let mut count = usize::MAX;
    while definitions.len() < count {
        count = definitions.len();
        let text = json!([schema, definitions]).to_string();
        definitions.retain(|name, _| text.contains(&format!("\"#/$defs/{name}\"")));
    }
    if !definitions.is_empty() {
        schema.insert("$defs".to_owned(), definitions.into());
    }
}

/// The kind in the words of a type's name: `MessageEchoData`.
fn title(kind: Kind) -> String {
    let capitalised =
        |word: &str| word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default();
    kind.as_str().split(['.', '_']).map(capitalised).collect::<String>() + "Data"
}
