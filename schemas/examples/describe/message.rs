//! A sort of record as an AsyncAPI message: headers, key, and a payload that refers to the committed JSON Schemas.

use crate::content::{Content, topic_of};
use schemas::{KeyRule, Kind, Topic};

/// How AsyncAPI names the dialect of the committed schemas.
const FORMAT: &str = "application/schema+json;version=draft-2020-12";

/// What messages share: headers, and the parts of a payload that no file of `schemas/json` describes.
pub(crate) const SCHEMAS: &str = r"  schemas:
    eventHeaders:
      type: object
      required: [content-type, ce_id, ce_type]
      properties:
        content-type:
          const: application/cloudevents+json; charset=UTF-8
        ce_id:
          type: string
          description: The event's id, as in the value. The same event always has the same.
          pattern: '^[0-9a-f]{32}$'
        ce_type:
          type: string
          description: The event's type, as in the value, so that subscribers can filter without parsing.
        traceparent:
          type: string
          description: The trace that the delivery began, where traces are on.
    inboxHeaders:
      type: object
      required: [content-type, ce_id, weir_event]
      properties:
        content-type:
          const: application/json
        ce_id:
          type: string
          description: The id of the event that it was made of.
          pattern: '^[0-9a-f]{32}$'
        weir_event:
          type: string
          description: The member event of the value, so that subscribers can filter without parsing.
        traceparent:
          type: string
    deliveryHeaders:
      type: object
      required: [ce_specversion, ce_id, ce_type, ce_source, ce_time, content-type, x-hub-signature-256, weir_app]
      properties:
        ce_specversion:
          const: '1.0'
        ce_id:
          type: string
          description: The delivery's id, a UUID of version 7; deliveryid of its events.
          format: uuid
        ce_type:
          const: com.meta.webhook.delivery.v1
        ce_source:
          type: string
          description: /meta/{metaobject}/{account} of the first entry, as far as it can be read.
        ce_time:
          type: string
          description: When it was received.
          format: date-time
        content-type:
          const: application/json
        x-hub-signature-256:
          type: string
          description: As received; the HMAC-SHA256 of the value with the app's secret.
        weir_app:
          type: string
          description: Name of the app secret that matched.
        traceparent:
          type: string
    deadLetterHeaders:
      type: object
      description: The headers of the record as they were, and why it is here.
      required: [weir_dlq_reason, weir_dlq_error, weir_dlq_consumer, weir_dlq_attempts, weir_dlq_first_failed]
      properties:
        weir_dlq_reason:
          type: string
          description: A word of a closed set.
        weir_dlq_error:
          type: string
          description: One line, without people's words.
        weir_dlq_consumer:
          type: string
          description: Which process gave it up.
        weir_dlq_topic:
          type: string
          description: Where it came from; like partition and offset absent where it came by HTTP.
        weir_dlq_partition:
          type: string
        weir_dlq_offset:
          type: string
        weir_dlq_attempts:
          type: string
        weir_dlq_first_failed:
          type: string
          format: date-time
";

/// A message of `components`.
pub(crate) fn message(content: Content) -> String {
    let name = content.name();
    let summary = quoted(&content.about());
    let content_type = content_type(content);
    let headers = headers(content);
    let key = quoted(&key(content).to_string());
    let payload = payload(content);
    format!(
        "    {name}:
      name: {name}
      summary: {summary}
      contentType: {content_type}
{headers}      payload:
        schemaFormat: {FORMAT}
        schema:
{payload}      bindings:
        kafka:
          key:
            type: string
            description: {key}
          bindingVersion: 0.5.0
"
    )
}

const fn content_type(content: Content) -> &'static str {
    match content {
        Content::Event(_) | Content::Enriched(_) => schemas::raw::TYPED_CONTENT_TYPE,
        _ => "application/json",
    }
}

fn headers(content: Content) -> String {
    let schema = match content {
        Content::Delivery => "deliveryHeaders",
        Content::Event(_) | Content::Enriched(_) => "eventHeaders",
        Content::Inbox => "inboxHeaders",
        Content::DeadLetter => "deadLetterHeaders",
        Content::Reply | Content::ReplyResult => return String::new(),
    };
    format!("      headers:\n        $ref: '#/components/schemas/{schema}'\n")
}

fn key(content: Content) -> KeyRule {
    match content {
        Content::Delivery => KeyRule::None,
        Content::Event(kind) | Content::Enriched(kind) => topic_of(kind).spec().key,
        Content::Inbox => Topic::Inbox.spec().key,
        Content::Reply | Content::ReplyResult => Topic::Replies.spec().key,
        Content::DeadLetter => KeyRule::Original,
    }
}

fn payload(content: Content) -> String {
    match content {
        Content::Event(kind) => event(kind, "envelope"),
        Content::Enriched(kind) => event(kind, "enriched"),
        Content::Inbox => "          $ref: './json/inbox.v1.json'\n".to_owned(),
        Content::Delivery => any("The body of the POST, unchanged."),
        Content::DeadLetter => any("The value of the record as it was; possibly no JSON."),
        Content::Reply => object("What to answer, and how."),
        Content::ReplyResult => object("The command, and what the Graph API said."),
    }
}

/// A shape around `data`, with the type and the data of a kind.
fn event(kind: Kind, shape: &str) -> String {
    let kind = kind.as_str();
    let pattern = kind.replace('.', "\\.");
    format!(
        "          allOf:
            - $ref: './json/{shape}.v1.json'
            - type: object
              properties:
                type:
                  pattern: '^com\\.meta\\.[a-z0-9_]+\\.(standby\\.)?{pattern}\\.v1$'
                data:
                  $ref: './json/{kind}.v1.json'
"
    )
}

fn any(description: &str) -> String {
    format!("          description: {}\n", quoted(description))
}

fn object(description: &str) -> String {
    format!("          type: object\n{}", any(description))
}

/// A string as YAML takes it, which is as JSON writes it.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
