//! An answer as a subscriber commands it: a record on the topic of replies, of which results come.

use super::TOPIC_PREFIX;
use crate::records::fact::Fact;
use crate::tool::{Result, ToolError};
use runtime::producer::{Outgoing, Producer, ProducerOptions};
use runtime::settings::KafkaSettings;
use schemas::Topic;
use serde_json::json;

/// Who wrote the first sample, and to whom.
const ACCOUNT: &str = "17841405726653026";
const CUSTOMER: &str = "6837251906428371";
const ID: &str = "demo-answer-1";

/// Commands an answer to the first sample.
pub(super) async fn send(bootstrap: &str) -> Result<()> {
    let text = "Thank you for your message!";
    let command = json!({"id": ID, "account": ACCOUNT, "action": "message", "to": CUSTOMER, "text": text});
    let options = ProducerOptions { client_id: "weir-demo".to_owned(), ..ProducerOptions::default() };
    let producer = Producer::new(&KafkaSettings::plain(bootstrap), &options).map_err(failed)?;
    let mut batch = producer.batch();
    let (topic, key) = (Topic::Replies.name(TOPIC_PREFIX), key());
    let value = command.to_string();
    let record = Outgoing { topic: &topic, key: Some(key.as_bytes()), value: value.as_bytes(), headers: &[] };
    batch.send(record).map_err(failed)?;
    batch.finish().await.map_err(failed)
}

/// The command, and what must become of it.
pub(super) fn facts() -> Vec<Fact> {
    let fact = |topic, what: &str| Fact { topic, key: Some(key()), what: what.to_owned(), id: ID.to_owned() };
    vec![
        fact(Topic::Replies, "message, commanded"),
        fact(Topic::RepliesResults, "message, intended"),
        fact(Topic::RepliesResults, "message, done"),
    ]
}

fn key() -> String {
    format!("{ACCOUNT}:{CUSTOMER}")
}

fn failed(error: impl std::fmt::Display) -> ToolError {
    format!("the answer could not be commanded: {error}").into()
}
