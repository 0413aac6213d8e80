//! A sort of record as an AsyncAPI message: headers, key, and a payload that refers to the committed JSON Schemas.

use crate::content::{Content, topic_of};
use crate::headers;
use schemas::{KeyRule, Kind, Topic};

/// How AsyncAPI names the dialect of the committed schemas.
const FORMAT: &str = "application/schema+json;version=draft-2020-12";

/// A message of `components`.
pub(crate) fn message(content: Content) -> String {
    let name = content.name();
    let summary = quoted(&content.about());
    let content_type = content_type(content);
    let headers = headers::name(content);
    let key = key(content);
    let payload = payload(content);
    format!(
        "    {name}:
      name: {name}
      summary: {summary}
      contentType: {content_type}
      headers:
        $ref: '#/components/schemas/{headers}'
      payload:
        schemaFormat: {FORMAT}
        schema:
{payload}      bindings:
        kafka:
          key:
{key}          bindingVersion: 0.5.0
"
    )
}

/// That of a dead letter is the record's own; shown is that of the records that the consumer reads.
const fn content_type(content: Content) -> &'static str {
    match content {
        Content::Delivery
        | Content::DeadLetter(Topic::IngestDlq)
        | Content::Inbox(_)
        | Content::Profile
        | Content::Media
        | Content::Reply
        | Content::ReplyResult => schemas::raw::CONTENT_TYPE,
        Content::Event(_) | Content::Enriched(_) | Content::DeadLetter(_) => schemas::raw::TYPED_CONTENT_TYPE,
    }
}

fn key(content: Content) -> String {
    let rule = match content {
        Content::Delivery | Content::DeadLetter(Topic::IngestDlq) => KeyRule::None,
        Content::Event(kind) => kind.topic().spec().key,
        Content::Enriched(kind) => topic_of(kind).spec().key,
        Content::Inbox(topic) => topic.spec().key,
        Content::Profile => Topic::Profiles.spec().key,
        Content::Media => Topic::Media.spec().key,
        Content::Reply | Content::ReplyResult => Topic::Replies.spec().key,
        Content::DeadLetter(_) => KeyRule::Original,
    };
    let (types, description) = match rule {
        KeyRule::None => ("'null'", "None.".to_owned()),
        KeyRule::Original => ("[string, 'null']", "That of the record as it was.".to_owned()),
        KeyRule::Account => ("[string, 'null']", "`{account}`; none without an account.".to_owned()),
        rule => (
            "[string, 'null']",
            format!("`{rule}`; `{{account}}` without the latter, none without an account."),
        ),
    };
    format!("            type: {types}\n            description: {}\n", quoted(&description))
}

fn payload(content: Content) -> String {
    match content {
        Content::Event(kind) => event("envelope", &kind.to_string(), kind.kind),
        Content::Enriched(kind) => event("enriched", kind.as_str(), kind),
        Content::Inbox(_) => "          $ref: './json/inbox.v1.json'\n".to_owned(),
        Content::Delivery => any("The body of the POST, unchanged."),
        Content::DeadLetter(Topic::IngestDlq) => any("The body of the POST, unchanged; possibly no JSON."),
        Content::DeadLetter(_) => any("The value of the record as it was; possibly no JSON."),
        Content::Profile => "          $ref: './json/profile.v1.json'\n".to_owned(),
        Content::Media => "          $ref: './json/media.v1.json'\n".to_owned(),
        Content::Reply => "          $ref: './json/reply.v1.json'\n".to_owned(),
        Content::ReplyResult => "          $ref: './json/reply.result.v1.json'\n".to_owned(),
    }
}

/// A shape around `data`, with the type, by its name, and the data of a kind.
fn event(shape: &str, name: &str, kind: Kind) -> String {
    let kind = kind.as_str();
    let pattern = name.replace('.', "\\.");
    format!(
        "          allOf:
            - $ref: './json/{shape}.v1.json'
            - type: object
              properties:
                type:
                  type: string
                  pattern: '^com\\.meta\\.[a-z0-9_]+\\.{pattern}\\.v1$'
                data:
                  $ref: './json/{kind}.v1.json'
"
    )
}

fn any(description: &str) -> String {
    format!("          description: {}\n", quoted(description))
}

/// A string as YAML takes it, which is as JSON writes it.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
