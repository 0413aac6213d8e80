//! The AsyncAPI document: topics as channels with Kafka bindings, records as messages, what subscribers do as operations.
//!
//! Facts of the format: AsyncAPI 3.1.0 (<https://www.asyncapi.com/docs/reference/specification/v3.1.0>) and its Kafka
//! bindings 0.5.0 (<https://github.com/asyncapi/bindings/tree/master/kafka>).

use crate::content::{Content, PREFIX, kept, order, sentence};
use crate::headers;
use crate::message::{self, quoted};
use schemas::{Topic, TopicSpec};

const HEAD: &str = r"# Generated from the table of topics and the JSON Schemas: cargo run -p weir-schemas --example describe
asyncapi: 3.1.0
id: urn:weir:events:v1
info:
  title: Weir events
  version: 1.0.0
  description: >-
    Meta's webhooks for Instagram and Messenger as Kafka topics. Operations are those of a subscriber. The first part of
    every topic's name, and how many partitions and replicas there are, are settings; shown are the defaults. Schemas are
    open: new members, words and kinds may come at any time. Headers are bytes in Kafka; their values are given as text.
  license:
    name: Apache-2.0
defaultContentType: application/cloudevents+json; charset=UTF-8
servers:
  kafka:
    host: localhost:9092
    protocol: kafka
    description: The Kafka cluster that Weir writes to.
";

/// The whole document.
pub(crate) fn document() -> String {
    let mut text = HEAD.to_owned();
    text.push_str("channels:\n");
    text.extend(Topic::ALL.map(channel));
    text.push_str("operations:\n");
    text.extend(Topic::ALL.map(operation));
    text.push_str("components:\n  messages:\n");
    text.extend(contents().into_iter().map(message::message));
    text.push_str(headers::SCHEMAS);
    text.extend(contents().into_iter().map(headers::of_dead_letter));
    text
}

/// Every sort of record, once.
fn contents() -> Vec<Content> {
    let mut contents = Vec::new();
    for content in Topic::ALL.into_iter().flat_map(Content::of) {
        if !contents.contains(&content) {
            contents.push(content);
        }
    }
    contents
}

fn channel(topic: Topic) -> String {
    let spec = topic.spec();
    let (id, name) = (id(topic), topic.name(PREFIX));
    let description = quoted(&format!("{} Order: {}.", sentence(spec.carries), order(topic)));
    let messages = messages(topic);
    let (partitions, replicas) = (TopicSpec::DEFAULT_PARTITIONS, TopicSpec::DEFAULT_REPLICATION);
    let kept = kept(&spec);
    let [(_, policy), (setting, value)] = spec.cleanup();
    let largest = spec
        .max_message_bytes(TopicSpec::DEFAULT_BODY_BYTES)
        .map_or_else(String::new, |bytes| format!("          max.message.bytes: {bytes}\n"));
    format!(
        "  {id}:
    address: {name}
    title: {name}
    description: {description}
{messages}    bindings:
      kafka:
        topic: {name}
        partitions: {partitions}
        replicas: {replicas}
        topicConfiguration:
          cleanup.policy: [{policy}]
          {setting}: {value} # {kept}
{largest}        bindingVersion: 0.5.0
"
    )
}

fn messages(topic: Topic) -> String {
    let messages: String = Content::of(topic).into_iter().map(reference).collect();
    format!("    messages:\n{messages}")
}

/// A channel's message, which stands among the components.
fn reference(content: Content) -> String {
    let message = content.name();
    format!("      {message}:\n        $ref: '#/components/messages/{message}'\n")
}

/// Subscribers receive everything but commands, which they send.
fn operation(topic: Topic) -> String {
    let action = if topic == Topic::Replies { "send" } else { "receive" };
    let id = id(topic);
    let capital: String = id.chars().take(1).flat_map(char::to_uppercase).chain(id.chars().skip(1)).collect();
    let summary = quoted(&sentence(topic.spec().carries));
    format!(
        "  {action}{capital}:
    action: {action}
    channel:
      $ref: '#/channels/{id}'
    summary: {summary}
"
    )
}

/// `commentsEnriched` for `comments.enriched.v1`.
fn id(topic: Topic) -> String {
    let suffix = topic.spec().suffix;
    let words = suffix.trim_end_matches(".v1").split('.');
    let capital =
        |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect();
    words.enumerate().map(|(index, word)| if index == 0 { word.to_owned() } else { capital(word) }).collect()
}
