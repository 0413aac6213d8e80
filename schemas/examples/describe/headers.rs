//! The headers of records, as AsyncAPI describes them.

use crate::content::Content;
use crate::message::quoted;
use crate::reasons;
use schemas::Topic;

/// The headers of all records but dead letters.
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
        ce_replay:
          type: string
          description: The name of the run that published the event again, of a replay alone.
        weir_dlq_consumer:
          type: string
          description: Which consumer could not handle it, by its name, before it was put back from the dead letters; else absent.
        weir_dlq_attempts:
          type: string
          description: How often that consumer tried it; else absent.
        weir_dlq_first_failed:
          type: string
          description: When a consumer first failed at it, of a record that was put back; else absent.
          format: date-time
        weir_dlq_first_written:
          type: string
          description: When it was first written, of a record that was put back; else absent.
          format: date-time
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
        ce_replay:
          type: string
          description: The name of the run that published the event again, of a replay alone.
        weir_dlq_attempts:
          type: string
          description: How often a consumer tried the event before it was put back from the dead letters; else absent.
    profileHeaders:
      description: A record without a value, which erases a customer, need not have any.
      type: object
      properties:
        content-type:
          const: application/json
        traceparent:
          type: string
    mediaHeaders:
      type: object
      required: [content-type, ce_id, weir_status]
      properties:
        content-type:
          const: application/json
        ce_id:
          type: string
          description: The record's id, as in the value. The same link of the same event always has the same.
          pattern: '^[0-9a-f]{32}$'
        weir_status:
          type: string
          description: The member status of the value, so that subscribers can filter without parsing.
        traceparent:
          type: string
        ce_replay:
          type: string
          description: The name of the run that published the event again, of a replay alone.
        weir_dlq_attempts:
          type: string
          description: How often a consumer tried the event before it was put back from the dead letters; else absent.
    replyHeaders:
      type: object
      description: None is needed. A command that was put back from the dead letters is as old as its headers say.
    resultHeaders:
      type: object
      required: [content-type, weir_command, weir_status]
      properties:
        content-type:
          const: application/json
        weir_command:
          type: string
          description: The command's id, as in the value.
        weir_status:
          type: string
          description: The member status of the value, so that subscribers can filter without parsing.
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
      description: Why a record is a dead letter; beside the headers that the record had.
      required: [weir_dlq_reason, weir_dlq_error, weir_dlq_consumer, weir_dlq_attempts, weir_dlq_first_failed]
      properties:
        weir_dlq_error:
          type: string
          description: One line of at most 300 characters, without people's words.
        weir_dlq_consumer:
          type: string
          description: Which process gave it up, by its name, such as weir-lookups.
        weir_dlq_topic:
          type: string
          description: The topic that it came from. Absent where it came by HTTP.
        weir_dlq_partition:
          type: string
          description: The partition that it came from, in digits. Absent where it came by HTTP.
          pattern: '^[0-9]+$'
        weir_dlq_offset:
          type: string
          description: The offset that it had, in digits. Absent where it came by HTTP.
          pattern: '^[0-9]+$'
        weir_dlq_first_written:
          type: string
          description: When the record was first written, RFC 3339 in UTC with milliseconds. Absent where it came by HTTP.
          format: date-time
        weir_dlq_attempts:
          type: string
          description: How often it was tried, in digits.
          pattern: '^[0-9]+$'
        weir_dlq_first_failed:
          type: string
          description: When it failed for the first time, RFC 3339 in UTC with milliseconds.
          format: date-time
";

/// The name of the schema of a message's headers.
pub(crate) fn name(content: Content) -> String {
    match content {
        Content::Delivery => "deliveryHeaders".to_owned(),
        Content::Event(_) | Content::Enriched(_) => "eventHeaders".to_owned(),
        Content::Inbox(_) => "inboxHeaders".to_owned(),
        Content::Profile => "profileHeaders".to_owned(),
        Content::Media => "mediaHeaders".to_owned(),
        Content::Reply => "replyHeaders".to_owned(),
        Content::ReplyResult => "resultHeaders".to_owned(),
        Content::DeadLetter(_) => format!("{}.headers", content.name()),
    }
}

/// The headers of dead letters on one topic, with the words of its reasons; nothing for other records.
pub(crate) fn of_dead_letter(content: Content) -> String {
    let Content::DeadLetter(topic) = content else { return String::new() };
    let name = name(content);
    let reasons = reasons::of(topic);
    let words: Vec<_> = reasons.iter().map(|(word, _)| *word).collect();
    let words = words.join(", ");
    let about: Vec<_> = reasons.iter().map(|(word, about)| format!("`{word}`: {about}.")).collect();
    let about = quoted(&format!("Why, in a word; more words may come. {}", about.join(" ")));
    // What came by HTTP is laid out as a delivery; what came from a topic has whatever headers it had there.
    let (own, place) = if topic == Topic::IngestDlq {
        ("        - $ref: '#/components/schemas/deliveryHeaders'\n", "weir_dlq_reason")
    } else {
        ("", "weir_dlq_reason, weir_dlq_topic, weir_dlq_partition, weir_dlq_offset")
    };
    format!(
        "    {name}:
      allOf:
{own}        - $ref: '#/components/schemas/deadLetterHeaders'
        - type: object
          required: [{place}]
          properties:
            weir_dlq_reason:
              description: {about}
              anyOf:
                - type: string
                  enum: [{words}]
                - type: string
"
    )
}
